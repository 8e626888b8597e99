/**
 * How fast a model is sampled, scored and trained on the device at hand: tokens a second, the rate of the matrix products, and how
 * much of the time they would take alone. What tokens say does not matter to the speed, so prompts are made up.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../data/random.ts";
import type { DeviceError } from "../../kernels/device_error.ts";
import { profile } from "../../kernels/profiler.ts";
import { decode, type Response } from "./decode.ts";
import { type GradientError, policyGradient } from "./gradient.ts";
import type { Model } from "./model.ts";
import * as Parameters from "./parameters.ts";
import { score } from "./score.ts";
import type { Request } from "./pool_shape.ts";

/** Tokens of each prompt and each response, sequences decoded or scored together, sequences of a mini-batch. */
export interface Workload {
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly batch: number;
  readonly miniBatch: number;
}

/** One kind of work. `tokensPerSecond` counts response tokens of `sample`, all tokens of the others. */
export interface Speed {
  readonly work: "sample" | "score" | "train";
  readonly sequences: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly tokensPerSecond: number;
  /** Operations of its matrix products (recomputed ones too) over the time that it takes, in GFLOP/s. */
  readonly gflops: number;
  /** What the products take when each runs alone, over what all takes. */
  readonly productShare: number;
}

const objective = {
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
  gradientChunk: 8192,
} as const;

const sampling = { temperature: 1, topK: 0, topP: 1 };

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

/** Measures sampling, scoring and a W-REINFORCE gradient, the least time of `runs`; the model's weights are lost. */
export const measureSpeed = Effect.fn("Model.measureSpeed")(function* (
  model: Model,
  workload: Workload,
  runs: number,
): Effect.fn.Return<ReadonlyArray<Speed>, DeviceError | GradientError> {
  const { batch, miniBatch, promptTokens, responseTokens } = workload;
  const requests = requestsOf(model, workload, batch);
  const responses: ReadonlyArray<Response> = yield* Stream.runCollect(decode(model, requests, sampling, [], { batch }));
  const sequences = requests.map((request, i) => ({ ...request, ...responses[i] }));
  const rows = sequences.slice(0, miniBatch).map((sequence, i) => ({
    ...sequence,
    problemId: "speed",
    sampleIndex: i,
    sign: i % 2 === 0 ? "positive" as const : "negative" as const,
    oldLogProbs: sequence.logProbs,
    advantages: new Float32Array(responseTokens).fill(i % 2 === 0 ? 0.1 : -1),
  }));
  const train = Effect.fnUntraced(function* (own: Model, count: number) {
    const { gradient } = yield* policyGradient(own, rows.slice(0, count), objective);
    Parameters.release(own.encoder, gradient);
  });
  const length = promptTokens + responseTokens;
  const works = [
    {
      work: "sample",
      sequences: batch,
      tokens: batch * responseTokens,
      run: (own: Model, count: number) =>
        Stream.runDrain(decode(own, requests.slice(0, count), sampling, [], { batch })),
    },
    {
      work: "score",
      sequences: batch,
      tokens: batch * length,
      run: (own: Model, count: number) => Effect.asVoid(score(own, sequences.slice(0, count), 1)),
    },
    { work: "train", sequences: rows.length, tokens: rows.length * length, run: train },
  ] as const;
  const times: number[] = [];
  for (const { sequences, run } of works) {
    // What is compiled once is left out.
    yield* run(model, 2);
    let least = Infinity;
    for (let i = 0; i < runs; i++) {
      const start = yield* Clock.currentTimeNanos;
      yield* run(model, sequences);
      yield* model.encoder.wait;
      least = Math.min(least, Number((yield* Clock.currentTimeNanos) - start) / 1e9);
    }
    times.push(least);
  }
  // Profiling overwrites what tensors hold, so it comes last.
  return yield* Effect.forEach(
    works,
    ({ work, sequences, tokens, run }, i) =>
      Effect.map(
        profile(model.encoder, (encoder) => run({ ...model, encoder }, sequences), { productsOnly: true }),
        (products): Speed => {
          const operations = products.reduce((sum, { flops = 0, calls }) => sum + flops * calls, 0);
          const alone = products.reduce((sum, { microseconds, calls }) => sum + microseconds * calls, 0) / 1e6;
          const seconds = times[i];
          return {
            work,
            sequences,
            tokens,
            seconds,
            tokensPerSecond: tokens / seconds,
            gflops: operations / seconds / 1e9,
            productShare: alone / seconds,
          };
        },
      ),
  );
});
