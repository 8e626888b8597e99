/** A comparison as tables: Pass@k, paired differences, problems won and lost, and the problems that differ most. */
import { percentText } from "../figures/shares.ts";
import type { Tally } from "../../stages/pass_at_k.ts";
import {
  type Cell,
  clearBestNote,
  columnsUnder,
  inPercent,
  percentCell,
  type Table,
  textCell,
} from "../tables/table.ts";
import { fewestProblems, type Interval, isClear, type PairedPassAtK } from "./paired.ts";

/** What is compared: names, and of each the same problems in the same order. */
export interface Comparison {
  readonly labels: ReadonlyArray<string>;
  readonly models: ReadonlyArray<ReadonlyArray<Tally>>;
}

const problemsText = (count: number): string => `${count} ${count === 1 ? "problem" : "problems"}`;

/** Pass@k of each; the best is marked where it is clearly above every other. */
const passTable = ({ labels, models }: Comparison, paired: ReadonlyArray<PairedPassAtK>): Table => ({
  title: `Pass@k in percent, over ${problemsText(models[0].length)} that all have`,
  notes: ["Below each number: the 95 % bootstrap interval over problems.", clearBestNote],
  columns: columnsUnder("Model", paired.map(({ name }) => name)),
  blocks: [{
    rows: labels.map((label, m) => [
      textCell(label),
      ...paired.map(({ models, best }): Cell => {
        const { value, low, high } = models[m];
        return { ...percentCell(value, low, high), ...(best === m && { mark: "best" as const }) };
      }),
    ]),
  }],
});

const signed = (share: number): string => {
  const points = percentText(share);
  return Number(points) === 0 ? "0.0" : share > 0 ? `+${points}` : points.replace("-", "−");
};

const differenceCell = (one: Interval, problems: number): Cell => {
  return {
    text: signed(one.value),
    value: inPercent(one.value),
    low: inPercent(one.low),
    high: inPercent(one.high),
    interval: `${signed(one.low)} to ${signed(one.high)}`,
    ...(isClear(one, problems) && { mark: "best" as const }),
  };
};

/** Every later one beside every earlier one, or beside the first alone where they are many. */
const pairsOf = (count: number): ReadonlyArray<readonly [number, number]> =>
  Array.from({ length: count }, (_, a) => Array.from({ length: a }, (_, b) => [a, b] as const)).flat()
    .filter(([, b]) => count <= 4 || b === 0);

const differenceTable = ({ labels, models }: Comparison, paired: ReadonlyArray<PairedPassAtK>): Table => {
  const problems = models[0].length;
  return {
    title: "Paired differences in points, over the same problems",
    notes: [
      "Below each number: its 95 % interval, from a bootstrap that gives both sides the same problems. One that holds zero shows no difference.",
      ...(problems < fewestProblems ? [`${problemsText(problems)}: too few to say which is better.`] : []),
    ],
    columns: columnsUnder("Difference", paired.map(({ name }) => name)),
    blocks: [{
      rows: pairsOf(labels.length).map(([a, b]) => [
        textCell(`${labels[a]} − ${labels[b]}`),
        ...paired.map(({ difference }) => differenceCell(difference(a, b), problems)),
      ]),
    }],
  };
};

const countCell = (count: number): Cell => ({ text: String(count), value: count });

const shareOf = ({ n, c }: Tally): number => c / n;

/** How many problems each has more often right than another, and how many it alone has right at all. */
const wonTable = ({ labels, models }: Comparison): Table => ({
  title: "Problems won and lost",
  notes: ["Won: right in a larger share of responses. Alone: at least one right response where the other has none."],
  columns: columnsUnder("Pair", ["won", "lost", "as often", "first alone", "second alone"]),
  blocks: [{
    rows: pairsOf(labels.length).map(([a, b]) => {
      const count = (is: (one: Tally, other: Tally) => boolean) =>
        countCell(models[a].filter((one, i) => is(one, models[b][i])).length);
      return [
        textCell(`${labels[a]} against ${labels[b]}`),
        count((one, other) => shareOf(one) > shareOf(other)),
        count((one, other) => shareOf(one) < shareOf(other)),
        count((one, other) => shareOf(one) === shareOf(other)),
        count((one, other) => one.c > 0 && other.c === 0),
        count((one, other) => one.c === 0 && other.c > 0),
      ];
    }),
  }],
});

/** Problems that are listed. */
const mostListed = 8;

const differMost = ({ labels, models }: Comparison): Table => {
  const spread = (i: number) => {
    const shares = models.map((tallies) => shareOf(tallies[i]));
    return Math.max(...shares) - Math.min(...shares);
  };
  const places = models[0].map((_, i) => i).filter((i) => spread(i) > 0).sort((a, b) => spread(b) - spread(a) || a - b);
  return {
    title: "Problems that differ most",
    notes: places.length === 0
      ? ["Every problem is right as often in all."]
      : ["Right responses of all. --problem NAME shows the responses to one."],
    columns: columnsUnder("Problem", labels),
    blocks: [{
      rows: places.slice(0, mostListed).map((i) => [
        textCell(models[0][i].problemId),
        ...models.map((tallies) => textCell(`${tallies[i].c} of ${tallies[i].n}`)),
      ]),
    }],
  };
};

/** All of them. */
export const comparisonTables = (
  comparison: Comparison,
  paired: ReadonlyArray<PairedPassAtK>,
): ReadonlyArray<Table> => [
  passTable(comparison, paired),
  differenceTable(comparison, paired),
  wonTable(comparison),
  differMost(comparison),
];
