/**
 * The needs of a run before it starts: memory by phase, the cards that have as much, and a lower bound of the time at a given speed. Every
 * response is taken to have its maximum length. Only the shape of the model is needed: from a directory or the Hub's cache, else the
 * published one.
 */
import { Effect } from "effect";
import { tasks } from "../../data/mod.ts";
import { training } from "../../data/paper/hyperparameters.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { algorithms, needsReference } from "../algorithms/mod.ts";
import { stepArithmetic } from "./arithmetic.ts";
import { clusterLines } from "./cluster_plan.ts";
import { modeFor } from "../learning/gradient_passes.ts";
import { chooseFor, type MemorySettings } from "./memory_choice.ts";
import { type Phase, type PlannedModels, planOf } from "./memory_plan.ts";
import type { Purpose } from "../models/memory_purposes.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { parameterCount } from "../models/parameter_specs.ts";
import { fetchLines, type Planable, shapeOf, withoutShape } from "./planned_shape.ts";
import { chunkRows, type Workload, worstShapes } from "./plan_shapes.ts";
import { briefPlan, planTable, roomLines, verdictOf } from "./plan_table.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";
import { algorithmsOf, type Recipe } from "../recipes/recipe.ts";
import * as Progress from "../files/progress.ts";
import { merge } from "../settings/resolve.ts";
import type { Settings } from "../settings/settings.ts";
import { maxPromptTokens } from "../stages/prompt.ts";
import { tokenLimit } from "../stages/token_limit.ts";

/** The assumed limits of a server GPU if no device is open: bindings of 2 GiB, subgroups of 32 lanes, plain kernels. */
export const serverGpu: DeviceInfo = {
  kind: "gpu",
  description: "a server GPU",
  why: "",
  features: [],
  lanes: 32,
  maxBinding: 2 ** 31 - 4,
  maxBuffer: 2 ** 40,
  validated: false,
};

const usualSpeed = 100;

/** A planned run: its models, their work, and the settings chosen by a known memory. */
interface Planned {
  readonly models: PlannedModels;
  readonly work: Workload;
  readonly phases: ReadonlyArray<Phase>;
  readonly chosen: MemorySettings;
  readonly notes: ReadonlyArray<string>;
}

const problemsOf = ({ task, limit }: Settings, split: "train" | "test"): number | undefined => {
  const { source, splits } = tasks[task];
  const known = source.kind === "generated" && splits.includes(split)
    ? source.sizes[split]
    : task === training.task
    ? training.problems[split]
    : undefined;
  return known === undefined ? undefined : Math.min(known, limit ?? known);
};

const stepsOf = (settings: Settings): number | undefined => {
  const problems = problemsOf(settings, settings.split);
  const perEpoch = problems && Math.floor(problems / (settings.prompts ?? training.prompts));
  return settings.steps ?? (perEpoch && settings.epochs * perEpoch);
};

const planned = (config: ModelConfig, settings: Settings, trains: boolean, info: DeviceInfo): Planned => {
  const { testEvery, testFirst, task } = settings;
  const { maxPromptTokens: longest = maxPromptTokens, splits } = tasks[task];
  const tests = trains && (testEvery > 0 || testFirst === true) && splits.includes("test");
  const asked = trains ? settings.prompts ?? training.prompts : problemsOf(settings, settings.split) ?? defaultBatch;
  const work: Workload = {
    ...settings,
    prompts: asked,
    tested: tests ? problemsOf({ ...settings, limit: undefined }, "test") ?? defaultBatch : 0,
    promptTokens: Math.min(longest, config.context - 1),
    responseTokens: Math.min(tokenLimit(task, settings.maxTokens), config.context - 1),
  };
  const { cache, storage, activations, moments, recompute, offload, deviceMemory } = settings;
  const models: PlannedModels = {
    config,
    trains,
    reference: trains && needsReference(settings),
    critic: trains && algorithms[settings.algorithm].needsCritic === true,
    storage,
    activations,
    moments,
    recompute,
    offload,
  };
  const phasesUnder = ({ cache, ...more }: MemorySettings) =>
    planOf(info, { ...models, ...more }, worstShapes(config, { ...work, cache }));
  const given: MemorySettings = { cache, recompute, offload };
  if (deviceMemory === undefined) return { models, work, phases: phasesUnder(given), chosen: {}, notes: [] };
  const recomputes = trains && isRecomputed({ models, work });
  const choice = chooseFor(deviceMemory, given, phasesUnder, recomputes);
  return { ...choice, models: { ...models, ...choice.chosen }, work: { ...work, cache: choice.chosen.cache } };
};

