/**
 * Predicted times of the kernels on server GPUs that were not measured yet. The code of sampling, scoring and training runs on an encoder
 * that counts the operations and bytes of each dispatch; a dispatch takes the longest of three terms (arithmetic, bandwidth, dispatch
 * latency) at published roofs. `deno task bench:predict` writes `results/bench/predictions.md`, kernel by kernel, the largest first.
 * Compare it with `deno task bench`: a kernel that takes longer than predicted needs attention.
 */
import { Effect } from "effect";
import { writeFileSync } from "node:fs";
import { CountingEncoder } from "../../kernels/gpu/counting_encoder.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Dispatch } from "../../kernels/gpu/encoder.ts";
import type { StorageType } from "../../kernels/gpu/half_precision.ts";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { workOf } from "../../kernels/bench/kernel_work.ts";
import * as Model from "../models/model.ts";
import { shapeConfigs } from "../models/model_shapes.ts";
import * as Parameters from "../models/parameters.ts";
import { serverGpu } from "../planning/run_plan.ts";
import { workloadFor } from "./bench_shapes.ts";
import { leastTime, type Term } from "./roofline.ts";
import { type Answered, worksOf } from "./speed.ts";

/** Published roofs (data sheets; float16 products by the known rate of `mma.sync`), and an estimate of the latency of a dependent dispatch. */
const cards = {
  "H100 SXM": { matrix: 620e12, float32: 67e12, bytes: 3.35e12, dispatch: 4e-6 },
  "H200": { matrix: 620e12, float32: 67e12, bytes: 4.8e12, dispatch: 4e-6 },
} as const;
const [h100, h200] = [cards["H100 SXM"], cards.H200];

/** Shares of the roofs that first versions of similar kernels reach elsewhere (GEMM through WebGPU 80 to 150 of 620 TFLOP/s; most copies). */
const usual = { arithmetic: 0.2, bandwidth: 0.6 };
const published = { arithmetic: 1, bandwidth: 1 };

/** The columns of the table: each card at its roofs and at the usual shares. */
const columns = [
  { card: h100, share: published },
  { card: h100, share: usual },
  { card: h200, share: published },
  { card: h200, share: usual },
] as const;
const [roofsColumn, usualColumn] = [0, 1];

const info: DeviceInfo = {
  ...serverGpu,
  matrix: { size: 16, depth: 16, lanes: 32, refused: [] },
  cooperative: true,
};

interface Part {
  calls: number;
  flops: number;
  bytes: number;
  /** Seconds, column by column. */
  readonly seconds: number[];
  /** Seconds on an H100 at the usual shares, by the term that bounds the dispatch. */
  readonly held: Record<Term, number>;
}

const none = (): Part => ({
  calls: 0,
  flops: 0,
  bytes: 0,
  seconds: columns.map(() => 0),
  held: { arithmetic: 0, bandwidth: 0, dispatch: 0 },
});

/** Sums the time of every dispatch, by kernel. */
class Predicting extends CountingEncoder {
  parts = new Map<string, Part>();
  /** The mean number of keys per row. */
  keys = 0;
  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    const { flops = 0, bytes } = workOf(kernel, dispatch, this.keys);
    const part = this.parts.get(kernel.name) ?? none();
    this.parts.set(kernel.name, part);
    part.calls++;
    part.flops += flops;
    part.bytes += bytes;
    for (const [i, { card, share }] of columns.entries()) {
      const peak = kernel.name.startsWith("matmul_matrix") ? card.matrix : card.float32;
      const { seconds, heldBy } = leastTime({ flops, bytes, dispatches: 1 }, {
        flops: peak * share.arithmetic,
        bytes: card.bytes * share.bandwidth,
        dispatch: card.dispatch,
      });
      part.seconds[i] += seconds;
      if (i === usualColumn) part.held[heldBy] += seconds;
    }
  }
}

/** The workload of a server GPU. */
const work = workloadFor({ kind: "gpu" }, false);

const works = ["sample", "score", "train"] as const;
type Work = typeof works[number];

/** The parts of each kind of work for a model of this shape, with bfloat16 weights. */
const predicted = (shape: string, activations: StorageType): Readonly<Record<Work, Parts>> => {
  const config = shapeConfigs[shape];
  const { promptTokens, responseTokens, batch, miniBatch } = work;
  const encoder = new Predicting(info, 1);
  const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(config), "weights");
  const model = Model.fromParameters(encoder, config, parameters, { storage: "bf16", activations });
  const prompts = Array.from({ length: batch / 8 }, (_, i) => new Int32Array(promptTokens).fill(i));
  const sequences = Array.from({ length: batch }, (_, i): Answered => ({
    promptTokens: prompts[i >> 3],
    key: [0, i],
    maxTokens: responseTokens,
    responseTokens: new Int32Array(responseTokens),
    logProbs: new Float32Array(responseTokens),
  }));
  const { run } = worksOf(sequences, work, { cache: 32, syncInterval: () => responseTokens });
  const counted = (name: Work, keys: number, count: number): Parts => {
    encoder.parts = new Map();
    encoder.keys = keys;
    Effect.runSync(run[name](model, count));
    return encoder.parts;
  };
  const keys = (promptTokens + responseTokens) / 2;
  return {
    sample: counted("sample", promptTokens + responseTokens / 2, batch),
    score: counted("score", keys, batch),
    train: counted("train", keys, miniBatch),
  };
};

type Parts = ReadonlyMap<string, Part>;

