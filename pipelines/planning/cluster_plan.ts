/**
 * An estimate of a training step that workers share: the time and the bytes of each part with 1 to 4,096 workers. Work and bytes are counted
 * from the shape of the model and the settings; what a job, a hash and a record cost is measured; speeds are assumptions. Every response is taken
 * to have its maximum length, and parts follow each other. A worker sums an aligned subtree of a gradient, the owner of a range of parameters adds
 * that range of all subtrees, and the command reads the sums, hashes its records, steps and publishes the weights.
 */
import { algorithms, needsReference } from "../algorithms/mod.ts";
import { rangesOf } from "../cluster/parameter_blobs.ts";
import { duration } from "../files/progress.ts";
import { type ModelConfig, withValueHead } from "../models/model_config.ts";
import { parameterCount } from "../models/parameter_specs.ts";
import { parameterLayout } from "../models/parameters.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";
import type { Settings } from "../settings/settings.ts";
import type { StepArithmetic } from "./arithmetic.ts";
import type { PlannedModels } from "./memory_plan.ts";
import type { Workload } from "./plan_shapes.ts";

/** What was measured on one core, with PostgreSQL (`deno task bench:cluster costs`; rollouts of 3,103 tokens). */
const measured = {
  /** Seconds of the command for a job: to offer it and to read its result. */
  offered: 0.006,
  /** Seconds of a worker for a job: to take it and to keep its result. */
  taken: 0.009,
  /** Bytes a second of SHA-256, which both ends compute. */
  hashed: 1.2e9,
  /** Bytes a second of records that are read. */
  read: 60e6,
  /** Bytes of a response token in a rollout: its id, its text, its log-prob, its entropy. */
  drawn: 32,
  /** Bytes of a token's id, and of one more number of it. */
  token: 6,
  number: 12,
} as const;

/** A part of a step. */
export interface SharedPart {
  readonly name: string;
  readonly seconds: number;
  /** Bytes that all machines together write and read. */
  readonly moved: number;
  readonly heldBy: string;
}

/** Speeds of a cluster, in bytes and operations a second. */
export interface Speeds {
  readonly flops: number;
  readonly memory: number;
  readonly link: number;
  readonly store: number;
}

/** What a step asks of the machines. */
export interface SharedStep {
  readonly arithmetic: StepArithmetic;
  /** Parameters of all trained models, and bytes of one as it is published. */
  readonly parameters: number;
  readonly published: number;
  /** Bytes of a parameter that the command keeps: its float32 value and both moments. */
  readonly state: number;
  readonly ranges: number;
  readonly sequences: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
  /** Bytes of keys and values of one position. */
  readonly cached: number;
  /** Bytes of the policy's weights, as passes read them, and responses that are decoded at a time. */
  readonly weights: number;
  readonly slots: number;
  /** Optimizer steps, jobs of rollouts, models that score, and subtrees of a mini-batch with their leaves. */
  readonly updates: number;
  readonly blocks: number;
  readonly scorers: number;
  readonly subtrees: number;
}

/** The step of a planned training. */
export const sharedStep = (
  settings: Settings,
  { models, work }: { readonly models: PlannedModels; readonly work: Workload },
  arithmetic: StepArithmetic,
): SharedStep => {
  const { config, storage = "f32", activations = "f32", moments = "f32", critic } = models;
  const bytesOf = (type: string) => type === "f32" ? 4 : 2;
  const trained: ReadonlyArray<ModelConfig> = [config, ...critic ? [withValueHead(config)] : []];
  const needsCritic = algorithms[settings.algorithm].needsCritic === true;
  const signs = ["psr", "nsr"].includes(settings.algorithm) ? 1 : 2;
  const leaves = Math.ceil((settings.gradientLeaves ?? 1) / settings.leavesPerJob);
  const blocks = Math.ceil(work.prompts / settings.block);
  return {
    arithmetic,
    parameters: trained.reduce((sum, one) => sum + parameterCount(one), 0),
    published: bytesOf(storage),
    state: 4 + 2 * bytesOf(moments),
    ranges: trained.reduce((sum, one) => sum + rangesOf(parameterLayout(one)).length, 0),
    sequences: work.prompts * work.responses,
    promptTokens: work.promptTokens,
    responseTokens: work.responseTokens,
    cached: 2 * config.layers * config.kvHeads * config.headWidth * bytesOf(activations),
    weights: parameterCount(config) * bytesOf(storage),
    slots: Math.min(work.batch ?? defaultBatch, settings.block * work.responses),
    updates: Math.ceil(work.prompts / work.miniBatch),
    blocks,
    scorers: Number(needsReference(settings)) + Number(needsCritic),
    subtrees: leaves * (signs + Number(critic)),
  };
};