const isRecomputed = ({ models, work }: Pick<Planned, "models" | "work">): boolean =>
  modeFor(models, chunkRows(models.config, work), models.recompute) === "recompute";

const headOf = (settings: Settings, { models, work }: Planned): string => {
  const { family } = models.config;
  const count = parameterCount(models.config).toLocaleString("en-US");
  const what = models.trains ? settings.algorithm : "sampling";
  return `memory plan of "${settings.model}" (${family}, ${count} parameters), ${what}: prompts of at most ${work.promptTokens} tokens, ` +
    `responses of ${work.responseTokens}`;
};

const inHalves = ({ activations = "f32" }: PlannedModels): string => activations === "f32" ? "" : `in ${activations} `;

const notesOf = (plan: Planned): ReadonlyArray<string> => [
  ...plan.notes,
  ...plan.models.trains
    ? [
      `weights are float32, ${
        (plan.models.storage ?? "f32") === "f32"
          ? "master and working copy in one"
          : `with a working copy in ${plan.models.storage}`
      }, moments ${plan.models.moments ?? "f32"}; gradients are made in chunks of ${
        chunkRows(plan.models.config, plan.work)
      } rows${
        (plan.work.gradientLeaves ?? 1) === 1 ? "" : `, joined by a tree over ${plan.work.gradientLeaves} leaves`
      }, activations ${inHalves(plan.models)}${isRecomputed(plan) ? "computed again block by block" : "kept"}`,
    ]
    : [],
  ...plan.models.offload === "gradient" && plan.models.trains
    ? ["one sign's gradient waits in the host's memory (--offload gradient), as many bytes as the weights"]
    : [],
  ...plan.notes.length > 0 && plan.models.trains
    ? ["--gradient-chunk stays as it is set, since it orders the sums of a gradient"]
    : [],
  "driver, pipelines and read-back buffers come on top",
];

/** Operations of one step (or of all responses of an evaluation), and a lower bound of their time. */
const timeOf = (settings: Settings, plan: Planned) => {
  const { models, work } = plan;
  const { sample, score, gradient } = stepArithmetic(models.config, {
    ...work,
    ...models,
    recomputed: isRecomputed(plan),
  });
  const speed = settings.tflops ?? usualSpeed;
  const all = sample + score + gradient;
  const steps = models.trains ? stepsOf(settings) : 1;
  const last = (flops: number) => Progress.duration(flops / (speed * 1e12));
  // At the speed of a GPU a run of seconds waits for everything but its arithmetic.
  const saysSomething = all * (steps ?? 1) >= speed * 1e12;
  return { sample, score, gradient, all, steps, speed, last, saysSomething };
};

const timeLines = (settings: Settings, plan: Planned): ReadonlyArray<string> => {
  const { sample, score, gradient, all, speed, last, saysSomething, ...time } = timeOf(settings, plan);
  if (!saysSomething) return [];
  const count = plan.work.prompts * plan.work.responses;
  const { trains } = plan.models;
  const steps = trains ? time.steps : undefined;
  // An algorithm without a reference and without a critic has nothing to score.
  const scored = score === 0 ? "" : `, score ${last(score)}`;
  const parts = trains ? ` (sample ${last(sample)}${scored}, gradient and update ${last(gradient)})` : "";
  const run = steps === undefined ? "" : `; ${steps} steps: ${last(all * steps)}`;
  return [
    `${count} responses${trains ? " a step" : ""}: ${all.toExponential(1)} FLOP at most, ${
      last(all)
    } at ${speed} TFLOP/s (--tflops)${parts}${run}; arithmetic alone, decoding waits for memory`,
  ];
};

