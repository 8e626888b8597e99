/**
 * The performance goals on a server GPU, beside the measurements and the bounds by the roofs of the same run. No kernel can meet a goal
 * above its bound on this device. The bound counts only what no program can avoid: weights read once per pass, keys and values once per
 * token, the model's operations.
 */
import { stepArithmetic } from "../planning/arithmetic.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { parameterCount } from "../models/parameter_specs.ts";
import type { Workload } from "./speed.ts";
import type { Entry } from "./bench_row.ts";
import { type Demand, leastTime, type Roofs, type Term } from "./roofline.ts";

/** One goal with its figures, in its unit; `measured` is null if this run has no row for it. */
export interface GoalRow {
  readonly goal: string;
  readonly unit: string;
  readonly asked: number;
  readonly measured: number | null;
  readonly bound: number;
  readonly heldBy: Term;
}

/** A goal: the work that it is measured on, and the rate asked for. */
interface Goal {
  readonly goal: string;
  readonly unit: string;
  readonly asked: number;
  readonly demand: Demand;
  /** The numerator of the rate, in the unit. */
  readonly amount: number;
  readonly measured: (entry: Entry) => number | undefined;
}

const size = 8192;
const product: Goal = {
  goal: `float16 product of ${size}^3`,
  unit: "TFLOP/s",
  asked: 400,
  demand: { flops: 2 * size * size * size, bytes: 3 * 2 * size * size, dispatches: 1 },
  amount: 2 * size * size * size / 1e12,
  measured: ({ part, shape, form, flops, seconds }) =>
    part === "product" && shape === `M=${size} N=${size} K=${size}` && form.startsWith("matrix")
      ? flops / seconds / 1e12
      : undefined,
};

/** The fewest consecutive dispatches of a layer: two norms, four products, attention, the gate. */
const inLayer = 8;
const halfBytes = 2;
/** AdamW reads gradient, weight and both moments and writes the last three, in float32. */
const adamwBytes = 7 * 4;

/** Responses per prompt; the prompt is prefilled once for all of them. */
const group = 8;

const step = (config: ModelConfig, work: Workload, trains: boolean) => {
  const { batch, miniBatch, promptTokens, responseTokens } = work;
  const sequences = trains ? Math.min(miniBatch, batch) : batch;
  const flops = stepArithmetic(config, {
    prompts: sequences / group,
    responses: group,
    promptTokens,
    responseTokens,
    trains,
    reference: !trains,
    critic: false,
    recomputed: false,
  });
  // The share of the peak does not count recomputed operations.
  const remade = trains ? 2 * sequences * responseTokens * config.vocabSize * config.width : 0;
  const weights = parameterCount(config);
  const cached = 2 * config.layers * config.kvHeads * config.headWidth * halfBytes;
  const sampled: Demand = {
    flops: flops.sample,
    bytes: responseTokens * (weights * halfBytes + sequences * (promptTokens + responseTokens / 2) * cached),
    dispatches: responseTokens * inLayer * config.layers,
  };
  const scored: Demand = {
    flops: flops.score,
    bytes: weights * halfBytes,
    dispatches: inLayer * config.layers,
  };
  const trained: Demand = {
    flops: flops.gradient - remade,
    bytes: 2 * weights * halfBytes + weights * adamwBytes,
    dispatches: 3 * inLayer * config.layers,
  };
  return { sequences, sampled, scored, trained };
};

const add = (a: Demand, b: Demand, times = 1): Demand => ({
  flops: a.flops + times * b.flops,
  bytes: a.bytes + times * b.bytes,
  dispatches: a.dispatches + times * b.dispatches,
});

const of = (model: string, work: Entry["work"], value: (entry: Entry) => number) => (entry: Entry) =>
  entry.part === "model" && entry.model === model && entry.work === work ? value(entry) : undefined;

/** The goals for the named shapes of models and a GPU's workload. */
const goalsOf = (
  models: Readonly<Record<string, ModelConfig>>,
  work: Workload,
  roofs: Roofs,
): ReadonlyArray<Goal> => [
  product,
  ...Object.entries(models).map(([model, config]): Goal => {
    const { trained } = step(config, work, true);
    const share = 100 * trained.flops / roofs.flops;
    return {
      goal: `training step of ${model}, share of the best product`,
      unit: "%",
      asked: 25,
      demand: trained,
      amount: share,
      measured: of(model, "train", ({ seconds }) => share / seconds),
    };
  }),
  ...Object.entries(models).filter(([model]) => model.endsWith("7b")).flatMap(([model, config]): Goal[] => {
    const { sampled, scored } = step(config, work, false);
    const { trained } = step(config, work, true);
    const tokens = work.batch * work.responseTokens;
    const speed = ({ tokensPerSecond }: Entry) => tokensPerSecond ?? NaN;
    return [{
      goal: `${model} sampled, ${work.batch} together`,
      unit: "tokens/s",
      asked: 20_000,
      demand: sampled,
      amount: tokens,
      measured: of(model, "sample", speed),
    }, {
      goal: `${model} GRPO, a whole step`,
      unit: "tokens/s",
      asked: 1500,
      demand: add(add(sampled, scored), trained, Math.max(1, work.batch / work.miniBatch)),
      amount: tokens,
      measured: of(model, "grpo", speed),
    }];
  }),
];

/** Every goal with the measurement of this workload and the bound by the roofs. */
export const goalRows = (
  entries: ReadonlyArray<Entry>,
  roofs: Roofs,
  models: Readonly<Record<string, ModelConfig>>,
  work: Workload,
): ReadonlyArray<GoalRow> =>
  goalsOf(models, work, roofs).map(({ goal, unit, asked, demand, amount, measured }) => {
    const found = entries.flatMap((entry) => measured(entry) ?? []);
    const { seconds, heldBy } = leastTime(demand, roofs);
    return {
      goal,
      unit,
      asked,
      measured: found.length === 0 ? null : Math.max(...found),
      bound: amount / seconds,
      heldBy,
    };
  });
