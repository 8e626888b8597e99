/** Where there is no memory, the next wait fails with a sentence that names what it was for, how much is in use and what may be turned. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { environment, openDevice } from "../../../kernels/device/device.ts";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { adviceOn } from "../../../pipelines/models/memory_purposes.ts";
import { testOnDevice } from "../run_case.ts";

const purpose = "key-value cache";

testOnDevice(
  "a tensor that no buffer of the device can hold is named with its shape and its knob",
  (shared) =>
    Effect.gen(function* () {
      const encoder = new Encoder(shared.device, { ...shared.info, maxBuffer: 1 << 20 });
      encoder.advice = adviceOn;
      const small = encoder.tensor(1, 256);
      yield* encoder.read(small);
      encoder.tensor(1024, 512, { purpose });
      const { message } = yield* Effect.flip(encoder.read(small));
      assert.equal(
        message,
        'Cannot allocate "key-value cache": a buffer has at most 1.00 MiB, [1024, 512] takes 2.00 MiB, 0.00 MiB are in use; ' +
          "a smaller --cache, --batch or --max-tokens takes less, --activations bf16 half",
      );
    }),
);

testOnDevice(
  "memory that the device itself refuses is named by its purpose and its knob",
  () =>
    Effect.scoped(Effect.gen(function* () {
      // A device of its own, since the fault stays; Dawn's validation would refuse the size before the driver does.
      const { encoder } = yield* openDevice({ ...environment(), validated: false });
      encoder.advice = adviceOn;
      const small = encoder.tensor(1, 256);
      encoder.pool.take(encoder.info.maxBuffer + 1024, purpose);
      const { message } = yield* Effect.flip(encoder.read(small));
      assert.match(
        message,
        /^Cannot allocate "key-value cache": the device has no more memory, [\d.]+ MiB are in use/,
      );
      assert.match(message, /; a smaller --cache, --batch or --max-tokens takes less, --activations bf16 half$/);
    })),
);
