/**
 * The policy loss. Each token has a term by the algorithm's loss form (`LossForm`), an entropy bonus and a KL term. By the usual form, the clipped
 * ratio, with r = exp(logProb - oldLogProb) and advantage A, each response token costs
 *   max(-A r, -A clip(r, 1 - e, 1 + h)) - entropyCoef * entropy + klCoef * clamp(exp(d) - d - 1, -10, 10),
 * e = clipRatio, h = clipRatioHigh, or e without it (DAPO's clip-higher, arXiv 2503.14476, Section 3.1), d = referenceLogProb - logProb. The
 * last term is GRPO's low-variance KL; it requires `referenceLogProbs`. A dual clip is not in it (`loss_forms.ts`). The derivatives, with w the token's factor
 * under the aggregation:
 *   by logProb: -A r w, or 0 if the clipped branch is the greater, plus klCoef w (1 - exp(d)), or 0 beyond the clamp;
 *   by entropy: -entropyCoef w.
 * On-policy (r = 1) the first is exactly -A w. All sums are float64 over tokens in order. The denominators are those of the whole
 * mini-batch, so results add up over its parts and over its two signs.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import type { Sign } from "../records/schema.ts";
import { type Aggregated, tokenFactor } from "./aggregation.ts";

const KL_CLAMP = 10;

/** Packed response tokens of several sequences, [N] each; `sequences` are their lengths, which sum to N. */
export interface PolicyTokens {
  readonly logProbs: ArrayLike<number>;
  readonly entropy: ArrayLike<number>;
  readonly oldLogProbs: ArrayLike<number>;
  readonly referenceLogProbs?: ArrayLike<number>;
  readonly advantages: ArrayLike<number>;
  /** The log-probs where a loss form stops the gradient, if not `logProbs`: finite differences hold them still. */
  readonly heldLogProbs?: ArrayLike<number>;
  readonly sequences: ReadonlyArray<number>;
  /** The sign of each sequence; required for the sums `positive` and `negative`. */
  readonly signs?: ReadonlyArray<Sign>;
}

/** The coefficients of the loss, and the aggregation of its tokens. */
export interface PolicyLossSettings extends Aggregated {
  readonly clipRatio: number;
  /** How far the ratio may rise above 1; `clipRatio` without it. */
  readonly clipRatioHigh?: number | undefined;
  readonly entropyCoef: number;
  readonly klCoef: number;
  /** The algorithm's loss form; the clipped ratio without it. */
  readonly form?: LossForm | undefined;
}

/** What a loss form reads of one sequence of T tokens, [T] each. `heldLogRatios` are `logRatios` without a derivative (a stopped gradient). */
export interface FormTokens {
  readonly logProbs: Float64Array;
  /** logProb - oldLogProb. */
  readonly logRatios: Float64Array;
  readonly heldLogRatios: Float64Array;
  readonly advantages: Float64Array;
}

/** The loss of each token of a sequence, the derivative of their sum by each log-prob, [T], and the number of clipped tokens. */
export interface FormTerms {
  readonly losses: Float64Array;
  readonly derivatives: Float64Array;
  readonly clipped: number;
}

/** How ratios and advantages of a sequence become losses, before entropy bonus, KL term and aggregation. */
export type LossForm = (tokens: FormTokens, settings: Omit<PolicyLossSettings, "form">) => FormTerms;

/** Sums over tokens: the loss, and the numerators of the metrics. */
export interface PolicySums {
  readonly loss: number;
  readonly tokens: number;
  /** Number of tokens whose clipped branch is the greater. */
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

/** The clipped ratio: -A r, or -A clip(r, 1 - e, 1 + h) where that is greater. */
export const clippedRatio: LossForm = ({ logRatios, advantages }, { clipRatio, clipRatioHigh = clipRatio }) => {
  const losses = new Float64Array(logRatios.length);
  const derivatives = new Float64Array(logRatios.length);
  let clipped = 0;
  for (let t = 0; t < logRatios.length; t++) {
    const ratio = Elementary.exp(logRatios[t]);
    const plainLoss = -advantages[t] * ratio;
    const clippedLoss = -advantages[t] * Math.min(Math.max(ratio, 1 - clipRatio), 1 + clipRatioHigh);
    const isClipped = clippedLoss > plainLoss;
    losses[t] = isClipped ? clippedLoss : plainLoss;
    derivatives[t] = isClipped ? 0 : plainLoss;
    if (isClipped) clipped++;
  }
  return { losses, derivatives, clipped };
};

/** What a loss form reads of the sequence at `start`. */
const formTokens = (
  { logProbs, oldLogProbs, heldLogProbs = logProbs, advantages }: PolicyTokens,
  start: number,
  length: number,
): FormTokens => {
  const list = (at: (t: number) => number) => {
    const values = new Float64Array(length);
    for (let t = 0; t < length; t++) values[t] = at(start + t);
    return values;
  };
  const logRatios = list((t) => logProbs[t] - oldLogProbs[t]);
  return {
    logProbs: list((t) => logProbs[t]),
    logRatios,
    heldLogRatios: heldLogProbs === logProbs ? logRatios : list((t) => heldLogProbs[t] - oldLogProbs[t]),
    advantages: list((t) => advantages[t]),
  };
};

/** The sums of one sequence; writes its derivatives into the two lists. */
const sequenceLoss = (
  tokens: PolicyTokens,
  start: number,
  length: number,
  settings: PolicyLossSettings,
  dLogProbs: Float32Array,
  dEntropy: Float32Array,
): PolicySums => {
  const { logProbs, entropy, oldLogProbs, referenceLogProbs } = tokens;
  const { entropyCoef, klCoef, form = clippedRatio } = settings;
  const factor = tokenFactor(length, settings);
  const { losses, derivatives, clipped } = form(formTokens(tokens, start, length), settings);
  let loss = 0;
  let kl = 0;
  let entropySum = 0;
  for (let t = start; t < start + length; t++) {
    loss += losses[t - start] - entropyCoef * entropy[t];
    let derivative = derivatives[t - start];
    if (referenceLogProbs !== undefined) {
      const d = referenceLogProbs[t] - logProbs[t];
      const divergence = Elementary.expm1(d) - d;
      loss += klCoef * Math.min(divergence, KL_CLAMP);
      if (divergence <= KL_CLAMP) derivative -= klCoef * Elementary.expm1(d);
    }
    dLogProbs[t] = derivative * factor;
    dEntropy[t] = -entropyCoef * factor;
    kl += oldLogProbs[t] - logProbs[t];
    entropySum += entropy[t];
  }
  return { loss: length === 0 ? 0 : loss * factor, tokens: length, clipped, kl, entropy: entropySum };
};
