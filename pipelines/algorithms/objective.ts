/**
 * The policy loss of every algorithm. Each response token costs its policy term (`loss_forms.ts`; by default PPO's clipped surrogate), less
 * the entropy bonus, plus GRPO's KL term:
 *   term - entropyCoef * entropy + klCoef * clamp(exp(d) - d - 1, -10, 10),   d = referenceLogProb - logProb.
 * The KL term requires `referenceLogProbs`. With A the advantage, r = exp(logProb - oldLogProb) and `clipRatioHigh` the upper clip range
 * (DAPO's clip-higher, arXiv 2503.14476, Section 3.1), the default term is max(-A r, -A clip(r, 1 - clipRatio, 1 + clipRatioHigh)). There
 * is no dual clip unless `dualClip` is given. The derivatives, with w the token's factor under the aggregation:
 *   by logProb: the term's, -A r w or 0 if the clipped branch is the greater, plus klCoef w (1 - exp(d)), or 0 beyond the clamp;
 *   by entropy: -entropyCoef w.
 * On-policy (r = 1) the first is exactly -A w in every form. All sums are float64 over tokens in order. The denominators are those of the
 * whole mini-batch, so results add up over its parts and over its two signs.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import type { Sign } from "../records/schema.ts";
import { type Aggregated, tokenFactor } from "./aggregation.ts";
import { type ClipSettings, type LossFormName, lossForms } from "./loss_forms.ts";

const KL_CLAMP = 10;

/** Packed response tokens of several sequences, [N] each; `sequences` are their lengths, which sum to N. */
export interface PolicyTokens {
  readonly logProbs: ArrayLike<number>;
  readonly entropy: ArrayLike<number>;
  readonly oldLogProbs: ArrayLike<number>;
  readonly referenceLogProbs?: ArrayLike<number>;
  readonly advantages: ArrayLike<number>;
  readonly sequences: ReadonlyArray<number>;
  /** The sign of each sequence; required for the sums `positive` and `negative`. */
  readonly signs?: ReadonlyArray<Sign>;
}

/** The form of the loss, its bounds and coefficients, and the aggregation of its tokens. */
export interface PolicyLossSettings extends Aggregated, ClipSettings {
  /** The form of the policy term; `clip` without it. */
  readonly lossForm?: LossFormName | undefined;
  readonly entropyCoef: number;
  readonly klCoef: number;
}

/** Sums over tokens: the loss, and the numerators of the metrics. */
export interface PolicySums {
  readonly loss: number;
  readonly tokens: number;
  /** Number of tokens whose term a bound of the ratio decided. */
  readonly clipped: number;
  /** Sum of oldLogProb - logProb. */
  readonly kl: number;
  readonly entropy: number;
}

/** The loss of several sequences, the sums of each sign, and the derivatives by each token, [N]. */
export interface PolicyLoss extends PolicySums {
  readonly dLogProbs: Float32Array;
  readonly dEntropy: Float32Array;
  readonly positive: PolicySums;
  readonly negative: PolicySums;
}

/** Means over tokens; approxKl is the mean of oldLogProb - logProb (k1, as verl's `ppo_kl`). */
export interface PolicyMetrics {
  readonly loss: number;
  readonly clipFraction: number;
  readonly approxKl: number;
  readonly meanEntropy: number;
  readonly tokens: number;
}

/** The sums over no tokens. */
export const noSums: PolicySums = { loss: 0, tokens: 0, clipped: 0, kl: 0, entropy: 0 };

/** Adds the sums of two parts. */
export const addSums = (a: PolicySums, b: PolicySums): PolicySums => ({
  loss: a.loss + b.loss,
  tokens: a.tokens + b.tokens,
  clipped: a.clipped + b.clipped,
  kl: a.kl + b.kl,
  entropy: a.entropy + b.entropy,
});

/** The metrics of a mini-batch or of one of its signs; all means are 0 if there are no tokens. */
export const metricsOf = ({ loss, tokens, clipped, kl, entropy }: PolicySums): PolicyMetrics => {
  const mean = (sum: number) => tokens === 0 ? 0 : sum / tokens;
  return { loss, clipFraction: mean(clipped), approxKl: mean(kl), meanEntropy: mean(entropy), tokens };
};

/** The policy loss of several sequences of a mini-batch, with its derivatives by `logProbs` and `entropy`. */
export const policyLoss = (tokens: PolicyTokens, settings: PolicyLossSettings): PolicyLoss => {
  const dLogProbs = new Float32Array(tokens.logProbs.length);
  const dEntropy = new Float32Array(tokens.logProbs.length);
  let total = noSums;
  let positive = noSums;
  let negative = noSums;
  let start = 0;
  tokens.sequences.forEach((length, sequence) => {
    const sums = sequenceLoss(tokens, start, length, settings, dLogProbs, dEntropy);
    total = addSums(total, sums);
    if (tokens.signs?.[sequence] === "positive") positive = addSums(positive, sums);
    if (tokens.signs?.[sequence] === "negative") negative = addSums(negative, sums);
    start += length;
  });
  return { ...total, dLogProbs, dEntropy, positive, negative };
};

/** The geometric mean of a sequence's probability ratios. */
const ratioOf = (
  logProbs: ArrayLike<number>,
  oldLogProbs: ArrayLike<number>,
  start: number,
  length: number,
): number => {
  let sum = 0;
  for (let t = start; t < start + length; t++) sum += logProbs[t] - oldLogProbs[t];
  return Elementary.exp(sum / length);
};

/** The sums of one sequence; writes its derivatives into the two lists. */
const sequenceLoss = (
  { logProbs, entropy, oldLogProbs, referenceLogProbs, advantages }: PolicyTokens,
  start: number,
  length: number,
  settings: PolicyLossSettings,
  dLogProbs: Float32Array,
  dEntropy: Float32Array,
): PolicySums => {
  const { lossForm = "clip", entropyCoef, klCoef } = settings;
  const form = lossForms[lossForm];
  const sequenceRatio = form.ratio === "sequence" ? ratioOf(logProbs, oldLogProbs, start, length) : undefined;
  const factor = tokenFactor(length, settings);
  let loss = 0;
  let clipped = 0;
  let kl = 0;
  let entropySum = 0;
  for (let t = start; t < start + length; t++) {
    const advantage = advantages[t];
    const logProb = logProbs[t];
    const ratio = sequenceRatio ?? Elementary.exp(logProb - oldLogProbs[t]);
    const term = form.term({ logProb, ratio, advantage }, settings);
    loss += term.loss - entropyCoef * entropy[t];
    let { derivative } = term;
    if (referenceLogProbs !== undefined) {
      const d = referenceLogProbs[t] - logProbs[t];
      const divergence = Elementary.expm1(d) - d;
      loss += klCoef * Math.min(divergence, KL_CLAMP);
      if (divergence <= KL_CLAMP) derivative -= klCoef * Elementary.expm1(d);
    }
    dLogProbs[t] = derivative * factor;
    dEntropy[t] = -entropyCoef * factor;
    if (term.clipped) clipped++;
    kl += oldLogProbs[t] - logProbs[t];
    entropySum += entropy[t];
  }
  return { loss: length === 0 ? 0 : loss * factor, tokens: length, clipped, kl, entropy: entropySum };
};
