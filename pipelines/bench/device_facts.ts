/**
 * What a device says of itself, as rows of a table. An adapter of Dawn has names, driver, features, matrix units with what their self-test found
 * and every limit; the embedded device has threads and memory.
 */
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { matrixConfigs, noUnits } from "../../kernels/device/matrix_units.ts";

/** One fact. */
export interface Fact {
  readonly fact: string;
  readonly value: string | number;
}

/** The limits of an adapter by name; they stand on the prototype of what WebGPU gives. */
export const limitsOf = (limits: GPUSupportedLimits): ReadonlyArray<Fact> => {
  const found: Fact[] = [];
  for (const fact in limits) {
    const value: unknown = Reflect.get(limits, fact);
    if (typeof value === "number") found.push({ fact, value });
  }
  return found;
};

/** The device and its driver as the rows of a bench name them; `adapter` is what Dawn says of it, where Dawn runs it. */
export const namesOf = (
  { description, threads }: DeviceInfo,
  adapter?: GPUAdapter,
): { readonly device: string; readonly driver: string } =>
  adapter === undefined
    ? { device: `${description}, ${threads} threads`, driver: `V8 ${Deno.version.v8}` }
    : { device: adapter.info.device || adapter.info.description, driver: adapter.info.description };

/** Every fact of an open device. */
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
    // That a device lacks matrix units is news only to somebody who asked for them.
    ...(info.notes ?? []).filter((note) => configs.length > 0 || note !== noUnits).map((value) => ({
      fact: "self-test",
      value,
    })),
    { fact: "features", value: [...adapter.features].sort().join(", ") },
    ...limitsOf(adapter.limits),
  ];
};
