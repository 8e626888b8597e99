// C[M, N] = A[M, K] · Bᵀ (+ bias[N]) for a few rows on serial devices (workgroups of one invocation): a decoding step of few sequences.
// @binding(0) A f32 or 16 bits [M, K] rows aStride apart, read   @binding(1) B f32 or 16 bits [N, K] rows bStride apart, read (op.ts, readAs)
// @binding(2) bias f32 or 16 bits [N], read (unused without BIAS)
// @binding(3) C f32 or 16 bits [M, N] rows cStride apart, read_write (writeAs; added to with ACCUMULATE)
// M is ROWS. A workgroup computes COLUMNS of C and reads each of their rows of B once, four terms at a time, transposed in registers:
// packing B as matmul_panels.wgsl does would cost more than the sums. The sum over K is the same chain of fmas, so bits do not depend on M.
// Limits: as matmul_panels.wgsl with B_TURNED.
alias AElem = vec4f;
alias BElem = vec4f;
alias CElem = vec4f;
alias BiasElem = f32;
const BIAS = 0u;
const ACCUMULATE = 0u;
const ROWS = 1u;
const COLUMNS = 16u;
const FOURS = COLUMNS / 4u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read_write> C: array<CElem>;
@group(0) @binding(4) var<uniform> params: Params;

fn aAt(i: u32) -> vec4f { return A[i]; }
fn bAt(i: u32) -> vec4f { return B[i]; }
fn cAt(i: u32) -> vec4f { return C[i]; }
fn asC(value: vec4f) -> CElem { return value; }
fn biasAt(i: u32) -> f32 { return bias[i]; }

fn biasOf(column: u32) -> vec4f {
  let at = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(params.N - 1u)) + vec4u(params.biasOffset);
  return vec4f(biasAt(at.x), biasAt(at.y), biasAt(at.z), biasAt(at.w));
}

@compute @workgroup_size(1)
fn matmul_few(@builtin(workgroup_id) group: vec3u) {
  let firstColumn = group.x * COLUMNS;
  var at: array<u32, COLUMNS>; // registers
  var a: array<vec4f, ROWS>; // registers
  var b: array<vec4f, 4>; // registers
  var c: array<array<vec4f, FOURS>, ROWS>; // registers
  for (var i = 0u; i < COLUMNS; i++) { // unroll
    // Columns beyond N repeat the last.
    at[i] = (params.bOffset + min(firstColumn + i, params.N - 1u) * params.bStride) / 4u;
  }
  for (var i = 0u; i < ROWS; i++) { // unroll
    for (var j = 0u; j < FOURS; j++) { // unroll
      c[i][j] = vec4f();
    }
  }
  for (var k = 0u; k < params.K / 4u; k++) {
    for (var i = 0u; i < ROWS; i++) { // unroll
      a[i] = aAt((params.aOffset + params.aStride * i) / 4u + k);
    }
    for (var j = 0u; j < FOURS; j++) { // unroll
      for (var i = 0u; i < 4u; i++) { // unroll
        b[i] = bAt(at[j * 4u + i] + k);
      }
      for (var q = 0u; q < 4u; q++) { // unroll
        let column = vec4f(b[0][q], b[1][q], b[2][q], b[3][q]);
        for (var i = 0u; i < ROWS; i++) { // unroll
          c[i][j] = fma(vec4f(a[i][q]), column, c[i][j]);
        }
      }
    }
  }
  for (var j = 0u; j < FOURS; j++) { // unroll
    let column = firstColumn + j * 4u;
    if (column < params.N) {
      for (var i = 0u; i < ROWS; i++) { // unroll
        let own = (params.cOffset + params.cStride * i + column) / 4u;
        if (BIAS == 1u) { c[i][j] += biasOf(column); }
        if (ACCUMULATE == 1u) { c[i][j] += cAt(own); }
        C[own] = asC(c[i][j]);
      }
    }
  }
}
