// Butterfly sum over the `lanes` lanes of a subgroup (a power of two); every lane gets the same bits. Appended to a kernel that calls it, with
// `enable subgroups` (specialize.ts).
fn laneSum(own: f32, lanes: u32) -> f32 {
  var sum = own;
  for (var width = lanes / 2u; width > 0u; width /= 2u) { sum += subgroupShuffleXor(sum, width); }
  return sum;
}
