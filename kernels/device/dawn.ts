/**
 * Opens an adapter through Dawn: a GPU, or by name lavapipe (Mesa's software Vulkan) or SwiftShader from npm. A boundary file: it loads the addon,
 * sets the environment variables of the Vulkan loader and patches Dawn's event loop.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Encoder } from "../gpu/encoder.ts";
import { matrixFeature } from "./matrix_units.ts";
import { swiftshaderFiles } from "./swiftshader.ts";

/** Adapters that Dawn can open. */
export type DawnKind = "gpu" | "lavapipe" | "swiftshader";

// Dawn crashes the process if the result of create() is collected, so these references are kept.
const alive: unknown[] = [];

/** An adapter, and why it was chosen. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: DawnKind;
  readonly why: string;
}

/** The adapter of a kind; throws if there is none. */
export const requestAdapter = async (wanted: DawnKind, validated: boolean): Promise<FoundAdapter> => {
  const { create, globals } = await import("webgpu");
  Object.assign(globalThis, globals);
  patchPolling();
  if (Deno.env.get("XDG_RUNTIME_DIR") === undefined) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  if (wanted === "lavapipe") {
    const driver = driverFiles().find(isLavapipe) ?? Deno.env.get("VK_DRIVER_FILES");
    if (driver === undefined) throw new Error("it is not installed (mesa-vulkan-drivers, 25 or later)");
    useDriver(driver);
  }
  if (wanted === "swiftshader") {
    const files = await swiftshaderFiles();
    useDriver(files.icd);
    Deno.dlopen(files.loader, {});
  }
  const gpu = create(toggles(validated));
  alive.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new Error("no adapter that Dawn accepts");
  const kind = kindOf(adapter.info);
  if (kind !== wanted) throw new Error(`only "${describe(adapter.info)}" was found`);
  return { adapter, kind, why: wanted === "gpu" ? "the first hardware adapter" : "SIGNUM_ADAPTER asks for it" };
};

/**
 * Why there can be no GPU, or undefined if Dawn must be asked. On Linux a GPU needs a device file and a Vulkan driver file; without them Dawn is
 * not loaded, because it would print warnings. Other systems include a driver.
 */
export const whyNoGpu = (): string | undefined => {
  if (Deno.build.os !== "linux") return undefined;
  if (["VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES", "VK_ICD_FILENAMES"].some((name) => Deno.env.get(name))) {
    return undefined;
  }
  if (!driverFiles().some((path) => !isLavapipe(path))) return "no driver of a GPU is installed";
  return deviceFiles.some(mayExist) ? undefined : `no GPU is here: there is none of ${deviceFiles.join(", ")}`;
};

/** Device files of AMD and Intel, NVIDIA, and Windows-host (WSL) GPUs. */
const deviceFiles = ["/dev/dri", "/dev/kfd", "/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"];

/** Whether a file exists. Deno needs all permissions to read below /dev, so this calls the C library. */
const mayExist = (path: string): boolean => {
  try {
    const libc = Deno.dlopen("libc.so.6", { access: { parameters: ["buffer", "i32"], result: "i32" } });
    const found = libc.symbols.access(new TextEncoder().encode(`${path}\0`), 0) === 0;
    libc.close();
    return found;
  } catch {
    return true;
  }
};

/** The Vulkan loader's driver manifests, in the folders that it searches on Linux. */
const driverFiles = (): ReadonlyArray<string> => {
  const home = Deno.env.get("HOME") ?? "";
  const set = (name: string, usual: string) => (Deno.env.get(name) || usual).split(":");
  const roots = [
    ...set("XDG_CONFIG_HOME", join(home, ".config")),
    ...set("XDG_CONFIG_DIRS", "/etc/xdg"),
    "/etc",
    ...set("XDG_DATA_HOME", join(home, ".local/share")),
    ...set("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
  ];
  const folders = [...new Set(roots.map((root) => join(root, "vulkan/icd.d")))];
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
    } catch {
      // Vulkan's loader passes over a folder that it cannot read, too.
      return [];
    }
  });
};

const isLavapipe = (path: string): boolean => basename(path).startsWith("lvp_icd");

/** Creates the device of an adapter. */
export const startDevice = async (
  { adapter, kind, why }: FoundAdapter,
  validated: boolean,
  matrix: boolean,
): Promise<Encoder> => {
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

/** Passes uncaptured device errors to the encoder. */
export const listen = (encoder: Encoder): Encoder => {
  const { device } = encoder;
  device.addEventListener("uncapturederror", (event) => {
    const error = event instanceof GPUUncapturedErrorEvent ? event.error : undefined;
    // Dawn's message contains the label of the buffer that it could not allocate.
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

/** Dawn toggles. Kernels check their own bounds, so robustness and validation are needed only for debugging. */
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

const kindOf = (info: GPUAdapterInfo): DawnKind => {
  const text = `${info.description} ${info.device} ${info.vendor}`.toLowerCase();
  return text.includes("llvmpipe") ? "lavapipe" : text.includes("swiftshader") ? "swiftshader" : "gpu";
};

const useDriver = (icd: string): void => {
  Deno.env.set("VK_DRIVER_FILES", icd);
  Deno.env.set("VK_ICD_FILENAMES", icd);
};

/**
 * While a promise is pending, Dawn polls through `setImmediate` and takes a whole core, which a software driver needs. This patch polls at once for
 * a short time after the last submit, then every millisecond.
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
