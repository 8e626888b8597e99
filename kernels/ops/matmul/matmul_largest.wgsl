// largest[0] = max(largest[0], |A[M, K]|) as float32 bits without the sign, which order like the numbers. NaN counts as larger than infinity.
// @binding(0) A f32 [M, K] rows aStride apart, read   @binding(1) largest u32 [1], read_write, zero before the first dispatch
// Each workgroup takes every groups-th run of 256 elements and joins its lanes' maxima in a tree. Workgroups use an atomic integer maximum, whose
// result does not depend on order.
struct Params { M: u32, K: u32, aOffset: u32, aStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<u32>;
@group(0) @binding(1) var<storage, read_write> largest: array<atomic<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 256u;
var<workgroup> joined: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn matmul_largest(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  var most = 0u;
  for (var i = group.x * LANES + lane; i < params.M * params.K; i += groups.x * LANES) {
    most = max(most, A[params.aOffset + i / params.K * params.aStride + i % params.K] & 0x7fffffffu);
  }
  joined[lane] = most;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { joined[lane] = max(joined[lane], joined[lane + width]); }
  }
  if (lane == 0u) { atomicMax(&largest[0], joined[0]); }
}
