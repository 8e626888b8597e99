// log softmax(logits · inverseTemperature) at the target, and the entropy of that softmax, for each row of a tile of logits.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) targets u32 [R], read
// @binding(2) logProbs f32 [R]   @binding(3) entropy f32 [R]   @binding(4) stats f32 [R, 2]: maximum and log Σ exp(z - maximum), read_write
// One lane a row, columns in order: for small vocabularies. entropy = log Σ exp(z - max) - Σ p (z - max).
// A target beyond V gives a log-prob of 0 (rows whose token nobody asks for).
struct Params { R: u32, V: u32, stride: u32, targetOffset: u32, outOffset: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logProbs: array<f32>;
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(16)
fn token_log_probs(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var most = -3.4028234e38;
  for (var v = 0u; v < params.V; v++) {
    most = max(most, logits[base + v] * params.inverseTemperature);
  }
  var total = 0f;
  var weighted = 0f;
  for (var v = 0u; v < params.V; v++) {
    let z = fma(logits[base + v], params.inverseTemperature, -most);
    let weight = exp(z);
    total += weight;
    weighted = fma(weight, z, weighted);
  }
  let logTotal = log(total);
  let chosen = targets[params.targetOffset + row];
  let at = params.outOffset + row;
  logProbs[at] = select(0f, fma(logits[base + min(chosen, params.V - 1u)], params.inverseTemperature, -most) - logTotal, chosen < params.V);
  entropy[at] = logTotal - weighted / total;
  stats[at] = vec2f(most, logTotal);
}
