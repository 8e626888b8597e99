// The sum of a number over the `lanes` lanes of a subgroup, a power of two, by a butterfly: the same in each. Put behind a kernel that calls it, which
// then enables subgroups (specialize.ts).
fn laneSum(own: f32, lanes: u32) -> f32 {
  var sum = own;
  for (var width = lanes / 2u; width > 0u; width /= 2u) { sum += subgroupShuffleXor(sum, width); }
  return sum;
}
