/** Registers an op that is only here, as a line in `mod.ts` would: y = x · x, whose kernels only overwrite. */
import { makeKernel } from "../../../kernels/gpu/kernel.ts";
import type { Tape } from "../../../kernels/gpu/tape.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import { gradientPlaces } from "../../../kernels/ops/add/add.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { lanes } from "../../../kernels/ops/op.ts";
import { floats, type OpCase, type OpCases } from "../../../kernels/ops/op_case.ts";

const kernel = makeKernel(`// out = a · b · FACTOR
const FACTOR = 1u;
const C = 4u;
struct Params { N: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, outOffset: u32, outStride: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn throw_away(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / C;
  let column = index % C;
  if (row >= params.N) { return; }
  out[params.outOffset + row * params.outStride + column] =
    f32(FACTOR) * a[params.aOffset + row * params.aStride + column] * b[params.bOffset + row * params.bStride + column];
}
`);

const multiply = ({ encoder }: Tape, a: Tensor, b: Tensor, out: Tensor, FACTOR: number): void =>
  encoder.dispatch(kernel, {
    constants: { C: out.cols, FACTOR },
    tensors: [a, b, out],
    params: { N: out.rows },
    groups: lanes(out.rows * out.cols),
  });

const square = (tape: Tape, x: Tensor): Tensor => {
  const y = tape.encoder.tensor(x.rows, x.cols);
  multiply(tape, x, x, y, 1);
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    const { places: [dx], settle } = gradientPlaces(tape, x);
    multiply(tape, x, dy, dx, 2);
    settle();
  });
  return y;
};

const squareCase = (N: number, C: number): OpCase => ({
  name: `${N}x${C}`,
  operands: { x: floats("x", N, C) },
  run: (tape, { x }) => ({ y: square(tape, x) }),
  reference: ({ x }, round) => ({ y: x.map((x) => round(x * x)) }),
  vjp: ({ x }, { y: dy }, round) => ({ x: dy.map((dy, i) => round(2 * round(x[i] * dy))) }),
});

/** The op as the tests see it. */
export const throwAwayOp: OpCases = {
  name: "throw_away",
  cases: [squareCase(1, 64), squareCase(9, 7)],
  rows: (N) => squareCase(N, 20),
};

Object.assign(ops, { [ops.length]: throwAwayOp });
