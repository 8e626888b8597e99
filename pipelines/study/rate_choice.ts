/**
 * Learning rates that a rule chooses by the results of other cells (`RateChoice`), on problems that no claim asks of. The rule is a function of
 * counts, so a study's records show every candidate's score and the choice again (`chosen.ndjson`).
 */
import { mean } from "../../data/statistics.ts";
import type { RateChoice, Recipe } from "../recipes/mod.ts";
import { type ChosenRow, type CountRow, roundedDigits } from "../records/study_rows.ts";
import { estimates } from "./evidence.ts";

/** The number of right responses of a cell by problem. */
type Counted = Pick<CountRow, "cell" | "evaluation" | "n" | "correct">;

/** The candidates of a choice with their scores; undefined until every cell of every candidate is counted. */
export const scoredRates = (
  name: string,
  { evaluation, k, candidates }: RateChoice,
  counts: ReadonlyArray<Counted>,
): ReadonlyArray<ChosenRow> | undefined => {
  const scored = candidates.map(({ learningRate, cells }) => {
    const own = counts.filter((row) => row.evaluation === evaluation && row.n >= k && cells.includes(row.cell));
    const passAt = (of: number) => mean(own.map((row) => mean(estimates(row, of))));
    const [passAt1, passAtK] = [passAt(1), passAt(k)];
    return { complete: own.length === cells.length, learningRate, cells: own.length, passAt1, passAtK };
  });
  if (!scored.every(({ complete }) => complete)) return undefined;
  // Twelve digits: equal shares of problems stay equal, whatever their sums were rounded to.
  const scores = scored.map(({ passAt1, passAtK }) => Number(((passAt1 + passAtK) / 2).toPrecision(12)));
  const best = scores.indexOf(Math.max(...scores));
  return scored.map(({ learningRate, cells, passAt1, passAtK }, i) => ({
    choice: name,
    evaluation,
    k,
    learningRate,
    cells,
    passAt1: roundedDigits(passAt1),
    passAtK: roundedDigits(passAtK),
    score: roundedDigits(scores[i]),
    chosen: i === best,
  }));
};

/** Every choice of a recipe that its counts decide. */
export const chosenRates = ({ choices = {} }: Pick<Recipe, "choices">, counts: ReadonlyArray<Counted>) =>
  Object.entries(choices).flatMap(([name, choice]) => scoredRates(name, choice, counts) ?? []);