/** The seconds that bytes take: those of one machine through its link and its hash, those of all through the store. */
const moving = (one: number, all: number, { link, store }: Speeds) => {
  const [byLink, byHash, byStore] = [one / link, one / measured.hashed, all / store];
  const heldBy = byStore > byLink + byHash ? "the store's speed" : byHash > byLink ? "SHA-256" : "a worker's link";
  return { seconds: Math.max(byLink + byHash, byStore), heldBy };
};

/** Jobs that each take `seconds`, shared among `n` workers. */
const shared = (jobs: number, seconds: number, n: number, name: string) => ({
  seconds: Math.ceil(jobs / n) * (seconds + measured.taken),
  heldBy: n >= jobs ? `${jobs} ${name}` : "devices",
});

/** The parts of a step with `n` workers. */
export const partsWith = (step: SharedStep, speeds: Speeds, n: number): ReadonlyArray<SharedPart> => {
  const { arithmetic, sequences, promptTokens, responseTokens, updates, blocks, scorers, subtrees } = step;
  const responses = sequences * responseTokens;
  const ids = sequences * (promptTokens + responseTokens) * measured.token;

  const sent = updates * step.parameters * step.published;
  const weights = { name: "weights", moved: n * sent, ...moving(sent, n * sent, speeds) };

  // Every position of a pass of all slots reads the weights once, and the keys and values before it.
  const passes = responses / blocks / step.slots;
  const cached = responses / blocks * (promptTokens + responseTokens / 2) * step.cached;
  const decoding = (passes * step.weights + cached) / speeds.memory;
  const drawing = Math.max(decoding, arithmetic.sample / blocks / speeds.flops);
  const drawn = responses * measured.drawn;
  const rollouts = { name: "rollouts", moved: 2 * drawn, ...shared(blocks, drawing, n, "jobs of rollouts") };

  const scoring = scorers === 0 ? 0 : arithmetic.score / (blocks * scorers) / speeds.flops;
  const scored = scorers * (ids + responses * measured.number);
  const scores = scorers === 0
    ? { name: "scores", moved: 0, seconds: 0, heldBy: "nothing" }
    : { name: "scores", moved: 2 * scored, ...shared(blocks * scorers, scoring, n, "jobs of scores") };

  const whole = 4 * step.parameters;
  const differentiating = shared(
    subtrees,
    arithmetic.gradient / updates / subtrees / speeds.flops,
    n,
    "subtrees of a gradient",
  );
  const sums = moving(Math.ceil(subtrees / n) * whole, subtrees * whole, speeds);
  const gradients = {
    name: "gradients",
    moved: updates * subtrees * whole + 2 * (ids + 3 * responses * measured.number),
    seconds: updates * (differentiating.seconds + sums.seconds),
    heldBy: sums.seconds > differentiating.seconds ? sums.heldBy : differentiating.heldBy,
  };

  const owners = Math.min(n, step.ranges);
  const part = Math.ceil(step.ranges / owners) / step.ranges;
  const owned = (subtrees + 1) * whole;
  const added = moving(part * owned, owned, speeds);
  const ranges = { name: "ranges", moved: updates * owned, seconds: updates * added.seconds, heldBy: added.heldBy };

  const results = drawn + scorers * responses * measured.number;
  const given = whole + step.parameters * step.published;
  const costs: ReadonlyArray<readonly [string, number]> = [
    ["offers of jobs", (blocks * (1 + scorers) + updates * (subtrees + step.ranges)) * measured.offered],
    ["reading of records", results / measured.read],
    ["gradients that it reads and weights that it writes", updates * moving(given, given, speeds).seconds],
    ["SHA-256 of gradients, weights and moments", updates * step.parameters * (4 + step.state) / measured.hashed],
  ];
  const [largest] = costs.toSorted(([, a], [, b]) => b - a);
  const command = {
    name: "command",
    moved: results + updates * given,
    seconds: costs.reduce((sum, [, seconds]) => sum + seconds, 0),
    heldBy: `its ${largest[0]}`,
  };
  return [weights, rollouts, scores, gradients, ranges, command];
};

const secondsOf = (parts: ReadonlyArray<SharedPart>): number => parts.reduce((sum, { seconds }) => sum + seconds, 0);

