// C[M, N] = A · B (+ bias[N]) on matrix units: float16 products, float32 sums. A is [M, K], or [K, M] with A_TURNED; B is [K, N], or [N, K] with
// B_TURNED (NT: a linear layer; NN: its input's gradient; TN: its weight's gradient). With SWIGLU B is [2N, K] and C = silu(A · B[:N]ᵀ) ·
// (A · B[N:]ᵀ), rounded as swiglu.wgsl rounds it; half of each subgroup's results belong to gate, half to up.
// @binding(0) A, @binding(1) B f32 or 16 bits (op.ts, readAs), read   @binding(2) bias f32 or 16 bits [N], read (unused without withBias)
// @binding(3) largest u32 [1], read: with SCALED the bits of A's largest size; A is scaled into float16's range by a power of two from it
// @binding(4) C f32 (added to with accumulate) or 16 bits (writeAs; one chunk), read_write; [groups.z · M, N] if groups.z workgroups split the sum
// A is staged divided by 2^aDown, B by 2^bDown; results are multiplied by 2^up. A workgroup has GROUP_M x GROUP_N subgroups of PART_M x PART_N results of
// T x T. A step stages DEPTH terms in workgroup memory, eight halves per vec4<u32>, rows padded by 16 bytes. Chunks are joined in order in C, through workgroup memory.
// Limits: N, strides, offsets divide by 4, chunk by DEPTH; subgroups of exactly LANES; SWIGLU has one chunk and an even PART_N.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
alias AElem = vec4f;
alias BElem = vec4f;
alias BiasElem = f32;
alias CElem = vec4f;
const LANES = 32u;
const T = 16u;
const TK = 16u;
const GROUP_M = 2u;
const GROUP_N = 2u;
const PART_M = 2u;
const PART_N = 2u;
const DEPTH = 32u;
const BAND = 8u;
const A_TURNED = 0u;
const B_TURNED = 1u;
const SCALED = 0u;
const SWIGLU = 0u;
const TILE_M = GROUP_M * PART_M * T;
const TILE_N = GROUP_N * PART_N * T;
const SIZE = GROUP_M * GROUP_N * LANES;
const A_ROWS = TILE_M * (1u - A_TURNED) + DEPTH * A_TURNED;
const A_EIGHTS = (DEPTH * (1u - A_TURNED) + TILE_M * A_TURNED) / 8u;
const A_LOADS = (A_ROWS * A_EIGHTS + SIZE - 1u) / SIZE;
const B_ROWS = TILE_N * B_TURNED + DEPTH * (1u - B_TURNED);
const B_EIGHTS = (DEPTH * B_TURNED + TILE_N * (1u - B_TURNED)) / 8u;
const B_LOADS = (B_ROWS * B_EIGHTS + SIZE - 1u) / SIZE;
const OUT = PART_N * T / (1u + SWIGLU);

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32, chunk: u32, chunks: u32, withBias: u32, accumulate: u32, aDown: u32, bDown: u32, up: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read> largest: array<u32>;
@group(0) @binding(4) var<storage, read_write> C: array<CElem>;
@group(0) @binding(5) var<uniform> params: Params;
var<workgroup> stagedA: array<vec4<u32>, A_ROWS * (A_EIGHTS + 1u)>;
var<workgroup> stagedB: array<vec4<u32>, B_ROWS * (B_EIGHTS + 1u)>;
var<workgroup> leaving: array<f32, GROUP_M * GROUP_N * T * T * (1u + SWIGLU)>;

fn aAt(i: u32) -> vec4f { return A[i]; }
fn bAt(i: u32) -> vec4f { return B[i]; }
fn biasAt(i: u32) -> f32 { return bias[i]; }
fn cAt(i: u32) -> vec4f { return C[i]; }
fn asC(value: vec4f) -> CElem { return value; }
fn kept(value: vec4f) -> vec4f { return value; }
fn fourOfBias(i: u32) -> vec4f { return vec4f(biasAt(i), biasAt(i + 1u), biasAt(i + 2u), biasAt(i + 3u)); }
fn fourLeaving(i: u32) -> vec4f { return vec4f(leaving[i], leaving[i + 1u], leaving[i + 2u], leaving[i + 3u]); }

// The first `count` of eight numbers; the others are set to 0.
fn halves(low: vec4f, high: vec4f, count: u32) -> vec4<u32> {
  let l = select(vec4f(), low, vec4u(0u, 1u, 2u, 3u) < vec4u(count));
  let h = select(vec4f(), high, vec4u(4u, 5u, 6u, 7u) < vec4u(count));
  return vec4<u32>(pack2x16float(l.xy), pack2x16float(l.zw), pack2x16float(h.xy), pack2x16float(h.zw));
}

fn loadA(i: u32, tile: u32, k: u32, scale: f32) -> vec4<u32> {
  let at = vec2u(i / A_EIGHTS, i % A_EIGHTS * 8u) + select(vec2u(tile, k), vec2u(k, tile), A_TURNED == 1u);
  let ends = select(vec2u(params.M, params.K), vec2u(params.K, params.M), A_TURNED == 1u);
  let four = (params.aOffset + at.x * params.aStride + at.y) / 4u;
  if (any(at >= ends)) { return vec4<u32>(); }
  var high = vec4f();
  if (at.y + 4u < ends.y) { high = aAt(four + 1u) * scale; }
  return halves(aAt(four) * scale, high, ends.y - at.y);
}

