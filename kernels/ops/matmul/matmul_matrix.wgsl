// C[M, N] = A · B (+ bias[N]) by the device's own matrix units: float16 products, float32 sums. A is [M, K], or [K, M] with A_TURNED; B is
// [K, N], or [N, K] with B_TURNED (NT of a linear layer; NN its input's gradient; TN its weight's).
// @binding(0) A f32, read   @binding(1) B f32 or 16 bits (op.ts, readAs), read   @binding(2) bias f32 or 16 bits [N], read (unused without BIAS)
// @binding(3) largest u32 [1], read: with SCALED the bits of A's largest size, by whose power of two A is brought into float16's range
// @binding(4) C f32, read_write (added to with ACCUMULATE)
// A workgroup is GROUP_M x GROUP_N subgroups, each owner of PART_M x PART_N results of T x T. A step stages DEPTH of the sum in workgroup
// memory, eight halves a vec4<u32>, rows padded by 16 bytes; results leave through workgroup memory, one matrix at a time.
// Limits: strides and offsets divide by 4; LANES is the subgroup's exact size. Sums depend on neither M nor the tile of other rows.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

alias AElem = vec4f;
alias BElem = vec4f;
alias BiasElem = f32;
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
const BIAS = 0u;
const SCALED = 0u;
const ACCUMULATE = 0u;
const TILE_M = GROUP_M * PART_M * T;
const TILE_N = GROUP_N * PART_N * T;
const SIZE = GROUP_M * GROUP_N * LANES;
const A_ROWS = TILE_M * (1u - A_TURNED) + DEPTH * A_TURNED;
const A_EIGHTS = (DEPTH * (1u - A_TURNED) + TILE_M * A_TURNED) / 8u;
const B_ROWS = TILE_N * B_TURNED + DEPTH * (1u - B_TURNED);
const B_EIGHTS = (DEPTH * B_TURNED + TILE_N * (1u - B_TURNED)) / 8u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read> largest: array<u32>;
@group(0) @binding(4) var<storage, read_write> C: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> stagedA: array<vec4<u32>, A_ROWS * (A_EIGHTS + 1u)>;
var<workgroup> stagedB: array<vec4<u32>, B_ROWS * (B_EIGHTS + 1u)>;
var<workgroup> leaving: array<f32, GROUP_M * GROUP_N * T * T>;

fn aAt(i: u32) -> vec4f { return A[i]; }
fn bAt(i: u32) -> vec4f { return B[i]; }
fn biasAt(i: u32) -> f32 { return bias[i]; }

fn inside(four: vec4f, column: u32, columns: u32) -> vec4f {
  return select(vec4f(), four, vec4u(column, column + 1u, column + 2u, column + 3u) < vec4u(columns));
}

fn halves(low: vec4f, high: vec4f) -> vec4<u32> {
  return vec4<u32>(pack2x16float(low.xy), pack2x16float(low.zw), pack2x16float(high.xy), pack2x16float(high.zw));
}

fn eightOfA(row: u32, column: u32, rows: u32, columns: u32, scale: f32) -> vec4<u32> {
  var low = vec4f();
  var high = vec4f();
  let at = (params.aOffset + row * params.aStride + column) / 4u;
  if (row < rows && column < columns) { low = inside(aAt(at), column, columns) * scale; }
  if (row < rows && column + 4u < columns) { high = inside(aAt(at + 1u), column + 4u, columns) * scale; }
  return halves(low, high);
}

fn eightOfB(row: u32, column: u32, rows: u32, columns: u32) -> vec4<u32> {
  var low = vec4f();
  var high = vec4f();
  let at = (params.bOffset + row * params.bStride + column) / 4u;
  if (row < rows && column < columns) { low = inside(bAt(at), column, columns); }
  if (row < rows && column + 4u < columns) { high = inside(bAt(at + 1u), column + 4u, columns); }
  return halves(low, high);
}