const total = (parts: Parts, column: number): number =>
  [...parts.values()].reduce((sum, { seconds }) => sum + seconds[column], 0);

/** The share of each term in the time at the usual shares, in percent. */
const heldOf = (parts: Parts): string => {
  const whole = total(parts, usualColumn);
  const shareOf = (term: Term) => [...parts.values()].reduce((sum, { held }) => sum + held[term], 0) / whole;
  return (["arithmetic", "bandwidth", "dispatch"] as const).map((term) => (100 * shareOf(term)).toFixed(0)).join(", ");
};

const cellsOf = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(" | ")} |`;

const tableOf = (parts: Parts): string => {
  const rows = [...parts].sort(([, a], [, b]) => b.seconds[usualColumn] - a.seconds[usualColumn]);
  const whole = total(parts, usualColumn);
  const milliseconds = ({ seconds }: Part, column: number) => (seconds[column] * 1e3).toPrecision(3);
  return [
    "| kernel | dispatches | TFLOP | GB | H100, roofs (ms) | H100, usual (ms) | share (%) |",
    "|---|--:|--:|--:|--:|--:|--:|",
    ...rows.filter(([, { seconds }]) => seconds[usualColumn] > whole / 200).map(([kernel, part]) =>
      cellsOf([
        kernel,
        part.calls,
        (part.flops / 1e12).toPrecision(3),
        (part.bytes / 1e9).toPrecision(3),
        milliseconds(part, roofsColumn),
        milliseconds(part, usualColumn),
        (100 * part.seconds[usualColumn] / whole).toFixed(1),
      ])
    ),
  ].join("\n");
};

const tokensOf: Record<Work, number> = {
  sample: work.batch * work.responseTokens,
  score: work.batch * (work.promptTokens + work.responseTokens),
  train: work.miniBatch * (work.promptTokens + work.responseTokens),
};
const flopsOf = (parts: Parts) =>
  [...parts].reduce((sum, [name, { flops }]) => sum + (name.startsWith("matmul") ? flops : 0), 0);

/** Seconds of a GRPO step: sampling, scoring by the reference, and training in mini-batches. */
const grpo = (parts: Readonly<Record<Work, Parts>>, column: number) =>
  total(parts.sample, column) + total(parts.score, column) + work.batch / work.miniBatch * total(parts.train, column);

/** Tokens per second, column by column. */
const speeds = (tokens: number, secondsIn: (column: number) => number) =>
  columns.map((_, column) => Math.round(tokens / secondsIn(column)).toLocaleString("en"));

/** The rows of one model, and the parts that they consist of. */
const rowsOf = (shape: string, activations: "f32" | "f16") => {
  const parts = predicted(shape, activations);
  const rows = [
    ...works.map((name) =>
      cellsOf([
        shape,
        activations,
        name,
        ...speeds(tokensOf[name], (column) => total(parts[name], column)),
        (100 * flopsOf(parts[name]) / total(parts[name], usualColumn) / 989e12).toFixed(1),
        heldOf(parts[name]),
      ])
    ),
    `${cellsOf([shape, activations, "a GRPO step", ...speeds(tokensOf.sample, (column) => grpo(parts, column))])} | |`,
  ];
  return { parts, rows };
};

/** The whole of `results/bench/predictions.md`. */
const page = (): string => {
  const found = ["qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-7b"].flatMap((shape) =>
    (["f32", "f16"] as const).map((activations) => rowsOf(shape, activations))
  );
  return `# What is to be expected on server GPUs

Written by \`deno task bench:predict\` before any of it was measured: no server GPU has run these kernels. The code of sampling, scoring and training
ran on an encoder that counts what each dispatch computes and moves (\`kernels/bench/kernel_work.ts\`: every tensor once in each direction), with matrix
units (16x16x16) and rows shared out among 32 lanes, weights in bfloat16. A dispatch takes the longest of its arithmetic, its bytes and ${
    h100.dispatch * 1e6
  } µs (a guess).
"roofs" is at published ones, which nothing passes: ${
    Object.entries(cards).map(([name, { matrix, float32, bytes }]) =>
      `${name} ${matrix / 1e12} TFLOP/s in matrix units, ${float32 / 1e12} elsewhere, ${bytes / 1e12} TB/s`
    ).join("; ")
  }.
"usual" is at ${100 * usual.arithmetic} % of the arithmetic and ${
    100 * usual.bandwidth
  } % of the bandwidth, about what first versions of such kernels reach elsewhere. A kernel
that reads an operand many times takes longer than its line.

Work: ${work.batch} responses to ${
    work.batch / 8
  } prompts, ${work.promptTokens} + ${work.responseTokens} tokens; a mini-batch of ${work.miniBatch}. Tokens a second (response tokens for
sampling and GRPO, all tokens else); then products over time, of 989 TFLOP/s, and which term holds how much of the time at what is usual.

| model | activations | work | H100, roofs | H100, usual | H200, roofs | H200, usual | H100, usual (% of peak) | held by arithmetic, bandwidth, dispatch (%) |
|---|---|---|--:|--:|--:|--:|--:|--:|
${found.flatMap(({ rows }) => rows).join("\n")}

Asked: 7B sampled at 20,000 tokens/s, GRPO at 1,500, training at 25 % of the peak.

${
    works.map((name) => `## ${name}, 7B with activations in f16, kernel by kernel\n\n${tableOf(found[5].parts[name])}`)
      .join("\n\n")
  }
`;
};

if (import.meta.main) writeFileSync("results/bench/predictions.md", page());