fn loadB(i: u32, tile: u32, k: u32, scale: f32) -> vec4<u32> {
  let r = i / B_EIGHTS;
  let at = vec2u(r / (PART_N * T) * OUT + r % OUT, i % B_EIGHTS * 8u) + select(vec2u(tile, k), vec2u(k, tile), B_TURNED == 0u);
  let ends = select(vec2u(params.N, params.K), vec2u(params.K, params.N), B_TURNED == 0u);
  let four = (params.bOffset + (at.x + r / OUT % 2u * SWIGLU * params.N) * params.bStride + at.y) / 4u;
  if (any(at >= ends)) { return vec4<u32>(); }
  var high = vec4f();
  if (at.y + 4u < ends.y) { high = bAt(four + 1u) * scale; }
  return halves(bAt(four) * scale, high, ends.y - at.y);
}

@compute @workgroup_size(SIZE)
fn matmul_matrix(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32) {
  // Concurrent workgroups walk down a band of tile rows, so that rows of A and columns of B are shared in the cache.
  let band = group.y / BAND * BAND; let height = min(BAND, groups.y - band);
  let place = group.x + (group.y - band) * groups.x;
  let row = (band + place % height) * TILE_M; let column = place / height * (GROUP_N * OUT);
  let ownRow = subgroup / GROUP_N * PART_M * T; let ownColumn = subgroup % GROUP_N * PART_N * T;
  // Scales the largest size to 2^14 … 2^15; an all-zero A is not scaled.
  let exponent = select(-i32(params.aDown), clamp(141 - i32(largest[0] >> 23u), -126, 126), SCALED == 1u && largest[0] > 0u);
  let back = ldexp(1f, i32(params.up) - select(0, exponent, SCALED == 1u));
  for (var c = 0u; c < params.chunks; c++) {
    let start = (group.z * params.chunks + c) * params.chunk; let end = min(start + params.chunk, params.K);
    var nextA: array<vec4<u32>, A_LOADS>; var nextB: array<vec4<u32>, B_LOADS>;
    // Cleared explicitly: Dawn clears a variable only once for all rounds. A round loads a step, multiplies the previous one and stages its own.
    var sums = array<array<subgroup_matrix_result<f32, T, T>, PART_N>, PART_M>();
    for (var k = start; k < end + DEPTH; k += DEPTH) {
      if (k < end) {
        for (var l = 0u; l < A_LOADS; l++) { nextA[l] = loadA(lane + l * SIZE, row, k, ldexp(1f, exponent)); }
        for (var l = 0u; l < B_LOADS; l++) { nextB[l] = loadB(lane + l * SIZE, column, k, ldexp(1f, -i32(params.bDown))); }
      }
      if (k > start) {
        for (var d = 0u; d < DEPTH; d += TK) {
          var left: array<subgroup_matrix_left<f16, TK, T>, PART_M>;
          for (var i = 0u; i < PART_M; i++) {
            if (A_TURNED == 1u) { left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, TK, T>, col_major>(&stagedA, d * (A_EIGHTS + 1u) + (ownRow + i * T) / 8u, A_EIGHTS + 1u); }
            else { left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, TK, T>, row_major>(&stagedA, (ownRow + i * T) * (A_EIGHTS + 1u) + d / 8u, A_EIGHTS + 1u); }
          }
          for (var j = 0u; j < PART_N; j++) {
            var right: subgroup_matrix_right<f16, T, TK>;
            if (B_TURNED == 1u) { right = subgroupMatrixLoad<subgroup_matrix_right<f16, T, TK>, col_major>(&stagedB, (ownColumn + j * T) * (B_EIGHTS + 1u) + d / 8u, B_EIGHTS + 1u); }
            else { right = subgroupMatrixLoad<subgroup_matrix_right<f16, T, TK>, row_major>(&stagedB, d * (B_EIGHTS + 1u) + (ownColumn + j * T) / 8u, B_EIGHTS + 1u); }
            for (var i = 0u; i < PART_M; i++) { sums[i][j] = subgroupMatrixMultiplyAccumulate(left[i], right, sums[i][j]); }
          }
        }
      }
      workgroupBarrier();
      for (var l = 0u; l < A_LOADS; l++) { let i = lane + l * SIZE; if (i < A_ROWS * A_EIGHTS) { stagedA[i + i / A_EIGHTS] = nextA[l]; } }
      for (var l = 0u; l < B_LOADS; l++) { let i = lane + l * SIZE; if (i < B_ROWS * B_EIGHTS) { stagedB[i + i / B_EIGHTS] = nextB[l]; } }
      workgroupBarrier();
    }
    for (var i = 0u; i < PART_M; i++) {
      for (var j = 0u; j < OUT / T; j++) {
        let slot = subgroup * T * T * (1u + SWIGLU);
        subgroupMatrixStore<row_major>(&leaving, slot, sums[i][j], T);
        if (SWIGLU == 1u) { subgroupMatrixStore<row_major>(&leaving, slot + T * T, sums[i][j + OUT / T * SWIGLU], T); }
        workgroupBarrier();
        for (var e = lane % LANES * 4u; e < T * T; e += LANES * 4u) {
          let m = row + ownRow + i * T + e / T; let n = column + ownColumn / (1u + SWIGLU) + j * T + e % T;
          if (m >= params.M || n >= params.N) { continue; }
          let at = (params.cOffset + (group.z * params.M + m) * params.cStride + n) / 4u;
          var value = fourLeaving(slot + e) * back;
          if (SWIGLU == 1u) { value = kept(value); value = value / (1f + exp(-value)) * kept(fourLeaving(slot + T * T * SWIGLU + e)); }
          if (params.withBias == 1u && c == 0u) { value += fourOfBias(params.biasOffset + n); }
          if (params.accumulate == 1u || c > 0u) { value += cAt(at); }
          C[at] = asC(value);
        }
        workgroupBarrier();
      }
    }
  }
}
