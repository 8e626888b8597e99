/** What the encoder refuses: a dispatch whose parameters are not those of its kernel fails by name, and nothing of it runs. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { type Dispatch, Encoder } from "../../../kernels/gpu/encoder.ts";
import { addKernel } from "../../../kernels/ops/add/add.ts";
import { testOnDawn } from "../on_dawn.ts";
import { testOnDevice } from "../run_case.ts";

for (const test of [testOnDevice, testOnDawn]) {
  test("a dispatch with a parameter missing, unknown or too many is refused by name", (encoder) =>
    Effect.gen(function* () {
      const attempt = (params: Dispatch["params"], count = 3) =>
        Effect.gen(function* () {
          const own = new Encoder(encoder.device, encoder.info);
          const tensors = [1, 2, 9].map((x) => own.upload(Float32Array.of(x), 1, 1));
          own.dispatch(addKernel, { constants: { C: 1 }, tensors: tensors.slice(0, count), params, groups: [1] });
          // A fault stays: what was computed is read by another encoder of the same device.
          const fault = yield* Effect.match(own.wait, { onFailure: ({ message }) => message, onSuccess: () => "" });
          const [sum] = yield* new Encoder(encoder.device, encoder.info).read(tensors[2]);
          return [fault, sum];
        });
      const refused = 'Cannot bind kernel "add":';
      assert.deepEqual(yield* attempt({ N: 1 }), ["", 3]);
      assert.deepEqual(yield* attempt({}), [`${refused} "N" has no value`, 9]);
      assert.deepEqual(yield* attempt({ N: 1, M: 1 }), [`${refused} it has no parameter "M"`, 9]);
      assert.deepEqual(yield* attempt({ M: 1 }), [`${refused} "N" has no value`, 9]);
      assert.deepEqual(yield* attempt({ N: 1 }, 2), [`${refused} expected 3 bindings, found 2`, 9]);
    }));
}
