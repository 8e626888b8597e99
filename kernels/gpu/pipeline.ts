/** Compiles a kernel for given constants. The layout is its bindings in order, then `Params` as a uniform with a dynamic offset. */
import { type Kernel, type Signature, signatureOf } from "./kernel.ts";
import { type Constants, specialize } from "./specialize.ts";

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly signature: Signature;
}

/** Compiles a kernel; also returns the names of constants that the kernel does not declare. */
export const compile = (
  device: GPUDevice,
  kernel: Kernel,
  constants: Constants,
  label: string,
): Pipeline & { readonly missing: ReadonlyArray<string> } => {
  const { code, missing } = specialize(kernel.source, constants);
  const signature = signatureOf(kernel);
  const layout = device.createBindGroupLayout({
    label: kernel.name,
    entries: [
      ...signature.bindings.map(({ access }, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === "read" ? "read-only-storage" as const : "storage" as const },
      })),
      {
        binding: signature.bindings.length,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "uniform" as const, hasDynamicOffset: true },
      },
    ],
  });
  const pipeline = device.createComputePipeline({
    label,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ label, code }), entryPoint: kernel.name },
  });
  return { pipeline, layout, signature, missing };
};

/** The cache key of a variant: kernel name and constants. */
export const variantKey = (kernel: Kernel, constants: Constants): string => {
  let key = kernel.name;
  for (const name in constants) key += ` ${name}=${constants[name]}`;
  return key;
};