@compute @workgroup_size(SIZE)
fn matmul_matrix(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32) {
  // Workgroups that run at the same time walk down a band of rows of tiles: they share rows of A and columns of B in the cache.
  let id = group.x + group.y * groups.x;
  let band = id / (BAND * groups.x) * BAND;
  let height = min(BAND, groups.y - band);
  let place = id % (BAND * groups.x);
  let row = (band + place % height) * TILE_M;
  let column = place / height * TILE_N;
  let ownRow = subgroup / GROUP_N * PART_M * T;
  let ownColumn = subgroup % GROUP_N * PART_N * T;
  // The largest size becomes 2^14 to 2^15; zeros stay as they are.
  let exponent = select(0, clamp(141 - i32(largest[0] >> 23u), -126, 126), SCALED == 1u && largest[0] > 0u);
  let scale = ldexp(1f, exponent);
  var sums: array<array<subgroup_matrix_result<f32, T, T>, PART_N>, PART_M>;
  for (var k = 0u; k < params.K; k += DEPTH) {
    for (var i = lane; i < A_ROWS * A_EIGHTS; i += SIZE) {
      let r = i / A_EIGHTS;
      let e = i % A_EIGHTS;
      if (A_TURNED == 1u) { stagedA[r * (A_EIGHTS + 1u) + e] = eightOfA(k + r, row + e * 8u, params.K, params.M, scale); }
      else { stagedA[r * (A_EIGHTS + 1u) + e] = eightOfA(row + r, k + e * 8u, params.M, params.K, scale); }
    }
    for (var i = lane; i < B_ROWS * B_EIGHTS; i += SIZE) {
      let r = i / B_EIGHTS;
      let e = i % B_EIGHTS;
      if (B_TURNED == 1u) { stagedB[r * (B_EIGHTS + 1u) + e] = eightOfB(column + r, k + e * 8u, params.N, params.K); }
      else { stagedB[r * (B_EIGHTS + 1u) + e] = eightOfB(k + r, column + e * 8u, params.K, params.N); }
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d += TK) {
      var left: array<subgroup_matrix_left<f16, TK, T>, PART_M>;
      for (var i = 0u; i < PART_M; i++) {
        let m = ownRow + i * T;
        if (A_TURNED == 1u) { left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, TK, T>, col_major>(&stagedA, d * (A_EIGHTS + 1u) + m / 8u, A_EIGHTS + 1u); }
        else { left[i] = subgroupMatrixLoad<subgroup_matrix_left<f16, TK, T>, row_major>(&stagedA, m * (A_EIGHTS + 1u) + d / 8u, A_EIGHTS + 1u); }
      }
      for (var j = 0u; j < PART_N; j++) {
        let n = ownColumn + j * T;
        var right: subgroup_matrix_right<f16, T, TK>;
        if (B_TURNED == 1u) { right = subgroupMatrixLoad<subgroup_matrix_right<f16, T, TK>, col_major>(&stagedB, n * (B_EIGHTS + 1u) + d / 8u, B_EIGHTS + 1u); }
        else { right = subgroupMatrixLoad<subgroup_matrix_right<f16, T, TK>, row_major>(&stagedB, d * (B_EIGHTS + 1u) + n / 8u, B_EIGHTS + 1u); }
        for (var i = 0u; i < PART_M; i++) { sums[i][j] = subgroupMatrixMultiplyAccumulate(left[i], right, sums[i][j]); }
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < PART_M; i++) {
    for (var j = 0u; j < PART_N; j++) {
      subgroupMatrixStore<row_major>(&leaving, subgroup * T * T, sums[i][j], T);
      workgroupBarrier();
      for (var e = lane % LANES; e < T * T; e += LANES) {
        let m = row + ownRow + i * T + e / T;
        let n = column + ownColumn + j * T + e % T;
        if (m < params.M && n < params.N) {
          let at = params.cOffset + m * params.cStride + n;
          var value = leaving[subgroup * T * T + e] * ldexp(1f, -exponent);
          if (BIAS == 1u) { value += biasAt(params.biasOffset + n); }
          if (ACCUMULATE == 1u) { value += C[at]; }
          C[at] = value;
        }
      }
      workgroupBarrier();
    }
  }
}
