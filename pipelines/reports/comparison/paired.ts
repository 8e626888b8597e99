/**
 * Pass@k of several models over the same problems. The bootstrap is paired: each draw takes problems with replacement and gives all models the same
 * ones, so that an interval of a difference is that of the difference, which is narrower than two intervals beside each other suggest.
 */
import { middle95, redrawnMeans } from "../../../data/statistics.ts";
import { estimatesOf, passAtK, type Tally } from "../../stages/pass_at_k.ts";

/** A number in [-1, 1] with the middle 95 % of its draws. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** One k: Pass@k of each model, and how far each is above each other. */
export interface PairedPassAtK {
  readonly k: number;
  /** What a table calls it. */
  readonly name: string;
  readonly models: ReadonlyArray<Interval>;
  /** Model `a` minus model `b`. */
  readonly difference: (a: number, b: number) => Interval;
  /** The model that is clearly above every other one; undefined where none is. */
  readonly best: number | undefined;
}

/** Fewer problems than these make no interval that says which model is better. */
export const fewestProblems = 10;

/** Whether an interval is all on one side of zero, over enough problems. */
export const isClear = ({ low, high }: Interval, problems: number): boolean =>
  problems >= fewestProblems && (low > 0 || high < 0);

/** Pass@k at each k; `models` have the same problems in the same order, at least one, each with `n` >= k. `draws` of 0 make no intervals. */
export const pairedPassAtK = (
  models: ReadonlyArray<ReadonlyArray<Tally>>,
  ks: ReadonlyArray<number>,
  draws: number,
): ReadonlyArray<PairedPassAtK> => {
  const redrawn = redrawnMeans("compare", models.flatMap((tallies) => estimatesOf(tallies, ks)), draws);
  const means = models.map((_, m) => redrawn.slice(m * ks.length, (m + 1) * ks.length));
  const values = models.map((tallies) => passAtK(tallies, ks, 0).map((row) => row.passAtK));
  const problems = models[0].length;
  return ks.map((k, j): PairedPassAtK => {
    const difference = (a: number, b: number): Interval => {
      const value = values[a][j] - values[b][j];
      return { value, ...middle95(means[a][j].map((mean, draw) => mean - means[b][j][draw]), value) };
    };
    const all = models.map((_, m) => m);
    const top = all.reduce((best, m) => values[m][j] > values[best][j] ? m : best, 0);
    const others = all.filter((m) => m !== top).map((m) => difference(top, m));
    const isBest = draws > 0 && others.every((one) => one.value > 0 && isClear(one, problems));
    return {
      k,
      name: `Pass@${k}`,
      models: all.map((m) => ({ value: values[m][j], ...middle95(means[m][j], values[m][j]) })),
      difference,
      best: isBest ? top : undefined,
    };
  });
};

/** Greedy accuracy of each model: Pass@1 of one greedy response to each problem. */
export const pairedGreedy = (models: ReadonlyArray<ReadonlyArray<Tally>>, draws: number): PairedPassAtK => ({
  ...pairedPassAtK(models, [1], draws)[0],
  name: "greedy",
});
