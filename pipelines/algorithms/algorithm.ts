/**
 * What an algorithm is: which responses it keeps and how strongly (`weight`), what advantage each of their tokens gets,
 * and what it needs for that. The per-token loss is the same for all (`objective.ts`), so an algorithm is data and one
 * file is enough for a new one.
 */
import type { Sign } from "../records/schema.ts";

/** The part of a rollout that an advantage may depend on; lists are [T] over the response tokens. */
export interface Response {
  readonly problemId: string;
  readonly reward: number;
  readonly weight: number;
  readonly responseTokens: { readonly length: number };
  readonly oldLogProbs?: Float32Array;
  readonly referenceLogProbs?: Float32Array;
  readonly values?: Float32Array;
}

/** What a response gets: one advantage a token, and the critic's targets where there is a critic. */
export interface Credit {
  readonly advantages: Float32Array;
  readonly returns?: Float32Array;
}

/** A field of Response that not every advantage needs. */
export type AdvantageNeed = "oldLogProbs" | "referenceLogProbs" | "values";

/**
 * How rewards become advantages. `scope` says what one call must see: a `response` stands alone, a `batch` is a whole
 * rollout batch. `credit` takes responses with all fields of `needs` and gives one Credit each, in order.
 */
export interface Advantage {
  readonly scope: "response" | "batch";
  readonly needs: ReadonlyArray<AdvantageNeed>;
  readonly credit: (batch: ReadonlyArray<Response>, settings: { readonly klCoef: number }) => ReadonlyArray<Credit>;
}

/** The sign of a reward: positive above 0, else negative. */
export const signOf = (reward: number): Sign => reward > 0 ? "positive" : "negative";

/** A learning algorithm; `weight` 0 drops a sign, `klInLoss` adds GRPO's KL term to the loss. */
export interface Algorithm {
  readonly name: string;
  readonly summary: string;
  readonly weight: (sign: Sign, settings: { readonly lambda: number }) => number;
  readonly advantage: Advantage;
  readonly klInLoss: boolean;
  readonly needsReference: boolean;
  readonly needsCritic: boolean;
}
