/**
 * The facts about a device as rows of a table. A Dawn adapter has names, driver, features, every limit, and matrix units with the results
 * of their self-test; the embedded device has threads and memory.
 */
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { matrixConfigs, noUnits } from "../../kernels/device/matrix_units.ts";

/** A named fact about a device. */
export interface Fact {
  readonly fact: string;
  readonly value: string | number;
}

/** The limits of an adapter by name; they are properties of the prototype of WebGPU's object. */
const limitsOf = (limits: GPUSupportedLimits): ReadonlyArray<Fact> => {
  const found: Fact[] = [];
  for (const fact in limits) {
    const value: unknown = Reflect.get(limits, fact);
    if (typeof value === "number") found.push({ fact, value });
  }
  return found;
};

/** The device and its driver as named in bench rows; `adapter` is Dawn's description, if Dawn runs the device. */
export const namesOf = (
  { description, threads }: DeviceInfo,
  adapter?: GPUAdapter,
): { readonly device: string; readonly driver: string } =>
  adapter === undefined
    ? { device: `${description}, ${threads} threads`, driver: `V8 ${Deno.version.v8}` }
    : { device: adapter.info.device || adapter.info.description, driver: adapter.info.description };

/** All facts of an open device. */
export const factsOf = (info: DeviceInfo, adapter?: GPUAdapter): ReadonlyArray<Fact> => {
  if (adapter === undefined) {
    return [
      { fact: "adapter", value: `${info.kind}: ${info.why}` },
      { fact: "device", value: info.description },
      { fact: "driver", value: namesOf(info).driver },
      { fact: "threads", value: info.threads ?? 1 },
      { fact: "memory limit", value: info.maxBuffer },
    ];
  }
  const { vendor, architecture, device, description, subgroupMinSize, subgroupMaxSize } = adapter.info;
  const configs = matrixConfigs(adapter.info).map(({ componentType, resultComponentType, M, N, K }) =>
    `${componentType} to ${resultComponentType} ${M}x${N}x${K}`
  );
  return [
    { fact: "adapter", value: `${info.kind}: ${info.why}` },
    { fact: "device", value: [vendor, architecture, device].filter((word) => word !== "").join(", ") },
    { fact: "driver", value: description },
    { fact: "subgroup size", value: `${subgroupMinSize} to ${subgroupMaxSize}` },
    { fact: "subgroupMatrixConfigs", value: configs.join("; ") || "none" },
    // The note about missing matrix units only matters on a device that lists them.
    ...(info.notes ?? []).filter((note) => configs.length > 0 || note !== noUnits).map((value) => ({
      fact: "self-test",
      value,
    })),
    { fact: "features", value: [...adapter.features].sort().join(", ") },
    ...limitsOf(adapter.limits),
  ];
};
