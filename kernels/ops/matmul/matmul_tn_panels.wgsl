// C[N, K] += A[M, N]ᵀ · B[M, K] for serial devices (workgroups of one invocation): the weight's gradient of a linear layer.
// @binding(0) A f32 [M, N] rows aStride apart, read   @binding(1) B f32 or 16 bits [M, K] rows bStride apart, read (op.ts, readAs)
// @binding(2) C f32 [N, K] rows cStride apart, read_write
// A workgroup computes ROWS x COLUMNS of C. It packs DEPTH rows of A and B at a time, in panels of four columns of A and eight of B, and keeps
// 4 x 8 sums in registers. The sum over M is a chain of additions, added to C once, so bits do not depend on a tile.
// Limits: K, strides and offsets divide by 4; A must have columns up to a multiple of 4. Source: as matmul_panels.wgsl.
alias BElem = vec4f;
const ROWS = 16u;
const COLUMNS = 16u;
const DEPTH = 64u;
const A_PANELS = ROWS / 4u;
const B_PANELS = COLUMNS / 8u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<vec4f>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;
var<workgroup> packedA: array<vec4f, DEPTH * ROWS / 4u>;
var<workgroup> packedB: array<vec4f, DEPTH * COLUMNS / 4u>;
var<workgroup> sums: array<vec4f, ROWS * COLUMNS / 4u>;

fn bAt(i: u32) -> vec4f { return B[i]; }

// Packs rows `start` to `start + depth` of the columns of a tile.
fn packWhole(firstRow: u32, firstColumn: u32, start: u32, depth: u32) {
  var fromA = (params.aOffset + start * params.aStride + firstRow) / 4u;
  var fromB = (params.bOffset + start * params.bStride + firstColumn) / 4u;
  for (var m = 0u; m < depth; m++) {
    for (var panel = 0u; panel < A_PANELS; panel++) { // unroll
      packedA[m + panel * DEPTH] = A[fromA + panel];
    }
    let to = m * 2u;
    for (var panel = 0u; panel < B_PANELS; panel++) { // unroll
      packedB[to + panel * DEPTH * 2u] = bAt(fromB + panel * 2u);
      packedB[to + (panel * DEPTH * 2u + 1u)] = bAt(fromB + (panel * 2u + 1u));
    }
    fromA += params.aStride / 4u;
    fromB += params.bStride / 4u;
  }
}

// The same for an edge tile; columns beyond the last repeat it.
fn packEdge(firstRow: u32, firstColumn: u32, start: u32, depth: u32) {
  for (var m = 0u; m < depth; m++) {
    let fromA = (params.aOffset + (start + m) * params.aStride) / 4u;
    for (var panel = 0u; panel < A_PANELS; panel++) {
      packedA[panel * DEPTH + m] = A[fromA + min(firstRow / 4u + panel, (params.N - 1u) / 4u)];
    }
    let fromB = (params.bOffset + (start + m) * params.bStride) / 4u;
    for (var four = 0u; four < COLUMNS / 4u; four++) {
      packedB[(four / 2u * DEPTH + m) * 2u + four % 2u] = bAt(fromB + min(firstColumn / 4u + four, params.K / 4u - 1u));
    }
  }
}

@compute @workgroup_size(1)
fn matmul_tn_panels(@builtin(workgroup_id) group: vec3u) {
  let firstColumn = group.x * COLUMNS;
  let firstRow = group.y * ROWS;
  let isWhole = firstRow + ROWS <= params.N && firstColumn + COLUMNS <= params.K;
  var a: array<vec4f, 4>; // registers
  var b: array<array<vec4f, 2>, 4>; // registers
  var c: array<array<vec4f, 2>, 4>; // registers
  for (var start = 0u; start < params.M; start += DEPTH) {
    let depth = min(DEPTH, params.M - start);
    let steps = (depth + 3u) / 4u;
    if (isWhole) { packWhole(firstRow, firstColumn, start, depth); } else { packEdge(firstRow, firstColumn, start, depth); }
    for (var m = depth; m < steps * 4u; m++) {
      for (var panel = 0u; panel < A_PANELS; panel++) { packedA[panel * DEPTH + m] = vec4f(); }
      for (var four = 0u; four < COLUMNS / 4u; four++) { packedB[(four / 2u * DEPTH + m) * 2u + four % 2u] = vec4f(); }
    }
    for (var row = 0u; row < A_PANELS; row++) {
      for (var panel = 0u; panel < B_PANELS; panel++) {
        let slot = (row * B_PANELS + panel) * 8u;
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
        var fromA = row * DEPTH;
        var fromB = panel * (DEPTH * 2u);
        for (var m = 0u; m < steps; m++) {
          for (var q = 0u; q < 4u; q++) { // unroll
            a[q] = packedA[fromA + q];
            for (var j = 0u; j < 2u; j++) { // unroll
              b[q][j] = packedB[fromB + q * 2u + j];
            }
            for (var i = 0u; i < 4u; i++) { // unroll
              let one = vec4f(a[q][i]);
              for (var j = 0u; j < 2u; j++) { // unroll
                c[i][j] = fma(one, b[q][j], c[i][j]);
              }
            }
          }
          fromA += 4u;
          fromB += 8u;
        }
        for (var i = 0u; i < 4u; i++) { // unroll
          for (var j = 0u; j < 2u; j++) { // unroll
            sums[slot + i * 2u + j] = c[i][j];
          }
        }
      }
    }
  }
  for (var row = 0u; row < min(ROWS, params.N - firstRow); row++) {
    for (var four = 0u; four < COLUMNS / 4u; four++) {
      if (firstColumn + four * 4u < params.K) {
        C[(params.cOffset + (firstRow + row) * params.cStride + firstColumn) / 4u + four] += sums[(row / 4u * B_PANELS + four / 2u) * 8u + row % 4u * 2u + four % 2u];
      }
    }
  }
}
