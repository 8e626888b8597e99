/** The embedded device without an encoder, which remembers its first fault for good: buffers, dispatches and what is said of them. */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../../kernels/gpu/device_info.ts";
import type { EmbeddedDevice } from "../../../kernels/wasm/embedded_device.ts";
import type { EmbeddedOptions } from "../../../kernels/wasm/open.ts";
import type * as Scope from "effect/Scope";
import { openWasm } from "./on_wasm.ts";

/** A device, and what it had to say so far. */
export interface RawDevice {
  readonly device: GPUDevice;
  readonly said: string[];
}

/** Opens a device whose faults are collected. */
export const openRaw = (options: Partial<EmbeddedOptions> = {}): Effect.Effect<RawDevice, DeviceError, Scope.Scope> =>
  Effect.map(openWasm(options), ({ device }) => {
    const said: string[] = [];
    // The encoder is given up: the device is its own.
    (device as unknown as EmbeddedDevice).listener = {
      outOfMemory: (label) => said.push(`no memory for "${label}"`),
      fail: (message) => said.push(message),
    };
    return { device, said };
  });

/** A buffer that kernels use, with these words in it. */
export const bufferOf = (
  { device }: RawDevice,
  label: string,
  words: ArrayLike<number> | { readonly length: number },
): GPUBuffer => {
  const buffer = device.createBuffer({
    label,
    size: words.length * 4,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  if (0 in words) {
    device.queue.writeBuffer(buffer, 0, Uint32Array.from(words as ArrayLike<number>).buffer, 0, words.length * 4);
  }
  return buffer;
};

/** Records a dispatch of a kernel whose `Params` is one word, `n`. */
export type Record = (pass: GPUComputePassEncoder, groups: number, n: number, ...buffers: GPUBuffer[]) => void;

/** A kernel of `writable` bindings: those that are written. */
export const kernelOf = (
  { device }: RawDevice,
  label: string,
  code: string,
  bindings: ReadonlyArray<"read" | "write">,
): Record => {
  const layout = device.createBindGroupLayout({
    entries: [
      ...bindings.map((access, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === "read" ? "read-only-storage" as const : "storage" as const },
      })),
      {
        binding: bindings.length,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: "uniform" as const, hasDynamicOffset: true },
      },
    ],
  });
  const pipeline = device.createComputePipeline({
    label,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
  });
  return (pass, groups, n, ...buffers) => {
    const params = device.createBuffer({
      label: "params",
      size: 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(params, 0, Uint32Array.of(n).buffer, 0, 4);
    const entries = [...buffers.map((buffer, binding) => ({ binding, resource: { buffer } })), {
      binding: buffers.length,
      resource: { buffer: params, offset: 0, size: 16 },
    }];
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }), [0]);
    pass.dispatchWorkgroups(groups);
  };
};

/** Records and submits. */
export const submit = (
  { device }: RawDevice,
  record: (pass: GPUComputePassEncoder, commands: GPUCommandEncoder) => void,
): void => {
  const commands = device.createCommandEncoder();
  const pass = commands.beginComputePass();
  record(pass, commands);
  pass.end();
  device.queue.submit([commands.finish()]);
};

/** The words of a buffer after all that was submitted. */
export const wordsOf = async ({ device }: RawDevice, buffer: GPUBuffer): Promise<Uint32Array> => {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  submit({ device, said: [] }, (_, commands) => commands.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size));
  await staging.mapAsync(GPUMapMode.READ);
  const words = new Uint32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return words;
};

/** A kernel that adds `params.n` to each of its words: a workgroup 256 of them. */
export const adding = `struct Params { n: u32 }
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) { for (var i = 0u; i < 256u; i++) { words[group.x * 256u + i] += params.n; } }
`;
