/**
 * How fast a model is sampled, scored and trained on the device at hand: tokens a second, what of it has to be computed and moved, and how
 * much of the time its matrix products would take alone. What tokens say does not matter to the speed, so prompts are made up.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../data/random.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { profile } from "../../kernels/bench/profiler.ts";
import { decode, type Response } from "../sampling/decode.ts";
import { type GradientError, policyGradient } from "../learning/gradient.ts";
import type { Model } from "../models/model.ts";
import * as Optimizer from "../learning/optimizer.ts";
import * as Parameters from "../models/parameters.ts";
import { score } from "../learning/score.ts";
import type { Request } from "../sampling/pool_shape.ts";

/** Tokens of each prompt and each response, sequences decoded or scored together, sequences of a mini-batch. */
export interface Workload {
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly batch: number;
  readonly miniBatch: number;
}

/**
 * The kinds of work: responses are drawn; log-probs are made of them; a mini-batch is differentiated; the same with a step of AdamW; and a
 * whole step of GRPO, whose reference has the policy's own weights: a batch drawn, scored, and learnt from in mini-batches.
 */
export const workNames = ["sample", "score", "gradient", "train", "grpo"] as const;

/** One kind of work. `tokensPerSecond` counts response tokens of `sample` and `grpo`, all tokens of the others. */
export interface Speed {
  readonly work: typeof workNames[number];
  readonly sequences: number;
  readonly tokens: number;
  /** Median over runs. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Operations of its matrix products (recomputed ones too) over the time that it takes, in GFLOP/s. */
  readonly gflops: number;
  /** What the products take when each runs alone, over what all takes. */
  readonly productShare: number;
  /** All that its dispatches compute and move, by their shapes. */
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
}

/** The objective that is differentiated. */
export const objective = {
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
  gradientChunk: 8192,
} as const;

/** AdamW at the paper's rate. */
export const adamw = { learningRate: 1e-6, weightDecay: 0.01, maxGradNorm: 1 };

/** Plain sampling. */
export const sampling = { temperature: 1, topK: 0, topP: 1 };

/** Sequences with an eighth of `count` different prompts, at least two. */
const requestsOf = (model: Model, { promptTokens, responseTokens }: Workload, count: number): ReadonlyArray<Request> =>
  Array.from({ length: count }, (_, i) => {
    const prompt = Math.floor(i * Math.max(2, Math.floor(count / 8)) / count);
    return {
      promptTokens: Int32Array.from(
        { length: promptTokens },
        (_, t) => (100 + prompt * 7 + t * 13) % model.config.vocabSize,
      ),
      key: Key.fold(Key.make(0), "speed", i),
      maxTokens: responseTokens,
    };
  });

/** Work that has taken this many seconds is not run again. */
const enough = 30;

/** What is measured and how often, where that does not take long; by default all but the gradient alone, which `train` contains. */
export interface SpeedOptions {
  readonly runs: number;
  readonly works?: ReadonlyArray<Speed["work"]>;
}

