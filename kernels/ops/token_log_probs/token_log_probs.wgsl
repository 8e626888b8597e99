// log softmax(logits · inverseTemperature) at the target, and the entropy of that softmax, for each row of a tile of logits.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) targets u32 [R], read
// @binding(2) logProbs f32 [R]   @binding(3) entropy f32 [R]   @binding(4) stats f32 [R, 2]: maximum and log Σ exp(z - maximum), read_write
// One lane per row, columns in order, for small vocabularies. Large ones use a workgroup of LANES per row: lane l takes columns l, l + LANES, …, and
// results are joined in a fixed tree (lane_tree.wgsl; the host sets the functions, token_log_probs.ts). entropy = log Σ exp(z - max) - Σ p (z - max).
// A target beyond V (a row without a target) gets a log-prob of 0.
const LANES = 1u;
const SIZE = 16u;

struct Params { R: u32, V: u32, stride: u32, targetOffset: u32, outOffset: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logProbs: array<f32>;
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

fn indexOf(id: vec3u, group: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * SIZE; }
fn laneOf(local: u32) -> u32 { return 0u; }
fn mostOf(lane: u32, own: f32) -> f32 { return own; }
fn sumOf(lane: u32, own: vec2f) -> vec2f { return own; }

@compute @workgroup_size(SIZE)
fn token_log_probs(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = indexOf(id, group, groups);
  let lane = laneOf(local);
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var most = -3.4028234e38;
  for (var v = lane; v < params.V; v += LANES) {
    most = max(most, logits[base + v] * params.inverseTemperature);
  }
  most = mostOf(lane, most);
  var sums = vec2f();
  for (var v = lane; v < params.V; v += LANES) {
    let z = fma(logits[base + v], params.inverseTemperature, -most);
    let weight = exp(z);
    sums = vec2f(sums.x + weight, fma(weight, z, sums.y));
  }
  sums = sumOf(lane, sums);
  if (lane > 0u) { return; }
  let logTotal = log(sums.x);
  let chosen = targets[params.targetOffset + row];
  let at = params.outOffset + row;
  logProbs[at] = select(0f, fma(logits[base + min(chosen, params.V - 1u)], params.inverseTemperature, -most) - logTotal, chosen < params.V);
  entropy[at] = logTotal - sums.y / sums.x;
  stats[at] = vec2f(most, logTotal);
}
