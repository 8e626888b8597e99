// Maximum and sum over the 64 lanes of a workgroup, pairwise in a fixed tree; every lane gets the result. Appended to a kernel that calls one of
// them (specialize.ts).
var<workgroup> joined: array<vec2f, 64>;

fn joinMost(lane: u32, own: f32) -> f32 {
  joined[lane].x = own;
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { joined[lane].x = max(joined[lane].x, joined[lane + width].x); }
  }
  workgroupBarrier();
  let most = joined[0].x;
  workgroupBarrier();
  return most;
}

fn joinSum(lane: u32, own: vec2f) -> vec2f {
  joined[lane] = own;
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { joined[lane] += joined[lane + width]; }
  }
  return workgroupUniformLoad(&joined[0]);
}
