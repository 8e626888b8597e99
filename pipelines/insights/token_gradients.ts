/**
 * Each response token of a mini-batch beside Eqs. 7 and 8: the distribution that it was drawn from, and the logit updates by the kernels'
 * gradient and by the paper's formulas. The three terms of the loss (policy, entropy bonus, GRPO's KL) go through the backward kernel
 * separately, since the equations cover only the first. Where an algorithm has a loss form of its own, the token's factor is not that of the
 * clipped ratio: it is |d| / (π_y T), d the form's derivative by the log-prob, and the sign of -d selects the equation. The comparison then tests the
 * kernels alone, not the form.
 */
import { Effect } from "effect";
import * as Elementary from "../../data/elementary/mod.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { softmax, trainingFactor, trainingGradient } from "../../data/paper/token_gradient.ts";
import { denominatorsOf, tokenFactor } from "../algorithms/aggregation.ts";
import type { MiniBatch } from "../algorithms/mini_batches.ts";
import { isKlInLoss, lossFormOf } from "../algorithms/mod.ts";
import { type PolicyLoss, policyLoss } from "../algorithms/objective.ts";
import { type ChosenToken, logitGradients } from "../learning/logit_gradients.ts";
import type { TrainedSequence } from "../learning/gradient.ts";
import { type LossSettings, lossTerms } from "../learning/optimizer_step.ts";
import type { Model } from "../models/model.ts";
import { score, type Scores } from "../learning/score.ts";

/** One response token; vectors are [V], and each of the four is the descent direction of the logits, `-∂L/∂z`. */
export interface TokenGradient {
  /** The index of its response in the mini-batch, and its position in the response. */
  readonly response: number;
  readonly position: number;
  readonly token: number;
  readonly advantage: number;
  readonly probabilities: Float64Array;
  readonly entropy: number;
  readonly oldProbability: number;
  /** Whether the policy's term is clipped to a gradient of 0. */
  readonly clipped: boolean;
  /** The factor of Eq. (7) or (8), 0 if clipped. */
  readonly factor: number;
  readonly paper: Float64Array;
  readonly kernel: Float64Array;
  readonly entropyTerm: Float64Array;
  readonly klTerm: Float64Array | undefined;
}

/** The chosen positions of a response, ascending, and the function to call for each. */
export interface Visit {
  readonly choose: (response: number, length: number) => ReadonlyArray<number>;
  readonly each: (token: TokenGradient) => void;
}

/** The loss of each response under given log-probs and entropies, weighted as in its mini-batch. */
export const responseLosses = (
  { sequences, share }: MiniBatch<TrainedSequence>,
  { logProbs, entropy }: Scores,
  settings: LossSettings,
): ReadonlyArray<PolicyLoss> => {
  const denominators = denominatorsOf(sequences.map(({ responseTokens }) => responseTokens.length));
  return sequences.map(({ responseTokens, oldLogProbs, advantages, referenceLogProbs }, i) => {
    const tokens = { logProbs: logProbs[i], entropy: entropy[i], oldLogProbs, advantages };
    const reference = isKlInLoss(settings) && referenceLogProbs !== undefined ? { referenceLogProbs } : {};
    const whole = { ...settings, ...lossTerms(settings), share, denominators };
    return policyLoss({ ...tokens, ...reference, sequences: [responseTokens.length] }, whole);
  });
};

/** Calls `each` for every chosen token of a mini-batch, in order. */
export const tokenGradients = Effect.fn("Model.tokenGradients")(function* (
  model: Model,
  miniBatch: MiniBatch<TrainedSequence>,
  settings: LossSettings,
  { choose, each }: Visit,
): Effect.fn.Return<void, DeviceError> {
  const { sequences: batch, share } = miniBatch;
  const temperature = logitTemperature(settings.temperature);
  const lengths = batch.map(({ responseTokens }) => responseTokens.length);
  const aggregated = { ...settings, ...lossTerms(settings), share, denominators: denominatorsOf(lengths) };
  const scores = yield* score(model, batch, temperature);
  const wholes = responseLosses(miniBatch, scores, settings);
  const alones = responseLosses(miniBatch, scores, { ...settings, klInLoss: false, entropyCoef: 0 });
  const hasForm = lossFormOf(settings.algorithm) !== undefined;
  const hasKl = isKlInLoss(settings) && batch.some(({ referenceLogProbs }) => referenceLogProbs !== undefined);
  const chosen = batch.flatMap((_, sequence) => {
    const { dLogProbs: alone } = alones[sequence];
    const whole = wholes[sequence];
    return choose(sequence, lengths[sequence]).map((position): ChosenToken => ({
      sequence,
      position,
      seeds: [
        { dLogProb: alone[position], dEntropy: 0 },
        { dLogProb: 0, dEntropy: whole.dEntropy[position] },
        ...(hasKl ? [{ dLogProb: whole.dLogProbs[position] - alone[position], dEntropy: 0 }] : []),
      ],
    }));
  });
  yield* logitGradients(model, batch, chosen, temperature, ({ sequence, position }, { logits, gradients }) => {
    const record = batch[sequence];
    const token = record.responseTokens[position];
    const advantage = record.advantages[position];
    const oldProbability = Elementary.exp(record.oldLogProbs[position]);
    const derivative = alones[sequence].dLogProbs[position];
    const clipped = advantage !== 0 && derivative === 0;
    const weight = tokenFactor(lengths[sequence], aggregated);
    const probabilities = softmax(logits, temperature);
    const direction = hasForm ? -derivative : advantage;
    const factor = clipped
      ? 0
      : hasForm
      ? Math.abs(derivative) / (probabilities[token] * temperature)
      : trainingFactor({ advantage, oldProbability, weight, temperature });
    const [kernel, entropyTerm, klTerm] = gradients.map((gradient) => Float64Array.from(gradient, (x) => -x));
    each({
      response: sequence,
      position,
      token,
      advantage,
      probabilities,
      entropy: scores.entropy[sequence][position],
      oldProbability,
      clipped,
      factor,
      paper: trainingGradient(probabilities, token, direction, factor),
      kernel,
      entropyTerm,
      klTerm,
    });
  });
});

/** The largest difference between the kernels' gradient and the paper's, relative to the largest number of the latter; 0 if both are zero. */
export const deviation = ({ paper, kernel }: Pick<TokenGradient, "paper" | "kernel">): number => {
  const distance = kernel.reduce((most, x, v) => Math.max(most, Math.abs(x - paper[v])), 0);
  return distance === 0 ? 0 : distance / largest(paper);
};

/**
 * The same difference relative to factor π_y, the scale at which float32 rounds. For a token of probability near 1, few digits of 1 - π_y
 * remain, and so of its small update.
 */
export const scaledDeviation = ({ paper, kernel, factor, probabilities, token }: TokenGradient): number => {
  const scale = factor * probabilities[token];
  return scale === 0 ? deviation({ paper, kernel }) : deviation({ paper, kernel }) * largest(paper) / scale;
};

/** The largest absolute value of a list. */
export const largest = (list: Float64Array): number => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
