/** The pool without an end: requests join, leave and are preempted, and each response is the one that `decode` draws alone. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { integer, Key } from "../../../data/random.ts";
import { blockRows } from "../../../kernels/ops/kv_cache/blocks.ts";
import * as Stream from "effect/Stream";
import { decode, type Response } from "../../../pipelines/sampling/decode.ts";
import { type OpenPool, openPool } from "../../../pipelines/sampling/open_pool.ts";
import type { Request } from "../../../pipelines/sampling/pool_shape.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { loadModel } from "../models/golden_on_device.ts";
import { requestsFor, sameResponse, samplings } from "./decoding.ts";

/** The pieces of a response as one. */
const joined = (
  pieces: ReadonlyArray<Omit<Response, "finish"> & { readonly finish: Response["finish"] | undefined }>,
) => {
  const all = (of: (piece: typeof pieces[number]) => ArrayLike<number>) =>
    pieces.flatMap((piece) => Array.from(of(piece)));
  const finish = pieces.at(-1)?.finish;
  assert.ok(finish !== undefined);
  const response: Response = {
    responseTokens: Int32Array.from(all(({ responseTokens }) => responseTokens)),
    logProbs: Float32Array.from(all(({ logProbs }) => logProbs)),
    entropy: Float32Array.from(all(({ entropy }) => entropy)),
    finish,
  };
  return response;
};

/** Runs a pool until it is idle; requests join at random, every fifth leaves at random. Returns the pieces of those that stay. */
const crowded = Effect.fnUntraced(function* (pool: OpenPool, requests: ReadonlyArray<Request>) {
  const key = Key.make(5);
  const pieces = new Map<number, Parameters<typeof joined>[0][number][]>();
  const numberOf = new Map<number, number>();
  let [next, turn, preempted] = [0, 0, 0];
  let before = new Set<number>();
  while (next < requests.length || !pool.isIdle()) {
    for (let joining = integer(key, turn++, 6); joining > 0 && next < requests.length; joining--) {
      const index = pool.add({ ...requests[next], sampling: samplings[next % samplings.length] });
      numberOf.set(index, next);
      pieces.set(next++, []);
    }
    const leaving = integer(key, turn++, Math.max(1, next));
    if (leaving % 5 === 4) {
      for (const [index, number] of numberOf) {
        if (number === leaving) {
          pool.remove(index);
          before.delete(index);
        }
      }
    }
    const advances = yield* pool.round;
    for (const { index, ...piece } of advances) pieces.get(numberOf.get(index) ?? -1)?.push(piece);
    const running = new Set(advances.filter(({ finish }) => finish === undefined).map(({ index }) => index));
    preempted += [...before].filter((index) => !advances.some((one) => one.index === index)).length;
    before = running;
  }
  return { pieces, preempted };
});

testOnDevice(
  "requests join, leave and are preempted in a small cache: each response is that of decode, bit for bit",
  (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, "qwen3_tied");
      const { layers, kvHeads, headWidth } = model.config;
      const requests = requestsFor(model, 60, 3).map((one, i) => ({
        ...one,
        maxTokens: i % 2 === 0 ? 40 : one.maxTokens,
      }));
      const alone: Response[] = [];
      for (const [i, request] of requests.entries()) {
        const sampling = samplings[i % samplings.length];
        alone.push(...(yield* Stream.runCollect(decode(model, [request], sampling, [], { batch: 1 }))));
      }
      // A cache of 8 blocks holds the longest request alone; 12 slots would need more than 40.
      const cache = 2 * layers * 8 * blockRows * kvHeads * headWidth * 4 / 2 ** 30;
      const pool = openPool(model, [], 64, { batch: 12, cache });
      const { pieces, preempted } = yield* crowded(pool, requests);
      assert.ok(preempted > 2, `${preempted} preemptions`);
      let whole = 0;
      for (const [number, some] of pieces) {
        if (number % 5 === 4 && some.at(-1)?.finish === undefined) continue;
        sameResponse(joined(some), alone[number], `request ${number}`);
        whole++;
      }
      assert.ok(whole >= 48 && whole < 60, `${whole} whole responses`);
      const { freeBlocks, blocks, running, waiting } = pool.load();
      assert.deepEqual({ freeBlocks, running, waiting }, { freeBlocks: blocks, running: 0, waiting: 0 });
      pool.release();
    }),
);
