/** The numbers of `tests/golden/objectives.py` (PyTorch, float64) in the shapes that the algorithms take. */
import golden from "../../golden/objectives.json" with { type: "json" };
import type { Aggregation } from "../../../pipelines/algorithms/aggregation.ts";
import type { Response } from "../../../pipelines/algorithms/mod.ts";

export { golden };

/** What the golden file holds of an algorithm. */
export type GoldenAlgorithm = Omit<(typeof golden.algorithms)["ppo"], "values"> | (typeof golden.algorithms)["psr"];

/** PyTorch's numbers for the algorithm of this name; undefined for one that the golden file does not know. */
export const goldenOf = (name: string): GoldenAlgorithm | undefined =>
  Object.entries(golden.algorithms).find(([known]) => known === name)?.[1];

/** Lists of some sequences, end to end. */
export const packed = (lists: ReadonlyArray<ArrayLike<number>>): Float32Array =>
  Float32Array.from(lists.flatMap((list) => Array.from(list)));

/** One of the two aggregations, which JSON cannot promise. */
export const aggregationOf = (name: string): Aggregation => name === "sequence-mean" ? name : "token-mean";

/** The golden sequences with the given weights, as `advantage` sees them. */
export const responses = (weights: ReadonlyArray<number>): ReadonlyArray<Response> =>
  golden.sequences.map((sequence, i) => ({
    problemId: sequence.problemId,
    reward: sequence.reward,
    weight: weights[i],
    responseTokens: sequence.logProbs,
    oldLogProbs: Float32Array.from(sequence.oldLogProbs),
    referenceLogProbs: Float32Array.from(sequence.referenceLogProbs),
    values: Float32Array.from(sequence.values),
  }));

/** The largest |a - b| / (1 + |b|); infinite where lengths differ. */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length !== b.length
    ? Infinity
    : Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]) / (1 + Math.abs(b[i]))), 0);
