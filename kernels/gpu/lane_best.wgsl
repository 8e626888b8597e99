// The best candidate among the 64 lanes of a workgroup, returned to every lane; ties go to the smaller token. Appended to a kernel that calls it
// and declares `Best` (specialize.ts, sample_token.wgsl).
var<workgroup> bests: array<Best, 64>;

fn joinBest(lane: u32, own: Best) -> Best {
  bests[lane] = own;
  for (var width = 32u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) {
      let other = bests[lane + width];
      if (other.score > bests[lane].score || (other.score == bests[lane].score && other.token < bests[lane].token)) { bests[lane] = other; }
    }
  }
  return workgroupUniformLoad(&bests[0]);
}
