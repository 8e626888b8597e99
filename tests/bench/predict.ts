/**
 * What the kernels as they stand are to take on server GPUs, before any of them was measured there: the code of sampling, scoring and training, run
 * on an encoder that counts the operations and bytes of each dispatch and takes the slowest of three terms (arithmetic, bandwidth, the time of a
 * dispatch) at published roofs. `deno task bench:predict` writes `results/bench/predictions.md`, kernel by kernel, the largest first: the order in
 * which gaps are to be closed. A measurement replaces it (`deno task bench`); a kernel that takes longer than its line is what to look at.
 */
import { Effect, Stream } from "effect";
import { writeFileSync } from "node:fs";
import { Key } from "../../data/random.ts";
import { CountingEncoder } from "../../kernels/gpu/counting_encoder.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Dispatch } from "../../kernels/gpu/encoder.ts";
import type { StorageType } from "../../kernels/gpu/half_precision.ts";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { workOf } from "../../kernels/bench/kernel_work.ts";
import { workloadFor } from "../../pipelines/bench/bench_shapes.ts";
import { shapeConfigs } from "../../pipelines/models/model_shapes.ts";
import { leastTime, type Term } from "../../pipelines/bench/roofline.ts";
import { decode } from "../../pipelines/sampling/decode.ts";
import { policyGradient } from "../../pipelines/learning/gradient.ts";
import * as Model from "../../pipelines/models/model.ts";
import * as Optimizer from "../../pipelines/learning/optimizer.ts";
import * as Parameters from "../../pipelines/models/parameters.ts";
import { adamw, objective, sampling } from "../../pipelines/bench/speed.ts";
import { serverGpu } from "../../pipelines/planning/run_plan.ts";
import { score } from "../../pipelines/learning/score.ts";

/** Published figures (data sheets; float16 products by what `mma.sync` is known to reach), and a guess at a dispatch that waits for another. */
const cards = {
  "H100 SXM": { matrix: 620e12, float32: 67e12, bytes: 3.35e12, dispatch: 4e-6 },
  "H200": { matrix: 620e12, float32: 67e12, bytes: 4.8e12, dispatch: 4e-6 },
} as const;
type Card = keyof typeof cards;

/** A first hardware run of kernels like these reaches this share of the roofs elsewhere (GEMM through WebGPU 80 to 150 of 620, copies most). */
const usual = { arithmetic: 0.2, bandwidth: 0.6 };

const info: DeviceInfo = {
  ...serverGpu,
  matrix: { size: 16, depth: 16, lanes: 32, refused: [] },
  cooperative: true,
};

interface Part {
  calls: number;
  flops: number;
  bytes: number;
  /** Seconds by card, at the roofs and at what is usual. */
  readonly seconds: Record<Card, { best: number; usual: number }>;
  /** Seconds on an H100 at what is usual, by the term that holds the dispatch. */
  readonly held: Record<Term, number>;
}

const none = (): Part => ({
  calls: 0,
  flops: 0,
  bytes: 0,
  seconds: { "H100 SXM": { best: 0, usual: 0 }, "H200": { best: 0, usual: 0 } },
  held: { arithmetic: 0, bandwidth: 0, dispatch: 0 },
});

const names = ["H100 SXM", "H200"] as const;

/** Adds up what every dispatch takes, by kernel. */
class Predicting extends CountingEncoder {
  parts = new Map<string, Part>();
  /** Keys that a row sees on average. */
  keys = 0;
  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    const { flops = 0, bytes } = workOf(kernel, dispatch, this.keys);
    const part = this.parts.get(kernel.name) ?? none();
    this.parts.set(kernel.name, part);
    part.calls++;
    part.flops += flops;
    part.bytes += bytes;
    for (const name of names) {
      const card = cards[name];
      const peak = kernel.name.startsWith("matmul_matrix") ? card.matrix : card.float32;
      const demand = { flops, bytes, dispatches: 1 };
      const roofs = { flops: peak, bytes: card.bytes, dispatch: card.dispatch, flopsBy: "", bytesBy: "" };
      part.seconds[name].best += leastTime(demand, roofs).seconds;
      const { seconds, heldBy } = leastTime(demand, {
        ...roofs,
        flops: peak * usual.arithmetic,
        bytes: card.bytes * usual.bandwidth,
      });
      part.seconds[name].usual += seconds;
      if (name === "H100 SXM") part.held[heldBy] += seconds;
    }
  }
}

const works = ["sample", "score", "train"] as const;
type Work = typeof works[number];

/** The parts of each kind of work for a model of this shape, its weights in bfloat16 where passes read them. */
const predicted = (shape: string, activations: StorageType): Readonly<Record<Work, ReadonlyMap<string, Part>>> => {
  const config = shapeConfigs[shape];
  const { promptTokens, responseTokens, batch, miniBatch } = workloadFor({ kind: "gpu" }, false);
  const encoder = new Predicting(info, 1);
  const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(config), "weights");
  const model = Model.fromParameters(encoder, config, parameters, { storage: "bf16", activations });
  const prompts = Array.from({ length: batch / 8 }, (_, i) => new Int32Array(promptTokens).fill(i));
  const sequences = Array.from({ length: batch }, (_, i) => ({
    problemId: "",
    sampleIndex: i,
    promptTokens: prompts[i >> 3],
    responseTokens: new Int32Array(responseTokens),
    key: Key.fold(Key.make(0), "predict", i),
    maxTokens: responseTokens,
    sign: i % 2 === 0 ? "positive" as const : "negative" as const,
    oldLogProbs: new Float32Array(responseTokens),
    advantages: new Float32Array(responseTokens),
  }));
  const length = promptTokens + responseTokens;
  const counted = (keys: number, run: Effect.Effect<unknown, unknown>): ReadonlyMap<string, Part> => {
    encoder.parts = new Map();
    encoder.keys = keys;
    Effect.runSync(run);
    return encoder.parts;
  };
  const options = { batch, cache: 32, looks: () => responseTokens };
  return {
    sample: counted(
      promptTokens + responseTokens / 2,
      Stream.runDrain(decode(model, sequences, sampling, [], options)),
    ),
    score: counted(length / 2, score(model, sequences, 1)),
    train: counted(
      length / 2,
      Effect.gen(function* () {
        const optimizer = Optimizer.make(model);
        const { gradient } = yield* policyGradient(model, sequences.slice(0, miniBatch), objective);
        Optimizer.update(model, optimizer, gradient, 0, adamw);
        Parameters.release(encoder, gradient);
      }),
    ),
  };
};