const bytesText = (bytes: number): string => {
  const units = ["MB", "GB", "TB", "PB"];
  const at = bytes < 1e9 ? 0 : bytes < 1e12 ? 1 : bytes < 1e15 ? 2 : 3;
  const amount = bytes / [1e6, 1e9, 1e12, 1e15][at];
  return `${amount < 10 ? amount.toFixed(1) : amount.toFixed(0)} ${units[at]}`;
};

const secondsText = (seconds: number): string =>
  seconds === 0 ? "" : seconds < 100 ? `${seconds.toFixed(1)} s` : duration(seconds);

/** A doubling of the workers that makes a step less than so many times as fast is of little use. */
const worthwhile = 1.5;

/** What is the first to hold a step up: the largest part, once twice as many workers are of little use. */
const saturationOf = (partsOf: (n: number) => ReadonlyArray<SharedPart>): string => {
  for (let n = 1; n <= 4096; n *= 2) {
    const parts = partsOf(2 * n);
    if (secondsOf(partsOf(n)) >= worthwhile * secondsOf(parts)) continue;
    const { name, heldBy, seconds } = parts.reduce((a, b) => b.seconds > a.seconds ? b : a);
    const share = (100 * seconds / secondsOf(parts)).toFixed(0);
    const times = (secondsOf(partsOf(n)) / secondsOf(parts)).toFixed(2);
    return `saturates first: ${name}, by ${heldBy}; ${
      2 * n
    } workers make a step ${times} times as fast as ${n}, and ${name} are ${share} % of it`
      .replace("command are", "the command is").replace("first: command", "first: the command");
  }
  return "nothing saturates with 4,096 workers";
};

/** Numbers of workers from 1 to `most`, each twice the one before, and `most`. */
const counts = (most: number): ReadonlyArray<number> => {
  const all: number[] = [];
  for (let n = 1; n < most; n *= 2) all.push(n);
  return [...all, most];
};

const padded = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
  return rows.map((row) => row.map((cell, j) => cell.padStart(widths[j])).join("  ").trimEnd());
};

/** The estimate as lines, for `--workers N`. */
export const clusterLines = (
  settings: Settings,
  plan: { readonly models: PlannedModels; readonly work: Workload },
  arithmetic: StepArithmetic,
  tflops: number,
): ReadonlyArray<string> => {
  const { workers, bandwidth, storeBandwidth, memoryBandwidth } = settings;
  if (workers === undefined) return [];
  const step = sharedStep(settings, plan, arithmetic);
  const speeds = {
    flops: 1e12 * tflops,
    memory: 1e9 * memoryBandwidth,
    link: 1e9 * bandwidth,
    store: 1e9 * storeBandwidth,
  };
  const partsOf = (n: number) => partsWith(step, speeds, n);
  const names = partsOf(1).map(({ name }) => name);
  const base = secondsOf(partsOf(1));
  const times = counts(workers).map((n) => {
    const parts = partsOf(n);
    const all = secondsOf(parts);
    return [
      `${n}`,
      ...parts.map(({ seconds }) => secondsText(seconds)),
      secondsText(all),
      `${(base / all).toFixed(1)}x`,
    ];
  });
  const moved = counts(workers).map((n) => {
    const parts = partsOf(n);
    const all = parts.reduce((sum, part) => sum + part.moved, 0);
    return [`${n}`, ...parts.map((part) => part.moved === 0 ? "" : bytesText(part.moved)), bytesText(all)];
  });
  const { updates, blocks, scorers, subtrees, ranges } = step;
  return [
    `estimate of a step that workers share: ${blocks} jobs of rollouts, ${blocks * scorers} of scores; ${updates} ` +
    `optimizer step${
      updates === 1 ? "" : "s"
    }, each of ${subtrees} subtrees and ${ranges} ranges of parameters; weights are published in ${
      settings.storage ?? "f32"
    }`,
    `assumed: ${tflops} TFLOP/s (--tflops), ${memoryBandwidth} GB/s of device memory (--memory-bandwidth), ${bandwidth} GB/s ` +
    `of a worker (--bandwidth), ${storeBandwidth} GB/s of the store (--store-bandwidth); responses of full length`,
    ...padded([["workers", ...names, "a step", "speed"], ...times]),
    "bytes moved:",
    ...padded([["workers", ...names, "all"], ...moved]),
    saturationOf(partsOf),
  ];
};
