/**
 * The Pass@k spectrum: the probability that at least one of k responses is right, estimated without bias from n responses of which c are
 * right (Eq. 5), 1 - C(n - c, k) / C(n, k). The quotient is symmetric in c and k: the product of (n - max(c, k) - i) / (n - i) over i <
 * min(c, k), which neither overflows nor cancels. The mean over problems is correctly rounded if all problems have the same n: the sum is
 * computed in integers over C(n, k). Its interval is the middle 95 % of the bootstrap over problems, with a fixed key and problems sorted
 * by name, so neither depends on the order of the records.
 */
import { Effect, Stream, Struct } from "effect";
import * as Elementary from "../../data/elementary/mod.ts";
import { ks as publishedKs } from "../../data/paper/published.ts";
import { middle95, redrawnMeans } from "../../data/statistics.ts";
import * as Records from "../records/schema.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { unique } from "./duplicates.ts";
import { duplicates, reporting } from "../settings/groups.ts";

/** A problem's responses: `n` in total, `c` of them correct. */
export interface Tally {
  readonly problemId: string;
  readonly n: number;
  readonly c: number;
}

/** A k that exceeds some problem's number of responses. */
export interface TooFewResponses {
  readonly k: number;
  readonly problem: Tally;
}

/** The unbiased estimate of Pass@k for one problem, 1 <= k <= n; 0 exactly when no response is right. */
export const estimate = (n: number, c: number, k: number): number => {
  if (n - c < k) return 1;
  let allWrong = 1;
  for (let i = 0; i < Math.min(c, k); i++) allWrong *= (n - Math.max(c, k) - i) / (n - i);
  return 1 - allWrong;
};

/** Counts responses by problem, sorted by the problems' names. */
export const tally = (
  verdicts: Iterable<Pick<Records.Verdict, "problemId" | "correct">>,
): ReadonlyArray<Tally> => {
  const counts = new Map<string, { n: number; c: number }>();
  for (const { problemId, correct } of verdicts) {
    const count = counts.get(problemId) ?? { n: 0, c: 0 };
    counts.set(problemId, { n: count.n + 1, c: count.c + (correct ? 1 : 0) });
  }
  return Array.from(counts, ([problemId, count]) => ({ problemId, ...count }))
    .sort((a, b) => a.problemId < b.problemId ? -1 : 1);
};

/** The first k, and the first problem, with fewer than k responses. */
export const tooFew = (tallies: ReadonlyArray<Tally>, ks: ReadonlyArray<number>): TooFewResponses | undefined => {
  for (const k of ks) {
    const problem = tallies.find(({ n }) => n < k);
    if (problem !== undefined) return { k, problem };
  }
  return undefined;
};

/** The k to measure: the requested ones, else the paper's that every problem has enough responses for. */
export const chosenKs = (
  asked: ReadonlyArray<number> | undefined,
  tallies: ReadonlyArray<Tally>,
): ReadonlyArray<number> => asked ?? publishedKs.filter((k) => tallies.every(({ n }) => k <= n));

/** A sentence about the problem that limits the default k, if others have more responses. */
export const limitOf = (tallies: ReadonlyArray<Tally>): string | undefined => {
  const poorest = tallies.reduce((least, one) => one.n < least.n ? one : least);
  const richest = tallies.reduce((most, { n }) => Math.max(most, n), 0);
  if (chosenKs(undefined, tallies).length === chosenKs(undefined, [{ ...poorest, n: richest }]).length) {
    return undefined;
  }
  return `k goes up to ${poorest.n}: problem "${poorest.problemId}" has ${poorest.n} responses, others up to ${richest}`;
};

/** The estimates of each k: one number a problem. */
export const estimatesOf = (tallies: ReadonlyArray<Tally>, ks: ReadonlyArray<number>): ReadonlyArray<Float64Array> =>
  ks.map((k) => Float64Array.from(tallies, ({ n, c }) => estimate(n, c, k)));

/** Pass@k with its 95 % interval for each k, from at least one problem with `n` >= k; with 0 draws the interval is the value. */
export const passAtK = (
  tallies: ReadonlyArray<Tally>,
  ks: ReadonlyArray<number>,
  draws: number,
): ReadonlyArray<Records.PassAtK> => {
  const redrawn = redrawnMeans("pass-at-k", estimatesOf(tallies, ks), draws);
  return ks.map((k, j) => {
    const mean = meanOf(tallies, k);
    return { k, passAtK: mean, ...middle95(redrawn[j], mean), problems: tallies.length };
  });
};

/** The mean of Pass@k over problems: one fraction per n, summed in the order of n. */
const meanOf = (tallies: ReadonlyArray<Tally>, k: number): number => {
  const groups = [...Map.groupBy(tallies, ({ n }) => n)].sort(([a], [b]) => a - b);
  const sums = groups.map(([n, members]) => {
    const right = new Map<number, bigint>();
    for (const { c } of members) right.set(c, (right.get(c) ?? 0n) + 1n);
    // C(m, k) for m = n, n - 1, … times the number of problems with m wrong responses.
    const all = choose(n, k);
    let [wrong, ways] = [0n, all];
    for (let m = n; m >= k; m--) {
      wrong += ways * (right.get(n - m) ?? 0n);
      ways = ways * BigInt(m - k) / BigInt(m);
    }
    const share = groups.length === 1 ? BigInt(members.length) : 1n;
    return quotient(BigInt(members.length) * all - wrong, all * share);
  });
  return groups.length === 1 ? sums[0] : sums.reduce((sum, x) => sum + x, 0) / tallies.length;
};

const choose = (n: number, k: number): bigint => {
  let ways = 1n;
  for (let i = 1; i <= k; i++) ways = ways * BigInt(n - k + i) / BigInt(i);
  return ways;
};

/** The float64 nearest to a / b, 0 <= a, 0 < b. */
const quotient = (a: bigint, b: bigint): number => {
  const shift = Math.max(0, b.toString(2).length - a.toString(2).length + 66);
  const scaled = a << BigInt(shift);
  // The remainder only breaks a tie, so one bit represents it.
  const whole = scaled / b << 1n | (scaled % b === 0n ? 0n : 1n);
  return Number(whole) / Elementary.pow(2, shift + 1);
};

/** All verdicts to one PassAtK for each k; too few responses or empty input is an error. */
export const passAtKStage = makeStage({
  name: "pass-at-k",
  summary: "Estimates Pass@k over problems, with bootstrap intervals",
  settings: { ...Struct.pick(reporting, ["k", "bootstrap"]), ...duplicates },
  input: Records.Verdict,
  needs: ["problemId", "correct"],
  output: Records.PassAtK,
  run: (input, { k, bootstrap, allowDuplicates }) =>
    Stream.fromArrayEffect(Effect.gen(function* () {
      const fail = (message: string) => new Stage.StageError({ stage: "pass-at-k", message });
      const once = unique("pass-at-k", allowDuplicates, input);
      const facts = Stream.map(once, ({ problemId, correct }) => ({ problemId, correct }));
      const tallies = tally(yield* Stream.runCollect(facts));
      if (tallies.length === 0) return yield* fail("Cannot estimate Pass@k: there are no verdicts");
      const limit = k === undefined ? limitOf(tallies) : undefined;
      if (limit !== undefined) yield* (yield* StandardStreams).report(limit);
      const ks = chosenKs(k, tallies);
      const few = tooFew(tallies, ks);
      if (few !== undefined) {
        const { problemId, n } = few.problem;
        return yield* fail(`Cannot estimate Pass@${few.k}: problem "${problemId}" has ${n} responses`);
      }
      return passAtK(tallies, ks, bootstrap);
    })),
});