/** A plan as lines, and the settings chosen by a known memory. */
export interface RunPlan {
  readonly lines: ReadonlyArray<string>;
  /** What a run says of its plan before it starts: its memory in one line, what the device's memory decided, and its time where that is asked for. */
  readonly brief: ReadonlyArray<string>;
  readonly chosen: MemorySettings;
}

/**
 * The plan of a training or an evaluation. It uses the limits of the device if one is open. The time is that of a GPU; it is left out on a
 * software device, and unless it is asked for.
 */
export const runPlan = Effect.fn("RunPlan.lines")(function* (
  settings: Settings,
  { trains, info = serverGpu, recipe, times = true }: {
    readonly trains: boolean;
    readonly info?: DeviceInfo;
    readonly recipe?: Planable | undefined;
    readonly times?: boolean;
  },
): Effect.fn.Return<RunPlan> {
  const shape = yield* shapeOf(settings.model, recipe);
  if (shape === undefined) {
    const lines = withoutShape(settings.model, recipe);
    return { lines, brief: lines, chosen: {} };
  }
  const plan = planned(shape.config, settings, trains, info);
  const turned = turnedBy(plan.models);
  const time = times && info.kind === "gpu" ? timeLines(settings, plan) : [];
  const lines = [
    ...shape.notes,
    headOf(settings, plan),
    ...planTable(plan.phases, turned),
    ...roomLines(plan.phases, info),
    ...notesOf(plan),
    ...time,
    ...trains ? clusterLines(settings, plan, timeOf(settings, plan), settings.tflops ?? usualSpeed) : [],
    ...recipe === undefined ? [] : fetchLines(recipe, settings.model),
  ];
  const brief = [...shape.notes, ...briefPlan(plan.phases, info, turned), ...plan.notes, ...time];
  return { lines, brief, chosen: plan.chosen };
});

/** The purposes whose setting already reduces their memory. */
const turnedBy = ({ storage = "f32", moments, offload, recompute }: PlannedModels): ReadonlyArray<Purpose> => [
  ...moments === "bf16" ? ["moments", "critic moments"] as const : [],
  ...offload === "gradient" ? ["gradients"] as const : [],
  ...storage === "f32" ? [] : ["reference"] as const,
  ...recompute === true ? ["activations"] as const : [],
];

/** The plan of a whole recipe: one line per training and per evaluation. */
export const recipePlan = Effect.fn("RunPlan.recipe")(function* (
  recipe: Recipe,
  more: Partial<Settings>,
): Effect.fn.Return<ReadonlyArray<string>> {
  const { model } = merge(recipe.settings);
  const shape = yield* shapeOf(model, recipe);
  if (shape === undefined) return withoutShape(model, recipe);
  const line = (what: string, settings: Settings, trains: boolean) => {
    const plan = planned(shape.config, settings, trains, serverGpu);
    const { all, steps, speed, last, saysSomething } = timeOf(settings, plan);
    const time = steps === undefined ? `${last(all)} a step` : last(all * steps);
    return `${what}: ${verdictOf(plan.phases)}${saysSomething ? `; ${time} at ${speed} TFLOP/s` : ""}`;
  };
  return [
    ...shape.notes,
    ...algorithmsOf(recipe).map((algorithm) => line(algorithm, merge(recipe.settings, more, { algorithm }), true)),
    ...recipe.evaluations.map(({ name, settings }) =>
      line(`evaluation at ${name}`, merge(recipe.settings, settings, more), false)
    ),
    ...fetchLines(recipe, model),
  ];
});
