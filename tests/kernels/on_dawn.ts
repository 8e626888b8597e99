/**
 * Tests on a device that Dawn opens: what `SIGNUM_ADAPTER` names where that is one of Dawn's, else the GPU where there is one, else SwiftShader,
 * a software driver that is fetched for these tests alone. Where neither can be had the tests fail.
 */
import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import { existsSync, readdirSync } from "node:fs";
import { whyNoGpu } from "../../kernels/device/dawn.ts";
import { type DeviceOptions, environment, openDevice, type Opened } from "../../kernels/device/device.ts";
import { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { cacheFolder } from "../../kernels/device/swiftshader.ts";
import { adapterOfTests, kernelsOfTests } from "../adapter.ts";
import { Device } from "./device_service.ts";
import { announce } from "./run_case.ts";

/** Opens the device; says what it is, and that a driver is fetched. */
export const openOnDawn = (more: Partial<DeviceOptions> = {}): Effect.Effect<Opened, DeviceError, Scope.Scope> =>
  Effect.gen(function* () {
    const options = { ...environment(), kernels: kernelsOfTests, ...more };
    if (adapterOfTests !== "wasm") return yield* openDevice(options);
    if (whyNoGpu() === undefined) {
      const gpu = yield* Effect.result(openDevice({ ...options, adapter: "gpu" }));
      if (gpu._tag === "Success") return gpu.success;
      announce(`no GPU: ${gpu.failure.message}`);
    }
    const folder = cacheFolder();
    if (!existsSync(folder) || !readdirSync(folder).some((name) => /^swiftshader-\w+$/.test(name))) {
      announce("fetching SwiftShader from npm (about 65 MB, once), for the tests alone");
    }
    return yield* openDevice({ ...options, adapter: "swiftshader" });
  }).pipe(
    Effect.mapError(({ reason, message }) =>
      new DeviceError({ reason, message: `The tests of Dawn's path need a GPU or the driver SwiftShader: ${message}` })
    ),
    Effect.tap(({ info }) => Effect.sync(() => announce(`${info.kind} (${info.description}) through Dawn`))),
  );

const runtime = ManagedRuntime.make(Layer.effect(Device, openOnDawn()));

/** A test whose body uses the device. */
export const testOnDawn = (name: string, body: (encoder: Encoder) => Effect.Effect<void, unknown>): void => {
  Deno.test({
    name: `Dawn: ${name}`,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => runtime.runPromise(Effect.flatMap(Device, ({ encoder }) => body(encoder))),
  });
};
