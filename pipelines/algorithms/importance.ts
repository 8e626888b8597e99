/**
 * What it means that another program drew the responses. With l the policy's log-prob of a token (`oldLogProbs`) and s the sampler's
 * (`logProbs`), the token was drawn with probability exp(s), and training takes it for exp(l). Truncated importance sampling (TIS) multiplies
 * the token's policy term by
 *   w = min(exp(l - s), cap),
 * a constant of the gradient: F. Yao et al., "Your efficient RL framework secretly brings you off-policy RL training", 2025, with the ratio of
 * the step's own policy (l, not the log-prob after earlier mini-batches) as in verl's decoupled `rollout_is: token`, whose threshold is 2 by
 * default. Each policy term of this project is homogeneous in the advantage for factors that are not negative (`objective.ts`, `loss_forms.ts`),
 * so the weight stands in the advantages; entropy bonus, KL term and a critic's targets are as they were.
 */
import * as Elementary from "../../data/elementary/mod.ts";

/** A response's log-probs by sampler and policy, [T] each. */
export interface TwoLogProbs {
  readonly logProbs: Float32Array;
  readonly oldLogProbs: Float32Array;
}

/** The importance weight of each token, [T], at most `cap`. */
export const importanceWeights = ({ logProbs, oldLogProbs }: TwoLogProbs, cap: number): Float64Array =>
  Float64Array.from(logProbs, (logProb, t) => Math.min(Elementary.exp(oldLogProbs[t] - logProb), cap));

/** The records with each advantage times its token's weight. */
export const importanceWeighted = <A extends TwoLogProbs & { readonly advantages: Float32Array }>(
  batch: ReadonlyArray<A>,
  cap: number,
): ReadonlyArray<A> =>
  batch.map((record) => {
    const weights = importanceWeights(record, cap);
    return { ...record, advantages: record.advantages.map((advantage, t) => advantage * weights[t]) };
  });

/** How far a sampler is from the policy, over all tokens of a batch; with d = l - s of each token: */
export interface Mismatch {
  /** mean |d|, nats. */
  readonly meanDifference: number;
  /** max |d|, nats. */
  readonly maxDifference: number;
  /** mean exp(d) - d - 1, nats: the estimate of KL(sampler, policy) that is never negative (k3). */
  readonly kl: number;
  /** Share of tokens with |d| > ln 2: one probability is more than twice the other. */
  readonly beyondTwo: number;
  /** Share of tokens whose importance weight is the cap; absent without weights. */
  readonly cappedRatio?: number;
}

/** The mismatch of a batch of responses; `cap` 0 means that there are no weights. */
export const mismatchOf = (batch: ReadonlyArray<TwoLogProbs>, cap: number): Mismatch => {
  let [tokens, sum, max, kl, beyond, capped] = [0, 0, 0, 0, 0, 0];
  for (const { logProbs, oldLogProbs } of batch) {
    for (let t = 0; t < logProbs.length; t++) {
      const d = oldLogProbs[t] - logProbs[t];
      tokens++;
      sum += Math.abs(d);
      max = Math.max(max, Math.abs(d));
      kl += Elementary.expm1(d) - d;
      if (Math.abs(d) > Math.LN2) beyond++;
      if (Elementary.exp(d) > cap) capped++;
    }
  }
  const mean = (total: number) => tokens === 0 ? 0 : total / tokens;
  return {
    meanDifference: mean(sum),
    maxDifference: max,
    kl: mean(kl),
    beyondTwo: mean(beyond),
    ...(cap > 0 && { cappedRatio: mean(capped) }),
  };
};