const total = (parts: ReadonlyMap<string, Part>, card: Card, which: "best" | "usual"): number =>
  [...parts.values()].reduce((sum, { seconds }) => sum + seconds[card][which], 0);

/** How much of the time at what is usual each term holds, in percent. */
const heldOf = (parts: ReadonlyMap<string, Part>): string => {
  const whole = total(parts, "H100 SXM", "usual");
  const shareOf = (term: Term) => [...parts.values()].reduce((sum, { held }) => sum + held[term], 0) / whole;
  return (["arithmetic", "bandwidth", "dispatch"] as const).map((term) => (100 * shareOf(term)).toFixed(0)).join(", ");
};

const milliseconds = (seconds: number): string => (seconds * 1e3).toPrecision(3);

const tableOf = (parts: ReadonlyMap<string, Part>): string => {
  const rows = [...parts].sort(([, a], [, b]) => b.seconds["H100 SXM"].usual - a.seconds["H100 SXM"].usual);
  const whole = total(parts, "H100 SXM", "usual");
  return [
    "| kernel | dispatches | TFLOP | GB | H100, roofs (ms) | H100, usual (ms) | share (%) |",
    "|---|--:|--:|--:|--:|--:|--:|",
    ...rows.filter(([, { seconds }]) => seconds["H100 SXM"].usual > whole / 200).map(([kernel, part]) =>
      `| ${kernel} | ${part.calls} | ${(part.flops / 1e12).toPrecision(3)} | ${(part.bytes / 1e9).toPrecision(3)} | ${
        milliseconds(part.seconds["H100 SXM"].best)
      } | ${milliseconds(part.seconds["H100 SXM"].usual)} | ${
        (100 * part.seconds["H100 SXM"].usual / whole).toFixed(1)
      } |`
    ),
  ].join("\n");
};

const shapes = ["qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-7b"];
const found = shapes.flatMap((shape) =>
  (["f32", "f16"] as const).map((activations) => ({ shape, activations, parts: predicted(shape, activations) }))
);
const work = workloadFor({ kind: "gpu" }, false);
const tokensOf: Record<Work, number> = {
  sample: work.batch * work.responseTokens,
  score: work.batch * (work.promptTokens + work.responseTokens),
  train: work.miniBatch * (work.promptTokens + work.responseTokens),
};
const flopsOf = (parts: ReadonlyMap<string, Part>) =>
  [...parts].reduce((sum, [name, { flops }]) => sum + (name.startsWith("matmul") ? flops : 0), 0);

/** A GRPO step: all is sampled, scored by the reference, and learnt from in mini-batches. */
const grpo = (parts: Readonly<Record<Work, ReadonlyMap<string, Part>>>, card: Card, which: "best" | "usual") =>
  tokensOf.sample / (total(parts.sample, card, which) + total(parts.score, card, which) +
    work.batch / work.miniBatch * total(parts.train, card, which));

const whole = (value: number) => Math.round(value).toLocaleString("en");

const summary = found.flatMap(({ shape, activations, parts }) => [
  ...works.map((name) => {
    const cells = names.flatMap((card) =>
      (["best", "usual"] as const).map((which) => whole(tokensOf[name] / total(parts[name], card, which)))
    );
    const share = 100 * flopsOf(parts[name]) / total(parts[name], "H100 SXM", "usual") / 989e12;
    return `| ${shape} | ${activations} | ${name} | ${cells.join(" | ")} | ${share.toFixed(1)} | ${
      heldOf(parts[name])
    } |`;
  }),
  `| ${shape} | ${activations} | a GRPO step | ${
    names.flatMap((card) => (["best", "usual"] as const).map((which) => whole(grpo(parts, card, which)))).join(" | ")
  } | | |`,
]);

writeFileSync(
  "results/bench/predictions.md",
  `# What is to be expected on server GPUs

Written by \`deno task bench:predict\` before any of it was measured: no server GPU has run these kernels. The code of sampling, scoring and training
ran on an encoder that counts what each dispatch computes and moves (\`kernels/bench/kernel_work.ts\`: every tensor once in each direction), with matrix
units (16x16x16) and rows shared out among 32 lanes, weights in bfloat16. A dispatch takes the longest of its arithmetic, its bytes and ${
    cards["H100 SXM"].dispatch * 1e6
  } µs (a guess).
"roofs" is at published ones, which nothing passes: ${
    names.map((name) =>
      `${name} ${cards[name].matrix / 1e12} TFLOP/s in matrix units, ${cards[name].float32 / 1e12} elsewhere, ${
        cards[name].bytes / 1e12
      } TB/s`
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
${summary.join("\n")}

Asked: 7B sampled at 20,000 tokens/s, GRPO at 1,500, training at 25 % of the peak.

${
    works.map((name) => `## ${name}, 7B with activations in f16, kernel by kernel\n\n${tableOf(found[5].parts[name])}`)
      .join("\n\n")
  }
`,
);
