/**
 * Opens the GPU through Dawn: a hardware adapter, else lavapipe (Mesa's software Vulkan), else the SwiftShader that npm carries; it says
 * which and why, and never falls back in silence. A boundary file: it loads the addon, sets the environment that Vulkan's loader
 * reads and patches the polling of Dawn's event loop. What is true of Dawn and its drivers stands where it is used.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { testedCooperative } from "./cooperative.ts";
import { DeviceError, type DeviceInfo } from "./device_error.ts";
import { Encoder } from "./encoder.ts";
import { matrixConfigs, matrixFeature, suitable, testedUnits } from "./matrix_units.ts";
import { swiftshaderFiles } from "./swiftshader.ts";

/** The open device; one a process. */
export class Device extends Context.Service<Device, { readonly encoder: Encoder; readonly info: DeviceInfo }>()(
  "signum/kernels/Device",
) {
  /** The device that `SIGNUM_ADAPTER` names, else the best that is there; `SIGNUM_VALIDATION=1` keeps Dawn's checks on. */
  static readonly layerDawn: Layer.Layer<Device, DeviceError> = Layer.effect(
    Device,
    Effect.suspend(() => open(environment())),
  );
}

/** Which adapter is wanted (undefined: the best) and whether Dawn's validation and robustness stay on. */
export interface DeviceOptions {
  readonly adapter: string | undefined;
  readonly validated: boolean;
  /** Whether products may use matrix units, which round their operands to float16. */
  readonly matrix?: boolean;
  /** Whether rows may be shared out among the lanes of a subgroup, which sums in another order. */
  readonly cooperative?: boolean;
}

const kinds = ["gpu", "lavapipe", "swiftshader"] as const;
type Kind = typeof kinds[number];

/** What the environment asks for: `SIGNUM_ADAPTER`, `SIGNUM_VALIDATION`, `SIGNUM_MATRIX`, `SIGNUM_COOPERATIVE`. */
export const environment = (): DeviceOptions => ({
  adapter: Deno.env.get("SIGNUM_ADAPTER") || undefined,
  validated: Deno.env.get("SIGNUM_VALIDATION") === "1",
  matrix: Deno.env.get("SIGNUM_MATRIX") === "1",
  cooperative: Deno.env.get("SIGNUM_COOPERATIVE") === "1",
});

// Dropping what create() returned crashes the process, so both live as long as it does.
const alive: unknown[] = [];

/** Opens a device for the life of the scope; fails with "NoAdapter" where the wanted adapter cannot be had. */
export const open = (
  { adapter, validated, matrix = false, cooperative = false }: DeviceOptions,
): Effect.Effect<
  { readonly encoder: Encoder; readonly info: DeviceInfo; readonly adapter: GPUAdapter },
  DeviceError,
  Scope.Scope
> =>
  Effect.gen(function* () {
    if (adapter !== undefined && !kinds.some((kind) => kind === adapter)) {
      return yield* new DeviceError({
        reason: "NoAdapter",
        message: `Cannot open adapter "${adapter}" (SIGNUM_ADAPTER): expected one of ${kinds.join(", ")}`,
      });
    }
    const found = yield* Effect.tryPromise({ try: () => request(adapter, validated), catch: refuse });
    const encoder = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => start(found, validated, matrix), catch: refuse }),
      (opened) => Effect.andThen(Effect.ignore(opened.wait), Effect.sync(() => opened.device.destroy())),
    );
    if (!matrix && !cooperative) return { encoder, info: encoder.info, adapter: found.adapter };
    const units = encoder.device.features.has(matrixFeature)
      ? suitable(matrixConfigs(found.adapter.info), encoder.info.lanes)
      : undefined;
    const products = matrix ? yield* testedUnits(encoder, units) : undefined;
    const rows = cooperative ? yield* testedCooperative(encoder) : undefined;
    const info = {
      ...encoder.info,
      matrix: products?.units,
      cooperative: rows?.cooperative,
      notes: [...products?.notes ?? [], ...rows?.notes ?? []],
    };
    return { encoder: listen(new Encoder(encoder.device, info)), info, adapter: found.adapter };
  });

/** The same open device with products that do not use its matrix units. */
export const withoutMatrix = ({ device, info }: Encoder): Encoder =>
  listen(new Encoder(device, { ...info, matrix: undefined, notes: undefined }));

const refuse = (cause: unknown) =>
  new DeviceError({ reason: "NoAdapter", message: cause instanceof Error ? cause.message : String(cause) });

interface Found {
  readonly adapter: GPUAdapter;
  readonly kind: Kind;
  readonly why: string;
}

