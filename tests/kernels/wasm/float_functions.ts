/** The functions that are compiled from `math.wgsl`, over runs of bit patterns, beside their values in float64. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { makeKernel } from "../../../kernels/gpu/kernel.ts";

/** A function of one number. */
export interface FloatFunction {
  readonly name: string;
  /** The expression, of `x: vec4f`. */
  readonly wgsl: string;
  readonly exact: (x: number) => number;
}

/** Those that are held to 2 units in the last place; WGSL leaves ldexp open where the exponent is beyond 128. */
export const functions: ReadonlyArray<FloatFunction> = [
  { name: "exp", wgsl: "exp(x)", exact: Math.exp },
  { name: "log", wgsl: "log(x)", exact: Math.log },
  ...[-250, -149, -30, 0, 24, 128].map((n): FloatFunction => ({
    name: `ldexp by ${n}`,
    wgsl: `ldexp(x, vec4i(${n}))`,
    exact: (x) => x * 2 ** (n / 2) * 2 ** (n / 2),
  })),
];

/** Patterns that a dispatch computes. */
export const perRun = 1 << 20;
const perGroup = 1024;

/** A unit in the last place of float32 numbers with this exponent field. */
const ulps = Float64Array.from({ length: 256 }, (_, field) => 2 ** (Math.max(1, Math.min(254, field)) - 150));

const kernels = new Map<string, ReturnType<typeof makeKernel>>();
const kernelOf = (name: string, wgsl: string) => {
  const known = kernels.get(name);
  if (known !== undefined) return known;
  const entry = `all_${kernels.size}`;
  const text = `struct Params { first: u32, stride: u32 }
@group(0) @binding(0) var<storage, read_write> result: array<vec4u>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn ${entry}(@builtin(workgroup_id) group: vec3u) {
  for (var i = 0u; i < ${perGroup / 4}u; i++) {
    let at = group.x * ${perGroup / 4}u + i;
    let x = bitcast<vec4f>(vec4u(params.first) + (vec4u(at * 4u) + vec4u(0u, 1u, 2u, 3u)) * params.stride);
    result[at] = bitcast<vec4u>(${wgsl});
  }
}
`;
  const kernel = makeKernel(text);
  kernels.set(name, kernel);
  return kernel;
};

/** Fails where a function of the patterns `first`, `first + stride`, … is off by more than 2 units; the largest error. */
export const worstOf = (
  encoder: Encoder,
  { name, wgsl, exact }: FloatFunction,
  first: number,
  stride: number,
): Effect.Effect<number, DeviceError> =>
  Effect.gen(function* () {
    const tensor = encoder.tensor(1, perRun);
    encoder.dispatch(kernelOf(name, wgsl), {
      tensors: [tensor],
      params: { first, stride },
      groups: [perRun / perGroup],
    });
    const found = yield* encoder.read(tensor);
    encoder.release(tensor);
    const patterns = new Uint32Array(perRun);
    for (let i = 0; i < perRun; i++) patterns[i] = first + i * stride;
    const given = new Float32Array(patterns.buffer);
    const rounded = new Float32Array(1);
    const words = new Uint32Array(rounded.buffer);
    let worst = 0;
    for (let i = 0; i < perRun; i++) {
      const expected = exact(given[i]);
      rounded[0] = expected;
      if (found[i] === rounded[0]) continue;
      if (Number.isNaN(expected) && Number.isNaN(found[i])) continue;
      const error = Math.abs(found[i] - expected) / ulps[words[0] >>> 23 & 255];
      // Beyond the largest number infinity is right, and so is what is next to it.
      const near = Number.isFinite(rounded[0]) ? error : Math.abs(found[i] - 2 ** 128) / ulps[254];
      if (!(near <= 2)) {
        assert.fail(`${name}(${given[i]}) is ${found[i]}, exactly ${expected}: off by ${near} units`);
      }
      if (near > worst) worst = near;
    }
    return worst;
  });
