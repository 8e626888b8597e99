// Replaces a tile of logits by its gradient: with z = logits · inverseTemperature, p = softmax(z), H its entropy,
// dlogits[v] = inverseTemperature · (dlogProb · (1[v = target] - p) - dentropy · p · (log p + H)).
// @binding(0) logits f32 [R, V] rows stride apart, read_write; the gap behind V is set to 0   @binding(1) targets u32 [R]
// @binding(2) stats f32 [R, 2] (see token_log_probs.wgsl)   @binding(3) entropy f32 [R]
// @binding(4) dlogProbs f32 [R]   @binding(5) dentropy f32 [R], all read
// One lane per four elements; STRIDE is the row's length with its gap, a multiple of 4.
const STRIDE = 80u;

struct Params { R: u32, V: u32, offset: u32, targetOffset: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<storage, read_write> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> stats: array<vec2f>;
@group(0) @binding(3) var<storage, read> entropy: array<f32>;
@group(0) @binding(4) var<storage, read> dlogProbs: array<f32>;
@group(0) @binding(5) var<storage, read> dentropy: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn token_log_probs_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (STRIDE / 4u);
  let v = index % (STRIDE / 4u) * 4u;
  if (row >= params.R) { return; }
  let columns = vec4u(v, v + 1u, v + 2u, v + 3u);
  let at = params.offset + row;
  let logP = fma(logits[index], vec4f(params.inverseTemperature), vec4f(-stats[at].x)) - stats[at].y;
  let p = exp(logP);
  let chosen = select(vec4f(), vec4f(1f), columns == vec4u(targets[params.targetOffset + row]));
  let gradient = params.inverseTemperature * (dlogProbs[at] * (chosen - p) - dentropy[at] * p * (logP + entropy[at]));
  logits[index] = select(vec4f(), gradient, columns < vec4u(params.V));
}
