/**
 * Opens the device that runs the kernels: a GPU through Dawn if there is one, otherwise the embedded device, which runs the same kernels compiled
 * to WebAssembly. `SIGNUM_ADAPTER` chooses another one; the software Vulkan drivers lavapipe and SwiftShader serve to test the Dawn path. A
 * boundary file: it reads the environment.
 */
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { testedCooperative } from "./cooperative.ts";
import { type FoundAdapter, listen, requestAdapter, startDevice, whyNoGpu } from "./dawn.ts";
import { type KernelChoice, missingKernels } from "../gpu/chosen_kernels.ts";
import { adapterKinds, DeviceError, type DeviceInfo, type MatrixUnits } from "../gpu/device_info.ts";
import { Encoder } from "../gpu/encoder.ts";
import { matrixConfigs, matrixFeature, suitable, testedUnits } from "./matrix_units.ts";
import { openEmbedded } from "../wasm/open.ts";

/** Which device to open (undefined: the best available), and how. */
export interface DeviceOptions {
  readonly adapter: string | undefined;
  /** Enables Dawn's validation and robustness, or the embedded device's access checks. */
  readonly validated: boolean;
  /**
   * Kernels whose bits differ from the plain ones: `matrix` rounds the operands of products to float16, `cooperative` sums in another order. A
   * kernel that the device lacks, or that fails its self-test, is not used; the device's notes say so.
   */
  readonly kernels?: KernelChoice | undefined;
  /** Threads of the embedded device; undefined: one per processor. */
  readonly threads?: string | undefined;
}

/** The options set by `SIGNUM_ADAPTER`, `SIGNUM_THREADS` and `SIGNUM_VALIDATION`. */
export const environment = (): DeviceOptions => ({
  adapter: Deno.env.get("SIGNUM_ADAPTER") || undefined,
  threads: Deno.env.get("SIGNUM_THREADS") || undefined,
  validated: Deno.env.get("SIGNUM_VALIDATION") === "1",
});

/** An open device; `adapter` is Dawn's adapter, if it runs on Dawn. */
export interface Opened {
  readonly encoder: Encoder;
  readonly info: DeviceInfo;
  readonly adapter?: GPUAdapter;
}

/** Opens a device for the scope's lifetime; fails with "NoAdapter" if the requested one is unavailable. */
export const openDevice = (options: DeviceOptions): Effect.Effect<Opened, DeviceError, Scope.Scope> =>
  Effect.gen(function* () {
    const { validated } = options;
    const adapter = adapterKinds.find((kind) => kind === options.adapter);
    if (options.adapter !== undefined && adapter === undefined) {
      const wanted = `Cannot open adapter "${options.adapter}" (SIGNUM_ADAPTER)`;
      return yield* new DeviceError({
        reason: "NoAdapter",
        message: `${wanted}: expected one of ${adapterKinds.join(", ")}`,
      });
    }
    if (adapter === "wasm") return yield* embedded("SIGNUM_ADAPTER asks for it", options);
    if (adapter === undefined) {
      const none = whyNoGpu();
      if (none !== undefined) return yield* embedded(none, options);
      const found = yield* Effect.result(
        Effect.tryPromise({ try: () => requestAdapter("gpu", validated), catch: reasonOf }),
      );
      if (found._tag === "Failure") return yield* embedded(`no GPU can be used: ${found.failure}`, options);
      return yield* throughDawn(found.success, options);
    }
    const found = yield* Effect.tryPromise({
      try: () => requestAdapter(adapter, validated),
      catch: (cause) => refuse(`Cannot open adapter "${adapter}" (SIGNUM_ADAPTER): ${reasonOf(cause)}`),
    });
    return yield* throughDawn(found, options);
  });

/** Like `openDevice`, but fails with "NoKernels" if the device cannot run the requested kernels. */
export const openWith = (options: DeviceOptions): Effect.Effect<Opened, DeviceError, Scope.Scope> =>
  Effect.flatMap(openDevice(options), (opened) => {
    const missing = missingKernels(options.kernels ?? [], opened.info);
    return missing === undefined
      ? Effect.succeed(opened)
      : Effect.fail(new DeviceError({ reason: "NoKernels", message: `Cannot run ${missing}` }));
  });

const embedded = Effect.fnUntraced(function* (
  why: string,
  options: DeviceOptions,
): Effect.fn.Return<Opened, DeviceError, Scope.Scope> {
  const { validated, threads } = options;
  const encoder = yield* openEmbedded({ validated, why, threads });
  return { encoder, info: yield* chosen(encoder, undefined, options) };
});

const throughDawn = Effect.fnUntraced(function* (
  found: FoundAdapter,
  options: DeviceOptions,
): Effect.fn.Return<Opened, DeviceError, Scope.Scope> {
  const { validated, kernels = [] } = options;
  const matrix = kernels.includes("matrix");
  const { adapter } = found;
  const encoder = yield* Effect.acquireRelease(
    Effect.tryPromise({ try: () => startDevice(found, validated, matrix), catch: (cause) => refuse(reasonOf(cause)) }),
    (opened) => Effect.andThen(Effect.ignore(opened.wait), Effect.sync(() => opened.device.destroy())),
  );
  const units = encoder.device.features.has(matrixFeature)
    ? suitable(matrixConfigs(adapter.info), encoder.info.lanes)
    : undefined;
  const info = yield* chosen(encoder, units, options);
  return { encoder: info === encoder.info ? encoder : listen(new Encoder(encoder.device, info)), info, adapter };
});

/** The device's properties after the self-tests of the requested kernels. */
const chosen = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits | undefined,
  { kernels }: DeviceOptions,
): Effect.fn.Return<DeviceInfo> {
  if (kernels === undefined) return encoder.info;
  const products = kernels.includes("matrix") ? yield* testedUnits(encoder, units) : undefined;
  const rows = kernels.includes("cooperative") ? yield* testedCooperative(encoder) : undefined;
  return {
    ...encoder.info,
    plain: kernels.includes("plain"),
    matrix: products?.units,
    cooperative: rows?.cooperative,
    notes: [...products?.notes ?? [], ...rows?.notes ?? []],
  };
});

/** The same device without its matrix units. */
export const withoutMatrix = (encoder: Encoder): Encoder =>
  encoder.info.matrix === undefined
    ? encoder
    : listen(new Encoder(encoder.device, { ...encoder.info, matrix: undefined, notes: undefined }));

const refuse = (message: string) => new DeviceError({ reason: "NoAdapter", message });

const reasonOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause);
