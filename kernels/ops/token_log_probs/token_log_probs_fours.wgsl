// token_log_probs.wgsl for serial devices (workgroups of one invocation): same bindings and params, four columns at a time.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) targets u32 [R], read
// @binding(2) logProbs f32 [R]   @binding(3) entropy f32 [R]   @binding(4) stats f32 [R, 2]: maximum and log Σ exp(z - maximum), read_write
// One lane per row. Blocks of BLOCK columns have four sums each, which keeps sums over large vocabularies accurate. Limits: stride divides by 4.
const BLOCK = 1024u;

struct Params { R: u32, V: u32, stride: u32, targetOffset: u32, outOffset: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logProbs: array<f32>;
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

const lowest = -3.4028234e38;

fn columnsOf(v: u32) -> vec4u { return vec4u(v) + vec4u(0u, 1u, 2u, 3u); }

@compute @workgroup_size(1)
fn token_log_probs_fours(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = group.x + group.y * groups.x;
  if (row >= params.R) { return; }
  let base = row * params.stride / 4u;
  let scale = params.inverseTemperature;
  var largest = vec4f(lowest);
  for (var v = 0u; v < params.V; v += 4u) {
    let z = select(vec4f(lowest), logits[base + v / 4u] * scale, columnsOf(v) < vec4u(params.V));
    largest = select(largest, z, largest < z);
  }
  let most = max(max(largest.x, largest.y), max(largest.z, largest.w));
  var total = vec4f();
  var weighted = vec4f();
  for (var start = 0u; start < params.V; start += BLOCK) {
    var blockTotal = vec4f();
    var blockWeighted = vec4f();
    for (var v = start; v < min(start + BLOCK, params.V); v += 4u) {
      let z = fma(logits[base + v / 4u], vec4f(scale), vec4f(-most));
      let exists = columnsOf(v) < vec4u(params.V);
      let weight = exp(z);
      blockTotal += select(vec4f(), weight, exists);
      blockWeighted += select(vec4f(), weight * z, exists);
    }
    total += blockTotal;
    weighted += blockWeighted;
  }
  let sum = (total.x + total.y) + (total.z + total.w);
  let logTotal = log(sum);
  let chosen = targets[params.targetOffset + row];
  let place = min(chosen, params.V - 1u);
  let four = logits[base + place / 4u];
  let logit = select(select(four.x, four.y, place % 4u == 1u), select(four.z, four.w, place % 4u == 3u), place % 4u >= 2u);
  let at = params.outOffset + row;
  logProbs[at] = select(0f, fma(logit, scale, -most) - logTotal, chosen < params.V);
  entropy[at] = logTotal - ((weighted.x + weighted.y) + (weighted.z + weighted.w)) / sum;
  stats[at] = vec2f(most, logTotal);
}
