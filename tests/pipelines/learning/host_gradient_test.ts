/** A gradient that waits in the host's memory: every bit of the mini-batch's gradient and record is that of two gradients on the device. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { accumulate } from "../../../kernels/ops/add/add.ts";
import { dot } from "../../../kernels/ops/global_norm/global_norm.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import { bringAway, bringBack, foldRows } from "../../../pipelines/learning/host_gradient.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { batchOf, loadModel, readAll, sameBits, settingsOf } from "../models/golden_on_device.ts";

testOnDevice(
  "--offload gradient gives the gradient, norms and cosine of two gradients on the device, bit for bit",
  (shared) =>
    Effect.gen(function* () {
      for (const name of ["qwen2_untied", "qwen3_tied"] as const) {
        const golden = readGolden(name);
        const one = golden.cases.find(({ klCoef }) => klCoef > 0) ?? golden.cases[0];
        const found: Array<{ readonly sets: ReadonlyMap<string, Float32Array>; readonly record: unknown }> = [];
        const most: number[] = [];
        for (const offload of ["none", "gradient"] as const) {
          const encoder = new Encoder(shared.device, shared.info);
          const model = yield* loadModel(encoder, name);
          encoder.pool.mark();
          const { gradient, ...record } = yield* policyGradient(model, batchOf(golden, one), {
            ...settingsOf(one),
            offload,
          });
          assert.ok(record.cosine !== undefined && record.negative.gradNorm > 0);
          const { positive, negative } = record;
          found.push({
            sets: yield* readAll(encoder, gradient),
            record: {
              ...record,
              positive: { sums: positive.sums, gradNorm: positive.gradNorm },
              negative: { sums: negative.sums, gradNorm: negative.gradNorm },
            },
          });
          most.push(encoder.pool.statistics.most.get("gradients") ?? 0);
          releaseParameters(encoder, gradient);
          assert.equal(encoder.pool.statistics.use.get("gradients"), undefined);
        }
        assert.deepEqual(found[1].record, found[0].record);
        for (const [parameter, values] of found[0].sets) {
          sameBits(found[1].sets.get(parameter) ?? new Float32Array(), values, parameter);
        }
        assert.ok(most[1] <= most[0], `${most[1]} bytes, ${most[0]} without it`);
      }
    }),
);

testOnDevice(
  "what is brought back in parts, under a small binding limit too, is the sum of the whole",
  (shared) =>
    Effect.gen(function* () {
      const sizes = [5056, 64, 2048];
      const numbers = (name: string) => sizes.map((words, i) => noise(`${name} ${i}`, words));
      const [first, second] = [numbers("first"), numbers("second")];
      const put = (encoder: Encoder, values: ReadonlyArray<Float32Array<ArrayBuffer>>) => ({
        layout: { sizes, places: [] },
        arenas: values.map((list) => encoder.upload(list, 1, list.length)),
      });
      const [a, b] = [put(shared, first), put(shared, second)];
      const product = yield* dot(shared, a.arenas.map((arena, i) => [arena, b.arenas[i]]));
      a.arenas.forEach((arena, i) => accumulate(shared, foldRows(arena), foldRows(b.arenas[i])));
      for (
        const [part, maxBinding] of [[1 << 25, shared.info.maxBinding], [512, shared.info.maxBinding], [2048, 4096]]
      ) {
        const encoder = new Encoder(shared.device, { ...shared.info, maxBinding });
        const set = put(encoder, first);
        const away = yield* bringAway(encoder, set);
        sizes.forEach((_, i) => sameBits(away[i], first[i], `arena ${i} on the host`));
        for (const arena of set.arenas) assert.ok((yield* encoder.read(arena)).every((x) => x === 0));
        set.arenas.forEach((arena, i) => encoder.write(arena, second[i]));
        assert.equal(yield* bringBack(encoder, away, set, part), product);
        for (const [i, arena] of a.arenas.entries()) {
          sameBits(yield* encoder.read(set.arenas[i]), yield* shared.read(arena), `arena ${i} in parts of ${part}`);
        }
      }
    }),
);
