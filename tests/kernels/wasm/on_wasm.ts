/** Tests on embedded devices, whatever the adapter of the other tests is, and single kernels given as text. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as ManagedRuntime from "effect/ManagedRuntime";
import type * as Scope from "effect/Scope";
import type { DeviceError } from "../../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { makeKernel } from "../../../kernels/gpu/kernel.ts";
import { type EmbeddedOptions, openEmbedded } from "../../../kernels/wasm/open.ts";
import { Device } from "../device_service.ts";

/** An embedded device of two threads, where not told otherwise. */
export const openWasm = (options: Partial<EmbeddedOptions> = {}): Effect.Effect<Encoder, DeviceError, Scope.Scope> =>
  openEmbedded({ validated: false, why: "a test asks for it", threads: "2", ...options });

/** A test on a device of its own. */
export const testOnNewWasm = (
  name: string,
  body: (encoder: Encoder) => Effect.Effect<void, unknown, Scope.Scope>,
  options: Partial<EmbeddedOptions> = {},
): void => {
  Deno.test(name, () => Effect.runPromise(Effect.scoped(Effect.flatMap(openWasm(options), body))));
};

const runtime = ManagedRuntime.make(
  Layer.effect(Device, Effect.map(openWasm(), (encoder) => ({ encoder, info: encoder.info }))),
);

/** A test on the device that all tests of a file share. */
export const testOnWasm = (name: string, body: (encoder: Encoder) => Effect.Effect<void, unknown>): void => {
  Deno.test({
    name,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => runtime.runPromise(Effect.flatMap(Device, ({ encoder }) => body(encoder))),
  });
};

let texts = 0;

/** What a kernel `main` leaves in `result`, whose words are zero before; `given` is what it reads. */
export const runText = (
  encoder: Encoder,
  source: string,
  { given = [0], results = 1, groups = 1 }: {
    readonly given?: ArrayLike<number>;
    readonly results?: number;
    readonly groups?: number;
  } = {},
): Effect.Effect<Uint32Array<ArrayBuffer>, DeviceError> =>
  Effect.gen(function* () {
    // An encoder knows kernels by their names.
    const name = `main_${texts++}`;
    const kernel = makeKernel(source.replace("fn main(", `fn ${name}(`));
    const input = encoder.upload(Uint32Array.from(given), 1, given.length);
    const output = encoder.upload(new Uint32Array(results), 1, results);
    encoder.dispatch(kernel, { tensors: [input, output], params: { n: given.length }, groups: [groups] });
    const words = yield* encoder.readWords(output);
    for (const tensor of [input, output]) encoder.release(tensor);
    return words;
  });
