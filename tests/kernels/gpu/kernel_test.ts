import assert from "node:assert/strict";
import { makeKernel, signatureOf, writeParams } from "../../../kernels/gpu/kernel.ts";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import { view } from "../../../kernels/gpu/tensor.ts";
import { interfaceOf } from "../../../kernels/wgsl/interface.ts";

const source = `// y = x · scale, from a row on.
struct Params { N: u32, xOffset: u32, xStride: u32, rowOffset: u32, BOffset: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
@compute @workgroup_size(64)
fn scaled(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x] * params.scale; }
`;

const info: DeviceInfo = {
  kind: "wasm",
  description: "",
  why: "",
  features: [],
  lanes: 0,
  maxBinding: 512,
  maxBuffer: 2 ** 20,
  validated: false,
};

const tensor = (bytes: number, offset: number, stride: number) =>
  view({ id: 0, bytes, buffer: {} as GPUBuffer }, 2, 4, offset, stride);

const numbers = () => {
  const words = new Uint32Array(8);
  return { words, floats: new Float32Array(words.buffer) };
};

Deno.test("a kernel's name, bindings and params are read from its WGSL", () => {
  const kernel = makeKernel(source);
  assert.equal(kernel.name, "scaled");
  const { bindings, params, problem } = signatureOf(kernel);
  assert.deepEqual(bindings.map(({ name, access }) => `${name} ${access}`), ["x read", "rows read", "y read_write"]);
  assert.deepEqual(
    params.map(({ name, type, tensor }) => [name, type, tensor]),
    [
      ["N", "u32", undefined],
      ["xOffset", "u32", 0],
      ["xStride", "u32", 0],
      ["rowOffset", "u32", 1],
      ["BOffset", "u32", undefined],
      ["scale", "f32", undefined],
    ],
  );
  assert.equal(problem, undefined);
  assert.equal(signatureOf(kernel), signatureOf(kernel));
});

Deno.test("offsets and strides are those of the tensors, as bound, where the caller gives none", () => {
  const { words, floats } = numbers();
  const tensors = [tensor(4096, 1030, 8), tensor(256, 3, 1), tensor(256, 0, 4)];
  const wrong = writeParams(
    signatureOf(makeKernel(source)),
    tensors,
    { N: 2, BOffset: 9, scale: 0.5 },
    info,
    { words, floats },
    1,
  );
  assert.equal(wrong, undefined);
  // The window of a buffer beyond the limit begins at a multiple of 256 bytes: 1030 · 4 = 16 · 256 + 24.
  assert.deepEqual([...words.subarray(0, 6)], [0, 2, 6, 8, 3, 9]);
  assert.equal(floats[6], 0.5);
  const given = { N: 2, BOffset: 9, scale: 0.5, rowOffset: 7 };
  writeParams(signatureOf(makeKernel(source)), tensors, given, info, { words, floats }, 1);
  assert.equal(words[4], 7);
});

Deno.test("a call with a binding or param too few or too many is refused by name", () => {
  const wrong = (count: number, values: Record<string, number>) =>
    writeParams(
      signatureOf(makeKernel(source)),
      Array.from({ length: count }, () => tensor(256, 0, 4)),
      values,
      info,
      numbers(),
      0,
    );
  assert.equal(wrong(3, { N: 1, BOffset: 0, scale: 1 }), undefined);
  assert.equal(wrong(2, { N: 1, BOffset: 0, scale: 1 }), "expected 3 bindings, found 2");
  assert.equal(wrong(3, { N: 1, BOffset: 0 }), '"scale" has no value');
  assert.equal(wrong(3, { N: 1, BOffset: 0, scale: 1, xOfset: 1 }), 'it has no parameter "xOfset"');
});

Deno.test("a text whose declarations the host cannot serve is refused by name", () => {
  const problem = (from: string, to: string) => interfaceOf(source.replace(from, to));
  assert.equal(problem("N: u32", "N: vec2u"), '"N" of Params is no u32 and no f32');
  assert.equal(problem("@binding(1)", "@binding(2)"), '"rows" should have binding 1');
  assert.equal(problem("storage, read>", "storage, write>"), '"x" has access "write"');
  assert.equal(problem("N: u32,", "N u32,"), 'expected a type, found "u32"');
});
