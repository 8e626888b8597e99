/**
 * The speed of sampling, scoring and training with a model on this device: tokens per second, operations and bytes, and the share of time
 * that its matrix products would take alone. Token values do not affect the speed, so prompts are made up.
 */
import { median } from "../../data/statistics.ts";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../data/random.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { profile } from "../../kernels/bench/profiler.ts";
import { type MiniBatch, miniBatches } from "../algorithms/mini_batches.ts";
import { decode, type DecodeOptions, type Response } from "../sampling/decode.ts";
import type { GradientError, TrainedSequence } from "../learning/gradient.ts";
import type { Model } from "../models/model.ts";
import type * as Optimizer from "../learning/optimizer.ts";
import { makeOptimizer, releaseOptimizer } from "../learning/optimizer.ts";
import { companionScores, gradient, optimizerStep, whole } from "../learning/optimizer_step.ts";
import { releaseParameters } from "../models/parameters.ts";
import { merge } from "../settings/resolve.ts";
import type { Request } from "../sampling/pool_shape.ts";

/** Tokens of each prompt and each response, sequences decoded or scored together, sequences of a mini-batch. */
export interface Workload {
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly batch: number;
  readonly miniBatch: number;
}

/**
 * The kinds of work: sampling responses, scoring their log-probs, the gradient of a mini-batch, the same with a step of AdamW, and a whole
 * step of GRPO, whose reference has the policy's weights: a batch sampled, scored, and trained on in mini-batches.
 */
const workNames = ["sample", "score", "gradient", "train", "grpo"] as const;

/** The speed of one kind of work. `tokensPerSecond` counts response tokens of `sample` and `grpo`, all tokens of the others. */
export interface Speed {
  readonly work: typeof workNames[number];
  readonly sequences: number;
  readonly tokens: number;
  /** Median over runs. */
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Operations of its matrix products (recomputed ones too) divided by its time, in GFLOP/s. */
  readonly gflops: number;
  /** The time of the products when each runs alone, divided by the total time. */
  readonly productShare: number;
  /** Operations and bytes of all its dispatches, by their shapes. */
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
}

/** The settings of sampling and training: the published ones, with both signs. */
const published = merge({ algorithm: "w-reinforce", gradientChunk: 8192 });

/** Sequences with an eighth as many different prompts, at least two. */
const requestsOf = ({ config }: Model, { promptTokens, responseTokens, batch }: Workload): ReadonlyArray<Request> =>
  Array.from({ length: batch }, (_, i) => {
    const prompt = Math.floor(i * Math.max(2, Math.floor(batch / 8)) / batch);
    return {
      promptTokens: Int32Array.from({ length: promptTokens }, (_, t) => (100 + prompt * 7 + t * 13) % config.vocabSize),
      key: Key.fold(Key.make(0), "speed", i),
      maxTokens: responseTokens,
    };
  });

/** Runs one kind of work on the first `count` sequences with the model `own`, which may have another encoder. */
type Run = (own: Model, count: number) => Effect.Effect<void, DeviceError | GradientError>;

/** Every kind of work, and a function that releases the optimizer. */
export interface Works {
  readonly run: Readonly<Record<Speed["work"], Run>>;
  readonly release: (own: Model) => void;
}

/** A request with a response to score and train on. */
export type Answered = Request & Pick<Response, "responseTokens" | "logProbs">;

/** Every kind of work on these sequences; the optimizer is made before its first step. */
export const worksOf = (
  sequences: ReadonlyArray<Answered>,
  { batch, miniBatch }: Workload,
  options: DecodeOptions = {},
): Works => {
  const draw = (own: Model, count: number) =>
    Stream.runDrain(decode(own, sequences.slice(0, count), published, [], { batch, ...options }));
  const rows = sequences.map((sequence, i) => ({
    ...sequence,
    problemId: "speed",
    sampleIndex: i,
    sign: i % 2 === 0 ? "positive" as const : "negative" as const,
    oldLogProbs: sequence.logProbs,
    referenceLogProbs: sequence.logProbs,
    advantages: new Float32Array(sequence.responseTokens.length).fill(i % 2 === 0 ? 0.1 : -1),
  }));
  let optimizer: Optimizer.Optimizer | undefined;
  const learn = Effect.fnUntraced(
    function* (own: Model, parts: ReadonlyArray<MiniBatch<TrainedSequence>>, klInLoss: boolean) {
      for (const policy of parts) {
        const state = { policy: { model: own, optimizer: optimizer ??= makeOptimizer(own) }, critic: undefined };
        const stepped = yield* optimizerStep(state, { policy }, { ...published, klInLoss }, () => Effect.void);
        optimizer = stepped.state.policy.optimizer;
      }
    },
  );
  const reference = (own: Model, count: number) => companionScores({ reference: own }, rows.slice(0, count), 1);
  return {
    run: {
      sample: draw,
      score: (own, count) => Effect.asVoid(reference(own, count)),
      gradient: (own, count) =>
        Effect.map(
          gradient(own, whole(rows.slice(0, count)), { ...published, klInLoss: false }),
          (found) => releaseParameters(own.encoder, found.gradient),
        ),
      train: (own, count) => learn(own, [whole(rows.slice(0, count))], false),
      grpo: Effect.fnUntraced(function* (own, count) {
        yield* draw(own, count);
        yield* reference(own, count);
        yield* learn(own, miniBatches(rows.slice(0, count), miniBatch), true);
      }),
    },
    release: ({ encoder }) => {
      if (optimizer !== undefined) releaseOptimizer(encoder, optimizer);
    },
  };
};

/** Work that took this many seconds is not repeated. */
const enough = 30;

/** The work to measure and the number of runs; by default all but `gradient`, which `train` contains. */
export interface SpeedOptions {
  readonly runs: number;
  readonly works?: ReadonlyArray<Speed["work"]>;
}

/** Measures each kind of work, the median of `runs`; changes the model's weights. */
export const measureSpeed = Effect.fn("Model.measureSpeed")(function* (
  model: Model,
  workload: Workload,
  { runs, works = ["sample", "score", "train", "grpo"] }: SpeedOptions,
): Effect.fn.Return<ReadonlyArray<Speed>, DeviceError | GradientError> {
  const { batch, miniBatch, promptTokens, responseTokens } = workload;
  const { encoder } = model;
  const requests = requestsOf(model, workload);
  const responses = yield* Stream.runCollect(decode(model, requests, published, [], { batch }));
  const { run, release } = worksOf(requests.map((request, i) => ({ ...request, ...responses[i] })), workload);
  const length = promptTokens + responseTokens;
  const learnt = Math.min(miniBatch, batch);
  const shapeOf = (work: Speed["work"]) => {
    const count = work === "gradient" || work === "train" ? learnt : batch;
    return { count, tokens: count * (work === "sample" || work === "grpo" ? responseTokens : length) };
  };
  const times: number[] = [];
  for (const work of works) {
    // The first run compiles and is not counted.
    yield* run[work](model, 2);
    const seconds: number[] = [];
    for (let spent = 0; seconds.length < runs && spent < enough; spent += seconds[seconds.length - 1]) {
      const start = yield* Clock.currentTimeNanos;
      yield* run[work](model, shapeOf(work).count);
      yield* encoder.wait;
      seconds.push(Number((yield* Clock.currentTimeNanos) - start) / 1e9);
    }
    times.push(median(seconds));
  }
  // Profiling overwrites tensors, so it comes last.
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
  release(model);
  return found;
});
