// C[M, N] = A[M, K] · B (+ bias[N]) for serial devices (workgroups of one invocation): B is [N, K] with B_TURNED (NT, a linear layer), else [K, N]
// (NN, its input's gradient).
// @binding(0) A f32 or 16 bits [M, K] rows aStride apart, read   @binding(1) B f32 or 16 bits, rows bStride apart, read (op.ts, readAs)
// @binding(2) bias f32 or 16 bits [N], read (unused without BIAS)
// @binding(3) C f32 or 16 bits [M, N] rows cStride apart, read_write (writeAs; added to with ACCUMULATE)
// A workgroup computes ROWS x COLUMNS of C. It packs DEPTH terms of B at a time into panels of eight columns (two vec4s per term) and multiplies them
// with four rows at a time: 4 x 8 sums, which fit WebAssembly's sixteen vector registers. The sum over K is a chain of additions, so bits do not
// depend on M or a tile. Limits: strides and offsets divide by 4; with B_TURNED K too, otherwise A must have columns up to a multiple of 4;
// the gap behind C's N columns up to a multiple of 4 is overwritten.
// Source: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008.
alias AElem = vec4f;
alias BElem = vec4f;
alias CElem = vec4f;
alias BiasElem = f32;
const B_TURNED = 1u;
const TAIL = 0u;
const BIAS = 0u;
const ACCUMULATE = 0u;
const ROWS = 16u;
const COLUMNS = 16u;
const DEPTH = 64u;
const PANELS = COLUMNS / 8u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read_write> C: array<CElem>;
@group(0) @binding(4) var<uniform> params: Params;
var<workgroup> packed: array<vec4f, DEPTH * COLUMNS / 4u>;
var<workgroup> sums: array<vec4f, ROWS * COLUMNS / 4u>;

fn aAt(i: u32) -> vec4f { return A[i]; }
fn bAt(i: u32) -> vec4f { return B[i]; }
fn cAt(i: u32) -> vec4f { return C[i]; }
fn asC(value: vec4f) -> CElem { return value; }
fn biasAt(i: u32) -> f32 { return bias[i]; }

// Packs four columns of B from `first` on, transposed, as half a panel; columns beyond N repeat the last.
fn packTurned(first: u32, start: u32, depth: u32, to: u32) {
  let columns = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.N - 1u));
  let rows = (params.bOffset + start) / 4u + columns * (params.bStride / 4u);
  var at = to;
  for (var k = 0u; k < depth / 4u; k++) {
    let b0 = bAt(rows.x + k);
    let b1 = bAt(rows.y + k);
    let b2 = bAt(rows.z + k);
    let b3 = bAt(rows.w + k);
    packed[at] = vec4f(b0.x, b1.x, b2.x, b3.x);
    packed[at + 2u] = vec4f(b0.y, b1.y, b2.y, b3.y);
    packed[at + 4u] = vec4f(b0.z, b1.z, b2.z, b3.z);
    packed[at + 6u] = vec4f(b0.w, b1.w, b2.w, b3.w);
    at += 8u;
  }
}

// The same for a B that is not transposed; terms beyond K are 0.
fn packStraight(first: u32, start: u32, depth: u32, to: u32) {
  let column = min(first, (params.N - 1u) / 4u * 4u); var at = to;
  for (var k = 0u; k < depth; k++) {
    packed[at] = bAt((params.bOffset + (start + k) * params.bStride + column) / 4u);
    at += 2u;
  }
  for (; at % 8u > 1u; at += 2u) { packed[at] = vec4f(); }
}

fn biasOf(column: u32) -> vec4f {
  let at = min(vec4u(column, column + 1u, column + 2u, column + 3u), vec4u(params.N - 1u)) + vec4u(params.biasOffset);
  return vec4f(biasAt(at.x), biasAt(at.y), biasAt(at.z), biasAt(at.w));
}

@compute @workgroup_size(1)
fn matmul_panels(@builtin(workgroup_id) group: vec3u) {
  let firstColumn = group.x * COLUMNS;
  let firstRow = group.y * ROWS;
  let rows = min(ROWS, params.M - firstRow);
  var at: array<u32, 4>; // registers
  var a: array<vec4f, 4>; // registers
  var b: array<vec4f, 2>; // registers
  var c: array<array<vec4f, 2>, 4>; // registers
  for (var start = 0u; start < params.K; start += DEPTH) {
    let depth = min(DEPTH, params.K - start);
    for (var four = 0u; four < COLUMNS / 4u; four++) {
      let to = (four / 2u * DEPTH) * 2u + four % 2u;
      if (B_TURNED == 1u) { packTurned(firstColumn + four * 4u, start, depth, to); } else { packStraight(firstColumn + four * 4u, start, depth, to); }
    }
    for (var row = 0u; row < rows; row += 4u) {
      for (var i = 0u; i < 4u; i++) { // unroll
        at[i] = (params.aOffset + min(firstRow + row + i, params.M - 1u) * params.aStride + start) / 4u;
      }
      for (var panel = 0u; panel < PANELS; panel++) {
        let slot = row * (COLUMNS / 4u) + panel * 8u;
        for (var i = 0u; i < 4u; i++) { // unroll
          for (var j = 0u; j < 2u; j++) { // unroll
            c[i][j] = vec4f();
          }
        }
        if (start > 0u) {
          for (var i = 0u; i < 4u; i++) { // unroll
            for (var j = 0u; j < 2u; j++) { // unroll
              c[i][j] = sums[slot + i * 2u + j];
            }
          }
        }
        var source = panel * (DEPTH * 2u);
        for (var k = 0u; k < (depth + 3u) / 4u; k++) {
          for (var i = 0u; i < 4u; i++) { // unroll
            a[i] = aAt(at[i] + k);
            if (TAIL == 1u) { a[i] = select(vec4f(), a[i], vec4u(start + k * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(params.K)); }
          }
          for (var q = 0u; q < 4u; q++) { // unroll
            for (var j = 0u; j < 2u; j++) { // unroll
              b[j] = packed[source + q * 2u + j];
            }
            for (var i = 0u; i < 4u; i++) { // unroll
              let one = vec4f(a[i][q]);
              for (var j = 0u; j < 2u; j++) { // unroll
                c[i][j] = fma(one, b[j], c[i][j]);
              }
            }
          }
          source += 8u;
        }
        if (start + DEPTH < params.K) {
          for (var i = 0u; i < 4u; i++) { // unroll
            for (var j = 0u; j < 2u; j++) { // unroll
              sums[slot + i * 2u + j] = c[i][j];
            }
          }
        } else {
          let column = firstColumn + panel * 8u;
          let to = (params.cOffset + (firstRow + row) * params.cStride + column) / 4u;
          for (var j = 0u; j < 2u; j++) { // unroll
            if (column + j * 4u < params.N) {
              for (var i = 0u; i < 4u; i++) { // unroll
                if (row + i < rows) {
                  let own = to + params.cStride / 4u * i;
                  if (BIAS == 1u) { c[i][j] += biasOf(column + j * 4u); }
                  if (ACCUMULATE == 1u) { c[i][j] += cAt(own + j); }
                  C[own + j] = asC(c[i][j]);
                }
              }
            }
          }
        }
      }
    }
  }
}