const request = async (wanted: string | undefined, validated: boolean): Promise<Found> => {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  patchPolling();
  if (Deno.env.get("XDG_RUNTIME_DIR") === undefined) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  const adapterOf = async (): Promise<GPUAdapter | null> => {
    const gpu = create(toggles(validated));
    alive.push(gpu);
    return await gpu.requestAdapter({ powerPreference: "high-performance" });
  };
  const reasons: string[] = [];
  if (wanted !== "swiftshader") {
    if (wanted === "lavapipe") useDriver(lavapipeDriver() ?? "");
    const adapter = await adapterOf();
    const kind = adapter === null ? undefined : kindOf(adapter.info);
    if (adapter !== null && kind !== undefined && (wanted === undefined || wanted === kind)) {
      const why = wanted !== undefined
        ? "SIGNUM_ADAPTER asks for it"
        : kind === "gpu"
        ? "the first hardware adapter"
        : kind === "lavapipe"
        ? "no hardware adapter"
        : "the only adapter";
      return { adapter, kind, why };
    }
    reasons.push(
      adapter === null ? "no Vulkan adapter that Dawn accepts" : `only "${describe(adapter.info)}" was found`,
    );
    if (wanted !== undefined) throw new Error(`Cannot open adapter "${wanted}" (SIGNUM_ADAPTER): ${reasons[0]}`);
  }
  const files = await swiftshaderFiles();
  useDriver(files.icd);
  Deno.dlopen(files.loader, {});
  const adapter = await adapterOf();
  if (adapter === null) {
    throw new Error(`Cannot open any adapter: ${[...reasons, "the bundled SwiftShader was refused"].join("; ")}`);
  }
  return {
    adapter,
    kind: "swiftshader",
    why: wanted === undefined ? reasons.join("; ") : "SIGNUM_ADAPTER asks for it",
  };
};

const start = async ({ adapter, kind, why }: Found, validated: boolean, matrix: boolean): Promise<Encoder> => {
  const features = [...wantedFeatures, ...(matrix ? [matrixFeature] : [])].filter((feature) =>
    adapter.features.has(feature)
  );
  const requiredLimits: Record<string, number> = {};
  for (const limit of liftedLimits) requiredLimits[limit] = adapter.limits[limit];
  const device = await adapter.requestDevice({ requiredFeatures: features, requiredLimits });
  alive.push(device);
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const fixed = features.includes("subgroups") && subgroupMinSize === subgroupMaxSize;
  return listen(
    new Encoder(device, {
      kind,
      description: describe(adapter.info),
      why,
      features,
      lanes: fixed ? subgroupMaxSize : 0,
      maxBinding: device.limits.maxStorageBufferBindingSize,
      maxBuffer: device.limits.maxBufferSize,
      validated,
    }),
  );
};

/** Hands errors that no promise carries to the encoder. */
const listen = (encoder: Encoder): Encoder => {
  const { device } = encoder;
  device.addEventListener("uncapturederror", (event) => {
    const error = event instanceof GPUUncapturedErrorEvent ? event.error : undefined;
    // Dawn names the label of the buffer that it could not make.
    const purpose = error instanceof GPUOutOfMemoryError ? /BufferDescriptor "+([^"]+)"/.exec(error.message) : null;
    if (purpose !== null) encoder.outOfMemory(purpose[1]);
    else encoder.fail(`The device reported: ${error?.message ?? String(event)}`);
  });
  device.lost.then((lost) => {
    if (lost.reason !== "destroyed") encoder.fail(`The device was lost: ${lost.message}`);
  });
  return encoder;
};

const wantedFeatures: GPUFeatureName[] = ["subgroups", "shader-f16", "timestamp-query"];

const liftedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Toggles of Dawn. Kernels guard their own bounds, so robustness and validation are only wanted while debugging. */
export const toggles = (validated: boolean): string[] => [
  `enable-dawn-features=${
    [
      "allow_unsafe_apis",
      "vulkan_enable_f16_on_nvidia",
      ...(validated ? [] : [
        "disable_robustness",
        "skip_validation",
        "disable_workgroup_init",
        "disable_polyfills_on_integer_div_and_mod",
      ]),
    ].join(",")
  }`,
  ...(validated ? [] : ["disable-dawn-features=enable_spirv_validation,timestamp_quantization"]),
];

const describe = (info: GPUAdapterInfo): string => info.description || info.device || info.vendor || "unnamed adapter";

const kindOf = (info: GPUAdapterInfo): Kind => {
  const text = `${info.description} ${info.device} ${info.vendor}`.toLowerCase();
  return text.includes("llvmpipe") ? "lavapipe" : text.includes("swiftshader") ? "swiftshader" : "gpu";
};

const useDriver = (icd: string): void => {
  Deno.env.set("VK_DRIVER_FILES", icd);
  Deno.env.set("VK_ICD_FILENAMES", icd);
};

const lavapipeDriver = (): string | undefined => {
  for (const folder of ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"]) {
    const file = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith("lvp_icd")) : undefined;
    if (file !== undefined) return join(folder, file);
  }
  return undefined;
};

/**
 * While one of its promises is pending Dawn polls through `setImmediate` and keeps a core busy, the core that a software driver computes
 * on. Polls stay immediate for a short while after the last submit, then back off to a millisecond.
 */
const patchPolling = (): void => {
  const immediate = globalThis.setImmediate;
  if (immediate === undefined || alive.includes(immediate)) return;
  alive.push(immediate);
  let burst = 0;
  let last = 0;
  const patched = (callback: (...args: unknown[]) => void, ...args: unknown[]) => {
    const now = performance.now();
    if (now - last > 5) burst = now;
    last = now;
    return now - burst < 0.3 ? immediate(callback, ...args) : setTimeout(callback, 1, ...args);
  };
  Object.assign(globalThis, { setImmediate: patched });
};
