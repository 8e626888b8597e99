/**
 * What a step does to single tokens, in the kernels' gradient and after the optimizer (Section 4.2): how far a sampled token moves against how
 * sure the model is of it, and how what it gives or takes falls to the other tokens against their prior probability. In the gradient of the
 * logits both are exact (Eqs. 7, 8); after a step all tokens share one set of weights, so there they are measured.
 */
import { Effect } from "effect";
import type { DeviceError } from "../../kernels/device_error.ts";
import { softmax } from "../../data/paper/token_gradient.ts";
import { logitGradients } from "../models/logit_gradients.ts";
import type { Model } from "../models/model.ts";
import type { LossSettings, Trained } from "../stages/gradient.ts";
import { scaledDeviation, type TokenGradient, tokenGradients } from "../token_gradients.ts";
import { correlation, type Insight, meanOf, rankCorrelation } from "./insight.ts";

/** One token before and after a step; correlations are over the tokens that were not sampled. */
export interface MovedToken {
  readonly problemId: string;
  readonly probability: number;
  readonly deviation: number;
  /** How far the gradient moves the sampled logit, in units of |A| w π / (π_old T): 1 - π. */
  readonly update: number;
  /** What the step did to its log-prob. */
  readonly logProbChange: number;
  /** With the prior probability: where the gradient moves the logits, the step's changes of log-probs and of probabilities. */
  readonly gradientByPrior: number | undefined;
  readonly logProbByPrior: number | undefined;
  readonly probabilityByPrior: number | undefined;
}

/** Float64 numbers of distributions that are held at a time. */
const heldNumbers = 1 << 22;

/** Every token of `batch`, under `model` and under `stepped`, the model after a step. */
export const movedTokens = Effect.fn("Insights.movedTokens")(function* (
  model: Model,
  stepped: Model,
  batch: ReadonlyArray<Trained>,
  settings: LossSettings,
): Effect.fn.Return<ReadonlyArray<MovedToken>, DeviceError> {
  const moved: MovedToken[] = [];
  const temperature = settings.temperature === 0 ? 1 : settings.temperature;
  for (let start = 0; start < batch.length;) {
    let end = start;
    for (let held = 0; end < batch.length && (end === start || held < heldNumbers); end++) {
      held += batch[end].responseTokens.length * model.config.vocabSize;
    }
    // A part of the mini-batch has other denominators, but only ratios are used below.
    const part = batch.slice(start, end);
    const before: TokenGradient[] = [];
    yield* tokenGradients(
      model,
      part,
      settings,
      1,
      (_, length) => Array.from({ length }, (_, position) => position),
      (one) => {
        before.push(one);
      },
    );
    const chosen = before.map(({ response, position }) => ({ sequence: response, position, seeds: [] }));
    let next = 0;
    yield* logitGradients(stepped, part, chosen, temperature, (_, { logits }) => {
      const one = before[next++];
      moved.push(movement(part[one.response].problemId, one, softmax(logits, temperature)));
    });
    start = end;
  }
  return moved;
});

const movement = (problemId: string, one: TokenGradient, after: Float64Array): MovedToken => {
  const { token, probabilities, kernel, factor } = one;
  const others = (list: Float64Array) => list.filter((_, v) => v !== token);
  const prior = others(probabilities);
  const change = after.map((p, v) => p - probabilities[v]);
  const logChange = after.map((p, v) => Math.log(p / probabilities[v]));
  // A probability that float64 cannot hold has no logarithm.
  const finite = others(logChange).map((x) => Number.isFinite(x) ? x : 0);
  return {
    problemId,
    probability: probabilities[token],
    deviation: scaledDeviation(one),
    update: factor === 0 ? 0 : Math.abs(kernel[token]) / (factor * probabilities[token]),
    logProbChange: logChange[token],
    gradientByPrior: correlation(others(kernel), prior),
    logProbByPrior: correlation(finite, prior),
    probabilityByPrior: correlation(others(change), prior),
  };
};

const bins = [
  { low: 0, high: 0.5, name: "below 0.5" },
  { low: 0.5, high: 0.9, name: "0.5 to 0.9" },
  { low: 0.9, high: 0.99, name: "0.9 to 0.99" },
  { low: 0.99, high: Infinity, name: "0.99 and more" },
] as const;

/** A token whose model is surer than this has almost nothing to give to others. */
const sure = 0.99;

/** The rows about some tokens of one sign. */
export const movementRows = (
  algorithm: string,
  equation: string,
  tokens: ReadonlyArray<MovedToken>,
  draws: number,
): ReadonlyArray<Insight> => {
  if (tokens.length === 0) return [];
  const row = (
    insight: string,
    quantity: string,
    numbers: Pick<Insight, "value" | "low" | "high" | "count">,
  ): Insight => ({
    section: "4.2",
    insight,
    algorithm,
    quantity,
    ...numbers,
    of: "tokens",
  });
  const mean = (
    insight: string,
    quantity: string,
    some: ReadonlyArray<MovedToken>,
    of: (one: MovedToken) => number | undefined,
  ) => {
    const numbers = some.flatMap((one) => {
      const value = of(one);
      return value === undefined ? [] : [{ problemId: one.problemId, value }];
    });
    return numbers.length === 0 ? [] : [row(insight, quantity, meanOf(numbers, draws))];
  };
  const binned = bins.map(({ low, high, name }) => ({
    name,
    members: tokens.filter(({ probability }) => probability >= low && probability < high),
  }));
  const stay = "sure tokens are left alone";
  const prior = "other tokens move by their prior";
  const open = tokens.filter(({ probability }) => probability < sure);
  const ranked = rankCorrelation(tokens.map((one) => one.probability), tokens.map((one) => one.update));
  return [
    row("the kernels' gradient is the paper's", `largest deviation from ${equation}`, {
      value: tokens.reduce((most, { deviation }) => Math.max(most, deviation), 0),
      count: tokens.length,
    }),
    ...binned.flatMap(({ name, members }) =>
      mean(stay, `update at probability ${name}`, members, ({ update }) => update)
    ),
    ...ranked === undefined
      ? []
      : [row(stay, "rank correlation with probability", { value: ranked, count: tokens.length })],
    ...binned.flatMap(({ name, members }) =>
      mean(stay, `log-prob change at probability ${name}`, members, ({ logProbChange }) => logProbChange)
    ),
    ...mean(prior, "correlation of the logit gradient", open, ({ gradientByPrior }) => gradientByPrior),
    ...mean(prior, "correlation of the step's log-prob change", open, ({ logProbByPrior }) => logProbByPrior),
    ...mean(
      prior,
      "correlation of the step's probability change",
      open,
      ({ probabilityByPrior }) => probabilityByPrior,
    ),
  ];
};
