/** The first and last values of training: accuracy and entropy on the test split, correct and fully solved ratio of the batches. */
import { Result } from "effect";
import { mean } from "../../../data/statistics.ts";
import { tableReport } from "../report.ts";
import { DynamicsRow } from "../../records/rows.ts";
import { labelOf, seriesOf } from "../series.ts";
import { type Cell, columnsUnder, empty, numberCell, percentCell, type Table, textCell } from "./table.ts";

type Measured = "testAccuracy" | "testEntropy" | "correctRatio" | "fullySolvedRatio";

/** The number of last steps over which the ratios of single batches are averaged. */
const window = 10;

const valuesOf = (rows: ReadonlyArray<DynamicsRow>, field: Measured): ReadonlyArray<number> =>
  rows.flatMap((row) => row[field] ?? []);

const ends = (values: ReadonlyArray<number>, cell: (value: number) => Cell): ReadonlyArray<Cell> =>
  values.length === 0 ? [empty, empty] : [cell(values[0]), cell(values[values.length - 1])];

const entropyCell = (nats: number): Cell => ({ text: nats.toFixed(3), value: nats });

const firstAndLast = (rows: ReadonlyArray<DynamicsRow>): Table => ({
  title: "Training dynamics, first and last",
  notes: [
    "Accuracy and entropy (nats a token): greedy responses to the task's own test problems, at the first and the last tested step. " +
    `Correct and fully solved: mean of the last ${window} training batches.`,
  ],
  columns: columnsUnder("Method", [
    "steps",
    "accuracy %, first",
    "accuracy %, last",
    "entropy, first",
    "entropy, last",
    "correct %",
    "fully solved %",
  ]),
  blocks: [{
    rows: seriesOf(rows).map(({ label, name }) => {
      const own = rows.filter((row) => labelOf(row) === label).sort((a, b) => a.step - b.step);
      const late = (field: Measured) => {
        const values = valuesOf(own, field).slice(-window);
        return values.length === 0 ? empty : percentCell(mean(values));
      };
      return [
        textCell(name),
        numberCell(own[own.length - 1].step),
        ...ends(valuesOf(own, "testAccuracy"), (share) => percentCell(share)),
        ...ends(valuesOf(own, "testEntropy"), entropyCell),
        late("correctRatio"),
        late("fullySolvedRatio"),
      ];
    }),
  }],
});

/** First and last values of the training dynamics of every algorithm. */
export const dynamicsTable = tableReport({
  name: "dynamics",
  summary: "Measures a batch of rollouts: share of correct responses and of fully solved prompts, entropy, length",
  row: DynamicsRow,
  needs: ["step"],
  build: (rows) => rows.length === 0 ? Result.fail("there are no rows") : Result.succeed([firstAndLast(rows)]),
});
