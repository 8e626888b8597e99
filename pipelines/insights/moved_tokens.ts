/**
 * The effect of a step on single tokens, in the kernels' gradient and after the optimizer (Section 4.2): how far a sampled token moves as a
 * function of its probability, and how its change is shared by the other tokens as a function of their prior probability. In the gradient
 * of the logits both are exact (Eqs. 7, 8). After a step all tokens share one set of weights, so there they are measured.
 */
import { Effect } from "effect";
import * as Elementary from "../../data/elementary/mod.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { softmax } from "../../data/paper/token_gradient.ts";
import { logitGradients } from "../learning/logit_gradients.ts";
import type { TrainedSequence } from "../learning/gradient.ts";
import { type LossSettings, whole } from "../learning/optimizer_step.ts";
import type { Model } from "../models/model.ts";
import { scaledDeviation, type TokenGradient, tokenGradients } from "./token_gradients.ts";
import { correlation, type Insight, meanOf, rankCorrelation } from "./insight.ts";

/** One token before and after a step; correlations are over the tokens that were not sampled. */
export interface MovedToken {
  readonly problemId: string;
  readonly probability: number;
  readonly deviation: number;
  /** The size of the gradient by the sampled logit, in units of |A| w π / (π_old T): 1 - π. */
  readonly update: number;
  /** The change of its log-prob by the step. */
  readonly logProbChange: number;
  /** Correlations with the prior probability: of the gradient by the logits, of the step's changes of log-probs and of probabilities. */
  readonly gradientByPrior: number | undefined;
  readonly logProbByPrior: number | undefined;
  readonly probabilityByPrior: number | undefined;
}

/** The most numbers of distributions to hold at a time. */
const mostHeld = 1 << 22;

/** Measures every chosen token of `batch` under `model` and under `stepped`, the model after a step; `held` does not change the result. */
export const movedTokens = Effect.fn("Insights.movedTokens")(function* (
  model: Model,
  stepped: Model,
  batch: ReadonlyArray<TrainedSequence>,
  settings: LossSettings,
  positions?: ReadonlyArray<number>,
  held = mostHeld,
): Effect.fn.Return<ReadonlyArray<MovedToken>, DeviceError> {
  const temperature = logitTemperature(settings.temperature);
  const asked = positions && new Set(positions);
  const places = batch.flatMap(({ responseTokens }, response) =>
    Array.from(responseTokens, (_, position) => ({ response, position }))
      .filter(({ position }) => asked === undefined || asked.has(position))
  );
  const window = Math.max(1, Math.floor(held / model.config.vocabSize));
  const moved: MovedToken[] = [];
  for (let start = 0; start < places.length; start += window) {
    const some = places.slice(start, start + window);
    // A part of the mini-batch has other denominators; only ratios are used below.
    const first = some[0].response;
    const part = batch.slice(first, some[some.length - 1].response + 1);
    const wanted = Map.groupBy(some, ({ response }) => response - first);
    const before: Before[] = [];
    yield* tokenGradients(model, whole(part), settings, {
      choose: (response) => wanted.get(response)?.map(({ position }) => position) ?? [],
      each: (one) => {
        before.push(beforeOf(part[one.response].problemId, one));
      },
    });
    const chosen = some.map(({ response, position }) => ({ sequence: response - first, position, seeds: [] }));
    let next = 0;
    yield* logitGradients(stepped, part, chosen, temperature, (_, { logits }) => {
      moved.push(movement(before[next++], softmax(logits, temperature)));
    });
  }
  return moved;
});

/** The measurements of a token before the step, with its distribution. */
interface Before extends Pick<MovedToken, "problemId" | "probability" | "deviation" | "update" | "gradientByPrior"> {
  readonly token: number;
  readonly probabilities: Float64Array;
}

const without = (list: Float64Array, token: number): Float64Array => list.filter((_, v) => v !== token);

const beforeOf = (problemId: string, one: TokenGradient): Before => {
  const { token, probabilities, kernel, factor } = one;
  return {
    problemId,
    token,
    probabilities,
    probability: probabilities[token],
    deviation: scaledDeviation(one),
    update: factor === 0 ? 0 : Math.abs(kernel[token]) / (factor * probabilities[token]),
    gradientByPrior: correlation(without(kernel, token), without(probabilities, token)),
  };
};

const movement = ({ token, probabilities, ...before }: Before, after: Float64Array): MovedToken => {
  const prior = without(probabilities, token);
  const posterior = without(after, token);
  // A probability that is 0 in float64 has no logarithm.
  const logChange = (p: number, q: number) => p > 0 && q > 0 ? Elementary.log(q / p) : 0;
  return {
    ...before,
    logProbChange: logChange(probabilities[token], after[token]),
    logProbByPrior: correlation(posterior.map((q, v) => logChange(prior[v], q)), prior),
    probabilityByPrior: correlation(posterior.map((q, v) => q - prior[v]), prior),
  };
};

const bins = [
  { low: 0, high: 0.5, name: "below 0.5" },
  { low: 0.5, high: 0.9, name: "0.5 to 0.9" },
  { low: 0.9, high: 0.99, name: "0.9 to 0.99" },
  { low: 0.99, high: Infinity, name: "0.99 and more" },
] as const;

/** A token whose probability is above this has almost nothing to give to others. */
const sure = 0.99;

/** The rows about tokens of one sign. */
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
