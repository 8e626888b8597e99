/** Caches that are too small for all sequences: preemption and reassigned slots change no byte. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { type Dispatch, Encoder } from "../../../kernels/gpu/encoder.ts";
import type { Kernel } from "../../../kernels/gpu/kernel.ts";
import { blockRows } from "../../../kernels/ops/kv_cache/blocks.ts";
import { decode, type DecodeOptions } from "../../../pipelines/sampling/decode.ts";
import type { Model } from "../../../pipelines/models/model.ts";
import type { ModelConfig } from "../../../pipelines/models/model_config.ts";
import { poolShape, type Request } from "../../../pipelines/sampling/pool_shape.ts";
import { isEmulated, testOnSubgroups } from "../../kernels/on_subgroups.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { requestsFor, sameAsScored, sameResponse, samplings } from "./decoding.ts";
import { loadModel } from "../models/golden_on_device.ts";

/** Counts the rows that are prefilled: prompts, and the responses of preempted sequences. */
class Reads extends Encoder {
  rows = 0;
  #isStep = false;

  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    if (kernel.name === "decode_rows") this.#isStep = true;
    if (kernel.name === "append_token") this.#isStep = false;
    if (kernel.name === "rope_cache" && !this.#isStep) this.rows += dispatch.params.N;
    super.dispatch(kernel, dispatch);
  }
}

/** Leaves buffers for the caches lie free that are full of NaN: a row that is read and was never written makes every log-prob a NaN. */
const poison = (encoder: Encoder, { layers, kvHeads, headWidth }: ModelConfig, blocks: number) => {
  const words = blocks * blockRows * kvHeads * headWidth;
  const free = Array.from({ length: 2 * layers }, () => encoder.tensor(1, words));
  for (const tensor of free) encoder.write(tensor, new Float32Array(words).fill(NaN));
  for (const tensor of free) encoder.release(tensor);
};

/** GiB of the caches of a model with so many blocks. */
const cacheOf = ({ layers, kvHeads, headWidth }: ModelConfig, blocks: number): number =>
  2 * layers * blocks * blockRows * kvHeads * headWidth * 4 / 2 ** 30;

testOnDevice(
  "a sequence sees no key of the one before it in its slot, nor what the cache held before",
  (encoder) =>
    Effect.gen(function* () {
      const own = new Encoder(encoder.device, encoder.info);
      const model = yield* loadModel(own, "qwen3_tied");
      // Long sequences and short ones by turns, all in one slot.
      const requests = requestsFor(model, 8, 1).map((one, i) => ({ ...one, maxTokens: i % 2 === 0 ? 24 : 5 }));
      poison(own, model.config, poolShape({ config: model.config, info: own.info }, requests, { batch: 1 }).blocks);
      const responses = yield* Stream.runCollect(decode(model, requests, samplings[0], [], { batch: 1 }));
      assert.deepEqual(responses.map(({ responseTokens }) => responseTokens.length), [24, 5, 24, 5, 24, 5, 24, 5]);
      yield* sameAsScored(model, requests, responses, 1);
      yield* own.wait;
      own.pool.trim();
    }),
);

/** Groups of five, and of one, whose responses have up to `longest` tokens. */
const longRequests = (model: Model, longest: number): ReadonlyArray<Request> =>
  [...requestsFor(model, 20, 5), ...requestsFor(model, 26, 1).slice(20)]
    .map((one, i) => ({ ...one, maxTokens: i % 3 === 0 ? longest : 1 + i * 11 % longest }));

for (const kernels of ["plain", "cooperative"] as const) {
  const few = kernels === "cooperative" && isEmulated;
  const test = kernels === "cooperative" ? testOnSubgroups : testOnDevice;
  test(
    `${kernels} kernels: many preemptions in a small cache change no byte, with stop tokens and with full lengths`,
    (encoder) =>
      Effect.gen(function* () {
        const own = new Reads(encoder.device, { ...encoder.info, cooperative: kernels === "cooperative" });
        const model = yield* loadModel(own, "qwen3_tied");
        const { config } = model;
        const longest = few ? 40 : 70;
        const requests = longRequests(model, longest).slice(0, few ? 6 : undefined);
        const prompts = new Set(requests.map(({ promptTokens }) => promptTokens.join())).size;
        assert.ok(prompts < requests.length);
        // Blocks (or as many as the longest sequence needs), steps between syncs, and slots.
        const rooms = [[0, 2, 90], [9, 1, 90], [12, 20, 90], [24, 5, 90], [16, 3, 5]];
        for (
          const [sampling, stopTokens, tried] of [
            [samplings[0], config.stopTokens, few ? rooms.slice(0, 1) : rooms],
            [samplings[4], [], kernels === "plain" ? rooms.slice(1, 3) : []],
          ] as const
        ) {
          if (few && tried.length === 0) continue;
          own.rows = 0;
          const run = (options: DecodeOptions) =>
            Stream.runCollect(decode(model, requests, sampling, stopTokens, options));
          const all = yield* run({});
          const once = own.rows;
          yield* sameAsScored(model, requests, all, sampling.temperature);
          const lengths = all.map(({ responseTokens }) => responseTokens.length);
          assert.ok(all.some(({ finish }, i) => finish === "length" && lengths[i] === longest));
          if (!few) assert.equal(all.some(({ finish }) => finish === "stop"), stopTokens.length > 0);
          const again: number[] = [];
          for (const [blocks, steps, batch] of tried) {
            own.rows = 0;
            const options = { batch, cache: cacheOf(config, blocks) };
            const shape = poolShape({ config, info: own.info }, requests, options);
            // A block of the prompt and those of the response are what the longest sequence needs.
            assert.equal(shape.blocks, Math.max(1 + Math.ceil(longest / blockRows), blocks));
            poison(own, config, shape.blocks);
            const found = yield* run({ ...options, syncInterval: () => steps });
            assert.equal(found.length, requests.length);
            found.forEach((response, i) =>
              sameResponse(response, all[i], `rollout ${i}, ${blocks} blocks, a sync every ${steps} steps`)
            );
            again.push((own.rows - once) / config.layers);
          }
          console.log(`${once / config.layers} rows of prompts; read again with fewer blocks: ${again.join(", ")}`);
          const sum = again.reduce((a, b) => a + b, 0);
          assert.ok(sum >= (few ? 20 : 50) * tried.length, `rows read again: ${again}`);
        }
        model.dropTable();
        yield* own.wait;
        own.pool.trim();
      }),
  );
}
