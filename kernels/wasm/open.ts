/**
 * Opens the embedded device, with one thread per processor (or `SIGNUM_THREADS`), limited to the free memory of the machine or its control group. A
 * boundary file: it reads the machine's properties.
 */
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { readFileSync } from "node:fs";
import { DeviceError, type DeviceInfo } from "../gpu/device_info.ts";
import { Encoder } from "../gpu/encoder.ts";
import { EmbeddedDevice } from "./embedded_device.ts";
import { Threads } from "./threads.ts";

export interface EmbeddedOptions {
  /** Whether every access of a kernel is checked. */
  readonly validated: boolean;
  /** Why this device was chosen. */
  readonly why: string;
  /** The value of `SIGNUM_THREADS`. */
  readonly threads?: string | undefined;
  /** Most bytes in use; default: the machine's free memory. */
  readonly memory?: number;
}

const mostThreads = 64;

/** Opens the device for the scope's lifetime. */
export const openEmbedded = (
  { validated, why, threads, memory = freeMemory() }: EmbeddedOptions,
): Effect.Effect<Encoder, DeviceError, Scope.Scope> =>
  Effect.gen(function* () {
    const count = threads === undefined ? Math.min(mostThreads, navigator.hardwareConcurrency) : Number(threads);
    if (!Number.isInteger(count) || count < 1 || count > mostThreads) {
      return yield* new DeviceError({
        reason: "NoAdapter",
        message:
          `Cannot open the embedded device with "${threads}" threads (SIGNUM_THREADS): expected 1 to ${mostThreads}`,
      });
    }
    const started = yield* Effect.acquireRelease(
      Effect.try({
        try: () => new Threads(count, memory),
        catch: (cause) =>
          new DeviceError({ reason: "NoAdapter", message: `Cannot open the embedded device: ${String(cause)}` }),
      }),
      (started) => Effect.promise(() => started.close()),
    );
    provideConstants();
    const device = new EmbeddedDevice(started, validated);
    const info: DeviceInfo = {
      kind: "wasm",
      description: "WebAssembly",
      why,
      features: [],
      lanes: 0,
      serial: true,
      threads: count,
      maxBinding: device.limits.maxStorageBufferBindingSize,
      maxBuffer: device.limits.maxBufferSize,
      validated,
    };
    // The class implements the part of GPUDevice that encoders use.
    const encoder = new Encoder(device as unknown as GPUDevice, info);
    device.listener = {
      outOfMemory: (label) => encoder.outOfMemory(label),
      fail: (message) => encoder.fail(message),
    };
    return encoder;
  });

/** Defines the WebGPU constants that encoders use; Dawn defines its own. */
const provideConstants = (): void => {
  const constants = {
    GPUBufferUsage: { MAP_READ: 1, MAP_WRITE: 2, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128 },
    GPUMapMode: { READ: 1, WRITE: 2 },
    GPUShaderStage: { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 },
  };
  for (const [name, value] of Object.entries(constants)) {
    if (Reflect.get(globalThis, name) === undefined) Reflect.set(globalThis, name, value);
  }
};

/** Free memory in bytes, of the machine or of this process's control group. */
const freeMemory = (): number => {
  const { available } = Deno.systemMemoryInfo();
  const of = (path: string): number => {
    try {
      const number = Number(readFileSync(path, "utf8").trim());
      return Number.isFinite(number) ? number : Infinity;
    } catch {
      return Infinity;
    }
  };
  const second = of("/sys/fs/cgroup/memory.max") - Math.min(of("/sys/fs/cgroup/memory.current"), 2 ** 60);
  const first = of("/sys/fs/cgroup/memory/memory.limit_in_bytes") -
    Math.min(of("/sys/fs/cgroup/memory/memory.usage_in_bytes"), 2 ** 60);
  return Math.max(0, Math.min(available, ...[second, first].filter((left) => !Number.isNaN(left))));
};
