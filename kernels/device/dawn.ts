/**
 * Opens an adapter through Dawn: a hardware adapter, or by name lavapipe (Mesa's software Vulkan) or the SwiftShader that npm carries. A
 * boundary file: it loads the addon, sets the environment that Vulkan's loader reads and patches the polling of Dawn's event loop. What is
 * true of Dawn and its drivers stands where it is used.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Encoder } from "../gpu/encoder.ts";
import { matrixFeature } from "./matrix_units.ts";
import { swiftshaderFiles } from "./swiftshader.ts";

/** What Dawn can open. */
export type DawnKind = "gpu" | "lavapipe" | "swiftshader";

// Dropping what create() returned crashes the process, so both live as long as it does.
const alive: unknown[] = [];

/** An adapter, and why it was taken. */
export interface FoundAdapter {
  readonly adapter: GPUAdapter;
  readonly kind: DawnKind;
  readonly why: string;
}

/** The adapter of a kind; throws where it cannot be had. */
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
 * Why Dawn need not be asked for a GPU; undefined if it must be. On Linux a GPU has a device file, and its Vulkan driver a file of its own;
 * without them Dawn is not even loaded, which would print warnings of its own. Elsewhere the system brings its driver.
 */
export const whyNoGpu = (): string | undefined => {
  if (Deno.build.os !== "linux") return undefined;
  if (["VK_DRIVER_FILES", "VK_ADD_DRIVER_FILES", "VK_ICD_FILENAMES"].some((name) => Deno.env.get(name))) {
    return undefined;
  }
  if (!driverFiles().some((path) => !isLavapipe(path))) return "no driver of a GPU is installed";
  return deviceFiles.some(mayExist) ? undefined : `no GPU is here: there is none of ${deviceFiles.join(", ")}`;
};

/** The device files of GPUs of AMD and Intel, of NVIDIA, and of a Windows host. */
const deviceFiles = ["/dev/dri", "/dev/kfd", "/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"];

/** Whether a file may exist. Deno reads nothing below /dev without every permission, so the C library is asked. */
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

/** The files that name drivers to Vulkan's loader, in the folders where it looks on Linux. */
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
  return folders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => join(folder, name))
      : []
  );
};

const isLavapipe = (path: string): boolean => basename(path).startsWith("lvp_icd");

/** The device of an adapter. */
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

/** Hands errors that no promise carries to the encoder. */
export const listen = (encoder: Encoder): Encoder => {
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

const kindOf = (info: GPUAdapterInfo): DawnKind => {
  const text = `${info.description} ${info.device} ${info.vendor}`.toLowerCase();
  return text.includes("llvmpipe") ? "lavapipe" : text.includes("swiftshader") ? "swiftshader" : "gpu";
};

const useDriver = (icd: string): void => {
  Deno.env.set("VK_DRIVER_FILES", icd);
  Deno.env.set("VK_ICD_FILENAMES", icd);
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
