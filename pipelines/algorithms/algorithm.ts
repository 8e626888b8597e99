/**
 * An algorithm as data: which responses it keeps and with which weight, how it computes the advantage of each token, and which models that
 * needs. The per-token loss is the same for all (`objective.ts`).
 */
import type { Sign } from "../records/schema.ts";

/** The fields of a rollout that an advantage may depend on; lists are [T], one entry per response token. */
export interface Response {
  readonly problemId: string;
  readonly reward: number;
  readonly weight: number;
  readonly responseTokens: { readonly length: number };
  readonly oldLogProbs?: Float32Array;
  readonly referenceLogProbs?: Float32Array;
  readonly values?: Float32Array;
}

/** The advantages of one response, [T], and the targets of the critic if the algorithm has one. */
export interface Credit {
  readonly advantages: Float32Array;
  readonly returns?: Float32Array;
}

/** A field of Response that only some advantages need. */
export type AdvantageNeed = "oldLogProbs" | "referenceLogProbs" | "values";

/**
 * How rewards become advantages. `scope` is the input of one call: a single `response`, or a `batch`, which is a whole rollout batch.
 * `credit` requires all fields of `needs` and returns one Credit per response, in order.
 */
export interface Advantage {
  readonly scope: "response" | "batch";
  readonly needs: ReadonlyArray<AdvantageNeed>;
  readonly credit: (batch: ReadonlyArray<Response>, settings: { readonly klCoef: number }) => ReadonlyArray<Credit>;
}

/** The sign of a reward: positive if it is above 0, else negative. */
export const signOf = (reward: number): Sign => reward > 0 ? "positive" : "negative";

/** A learning algorithm. A `weight` of 0 drops the responses of that sign; `klInLoss` adds GRPO's KL term to the loss. */
export interface Algorithm {
  readonly name: string;
  readonly summary: string;
  readonly weight: (sign: Sign, settings: { readonly lambda: number }) => number;
  readonly advantage: Advantage;
  readonly klInLoss: boolean;
  readonly needsReference: boolean;
  readonly needsCritic: boolean;
}