/** Measures each kind of work, the median of `runs`; the model's weights are lost. */
export const measureSpeed = Effect.fn("Model.measureSpeed")(function* (
  model: Model,
  workload: Workload,
  { runs, works = ["sample", "score", "train", "grpo"] }: SpeedOptions,
): Effect.fn.Return<ReadonlyArray<Speed>, DeviceError | GradientError> {
  const { batch, miniBatch, promptTokens, responseTokens } = workload;
  const { encoder } = model;
  const requests = requestsOf(model, workload, batch);
  const draw = (own: Model, count: number): Effect.Effect<ReadonlyArray<Response>, DeviceError> =>
    Stream.runCollect(decode(own, requests.slice(0, count), sampling, [], { batch }));
  const responses = yield* draw(model, batch);
  const sequences = requests.map((request, i) => ({ ...request, ...responses[i] }));
  const rows = sequences.map((sequence, i) => ({
    ...sequence,
    problemId: "speed",
    sampleIndex: i,
    sign: i % 2 === 0 ? "positive" as const : "negative" as const,
    oldLogProbs: sequence.logProbs,
    referenceLogProbs: sequence.logProbs,
    advantages: new Float32Array(responseTokens).fill(i % 2 === 0 ? 0.1 : -1),
  }));
  const steps = works.some((work) => work === "train" || work === "grpo");
  let optimizer = steps ? Optimizer.make(model) : undefined;
  const differentiate = Effect.fnUntraced(function* (own: Model, from: number, to: number, klCoef = 0) {
    const { gradient, gradNorm } = yield* policyGradient(own, rows.slice(from, to), { ...objective, klCoef });
    return { gradient, gradNorm };
  });
  const learn = Effect.fnUntraced(function* (own: Model, from: number, to: number, klCoef = 0) {
    const { gradient, gradNorm } = yield* differentiate(own, from, to, klCoef);
    if (optimizer !== undefined) optimizer = Optimizer.update(own, optimizer, gradient, gradNorm, adamw);
    Parameters.release(own.encoder, gradient);
  });
  const length = promptTokens + responseTokens;
  const learnt = Math.min(miniBatch, batch);
  /** Runs on `count` sequences. */
  const run: Record<Speed["work"], (own: Model, count: number) => Effect.Effect<void, DeviceError | GradientError>> = {
    sample: (own, count) => Effect.asVoid(draw(own, count)),
    score: (own, count) => Effect.asVoid(score(own, sequences.slice(0, count), 1)),
    gradient: Effect.fnUntraced(function* (own, count) {
      Parameters.release(own.encoder, (yield* differentiate(own, 0, count)).gradient);
    }),
    train: (own, count) => learn(own, 0, count),
    grpo: Effect.fnUntraced(function* (own, count) {
      yield* draw(own, count);
      yield* score(own, sequences.slice(0, count), 1);
      for (let from = 0; from < count; from += miniBatch) {
        yield* learn(own, from, Math.min(from + miniBatch, count), 1e-3);
      }
    }),
  };
  const shapeOf = (work: Speed["work"]) => {
    const count = work === "gradient" || work === "train" ? learnt : batch;
    return { count, tokens: count * (work === "sample" || work === "grpo" ? responseTokens : length) };
  };
  const times: number[] = [];
  for (const work of works) {
    // What is compiled once is left out.
    yield* run[work](model, 2);
    const seconds: number[] = [];
    for (let spent = 0; seconds.length < runs && spent < enough; spent += seconds[seconds.length - 1]) {
      const start = yield* Clock.currentTimeNanos;
      yield* run[work](model, shapeOf(work).count);
      yield* encoder.wait;
      seconds.push(Number((yield* Clock.currentTimeNanos) - start) / 1e9);
    }
    times.push(seconds.sort((a, b) => a - b)[seconds.length >> 1]);
  }
  // Profiling overwrites what tensors hold, so it comes last.
  const found: Speed[] = [];
  for (const [i, work] of works.entries()) {
    const { count, tokens } = shapeOf(work);
    const seconds = times[i];
    const keys = work === "sample" ? promptTokens + responseTokens / 2 : (length + 1) / 2;
    const { kernels, dispatches, flops, bytes } = yield* profile(
      encoder,
      (recorder) => run[work]({ ...model, encoder: recorder }, count),
      { productsOnly: true, keys },
    );
    const operations = kernels.reduce((sum, { flops = 0, calls }) => sum + flops * calls, 0);
    const alone = kernels.reduce((sum, { microseconds, calls }) => sum + microseconds * calls, 0) / 1e6;
    found.push({
      work,
      sequences: count,
      tokens,
      seconds,
      tokensPerSecond: tokens / seconds,
      gflops: operations / seconds / 1e9,
      productShare: alone / seconds,
      dispatches,
      flops,
      bytes,
    });
  }
  if (optimizer !== undefined) Optimizer.release(encoder, optimizer);
  return found;
});
