/**
 * Each response token of a mini-batch beside Eqs. 7 and 8: the distribution it was drawn from, where the kernels' own gradient moves the logits
 * there, and where the paper's formulas say it moves them. The three terms of the loss (policy, entropy bonus, GRPO's KL) go through
 * the backward kernel apart, since the equations speak of the first alone.
 */
import { Effect } from "effect";
import * as Elementary from "../../data/elementary/mod.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { softmax, trainingFactor, trainingGradient } from "../../data/paper/token_gradient.ts";
import { denominatorsOf, tokenFactor } from "../algorithms/aggregation.ts";
import { algorithms } from "../algorithms/mod.ts";
import { policyLoss } from "../algorithms/objective.ts";
import { type ChosenToken, logitGradients } from "../learning/logit_gradients.ts";
import type { Model } from "../models/model.ts";
import { score } from "../learning/score.ts";
import type { LossSettings, Trained } from "../stages/gradient.ts";
import { effective } from "../stages/record_temperature.ts";

/** One response token; vectors are [V], and each of the four is where descent moves the logits, `-∂L/∂z`. */
export interface TokenGradient {
  /** The place of its response in the mini-batch, and its own in the response. */
  readonly response: number;
  readonly position: number;
  readonly token: number;
  readonly advantage: number;
  readonly probabilities: Float64Array;
  readonly entropy: number;
  readonly oldProbability: number;
  /** Whether clipping took the policy's term away. */
  readonly clipped: boolean;
  /** What Eq. (7) or (8) is multiplied with, 0 where it is clipped. */
  readonly factor: number;
  readonly paper: Float64Array;
  readonly kernel: Float64Array;
  readonly entropyTerm: Float64Array;
  readonly klTerm: Float64Array | undefined;
}

/** Whether the loss has the KL term: as `--kl-in-loss` says, else as the algorithm does. */
export const isKlInLoss = ({ algorithm, klInLoss }: Pick<LossSettings, "algorithm" | "klInLoss">): boolean =>
  klInLoss ?? algorithms[algorithm].klInLoss;

/** The positions of a response that are looked at, ascending. */
export type Choice = (response: number, length: number) => ReadonlyArray<number>;

/** Calls `each` for every chosen token of `batch`, one mini-batch, in order. */
export const tokenGradients = Effect.fn("Model.tokenGradients")(function* (
  model: Model,
  batch: ReadonlyArray<Trained>,
  settings: LossSettings,
  share: number,
  choose: Choice,
  each: (token: TokenGradient) => void,
): Effect.fn.Return<void, DeviceError> {
  const temperature = effective(settings.temperature);
  const lengths = batch.map(({ responseTokens }) => responseTokens.length);
  const aggregated = { ...settings, share, denominators: denominatorsOf(lengths) };
  const { logProbs, entropy } = yield* score(model, batch, temperature);
  const losses = batch.map((record, i) => {
    const { oldLogProbs, advantages } = record;
    const tokens = { logProbs: logProbs[i], entropy: entropy[i], oldLogProbs, advantages, sequences: [lengths[i]] };
    const referenceLogProbs = isKlInLoss(settings) ? record.referenceLogProbs : undefined;
    return {
      alone: policyLoss(tokens, { ...aggregated, entropyCoef: 0 }).dLogProbs,
      whole: policyLoss({ ...tokens, ...(referenceLogProbs && { referenceLogProbs }) }, aggregated),
      hasKl: referenceLogProbs !== undefined,
    };
  });
  const hasKl = losses.some((loss) => loss.hasKl);
  const chosen = batch.flatMap((_, sequence) => {
    const { alone, whole } = losses[sequence];
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
    const clipped = advantage !== 0 && losses[sequence].alone[position] === 0;
    const weight = tokenFactor(lengths[sequence], aggregated);
    const factor = clipped ? 0 : trainingFactor({ advantage, oldProbability, weight, temperature });
    const probabilities = softmax(logits, temperature);
    const [kernel, entropyTerm, klTerm] = gradients.map((gradient) => Float64Array.from(gradient, (x) => -x));
    each({
      response: sequence,
      position,
      token,
      advantage,
      probabilities,
      entropy: entropy[sequence][position],
      oldProbability,
      clipped,
      factor,
      paper: trainingGradient(probabilities, token, advantage, factor),
      kernel,
      entropyTerm,
      klTerm,
    });
  });
});

/** How far the kernels' gradient is from the paper's, relative to the largest of the latter; 0 where both are nothing. */
export const deviation = ({ paper, kernel }: Pick<TokenGradient, "paper" | "kernel">): number => {
  const distance = kernel.reduce((most, x, v) => Math.max(most, Math.abs(x - paper[v])), 0);
  return distance === 0 ? 0 : distance / largest(paper);
};

/**
 * The same relative to factor π_y, the scale at which float32 rounds: a token that the model is sure of keeps few digits of 1 - π_y, and so of
 * its small update.
 */
export const scaledDeviation = ({ paper, kernel, factor, probabilities, token }: TokenGradient): number => {
  const scale = factor * probabilities[token];
  return scale === 0 ? deviation({ paper, kernel }) : deviation({ paper, kernel }) * largest(paper) / scale;
};

/** The largest absolute value of a list. */
export const largest = (list: Float64Array): number => list.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
