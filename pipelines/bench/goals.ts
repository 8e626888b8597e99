/**
 * What this program is to reach on a server GPU, beside what was measured, and beside the most that the roofs of the same run allow: a goal
 * above that bound cannot be met on this device by any kernel. The bound counts what no program can leave out (weights read once a pass, keys
 * and values once a token, the model's own operations), so the term that holds it holds all the more in practice.
 */
import { stepArithmetic } from "../planning/arithmetic.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { parameterCount } from "../models/parameter_specs.ts";
import type { Workload } from "./speed.ts";
import type { Entry } from "./bench_row.ts";
import { type Demand, leastTime, type Roofs, type Term } from "./roofline.ts";

/** One goal with its figures, in its unit; `measured` is null where this run has no row for it. */
export interface GoalRow {
  readonly goal: string;
  readonly unit: string;
  readonly asked: number;
  readonly measured: number | null;
  readonly bound: number;
  readonly heldBy: Term;
}

/** What each goal is counted on, and how many tokens or operations that has. */
interface Goal {
  readonly goal: string;
  readonly unit: string;
  readonly asked: number;
  readonly demand: Demand;
  /** What is counted of the demand, in the unit. */
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

/** Dispatches of a layer that follow one another, at least: two norms, four products, attention, the gate. */
const inLayer = 8;
const halfBytes = 2;
/** AdamW reads gradient, weight and both moments and writes the last three, float32. */
const adamwBytes = 7 * 4;

/** Responses of a prompt, which is read once for all of them. */
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
  // A share of the peak does not count what is computed twice.
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

/** The goals, for the shapes of models by name and the work that a GPU is given. */
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

/** Every goal beside what a run measured, on this work, and what its roofs allow. */
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
