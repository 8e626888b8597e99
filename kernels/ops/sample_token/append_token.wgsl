// Appends the token drawn for each row to its sequence and advances its state; finished sequences are unchanged.
// @binding(0) chosen u32 [R]   @binding(1) slots u32 [R]: the sequence of each row   @binding(2) stops u32 [stopCount]
// @binding(3) logProbs f32 [R] of the token drawn   @binding(4) entropy f32 [R] of its distribution, all read
// @binding(5) state vec4u [S]: last token, tokens so far, finished (1 stop, 2 length), most tokens, read_write
// @binding(6) out u32 [S, T, 3]: token, bits of its log-prob, bits of the entropy, read_write
// One lane per row.
struct Params { R: u32, T: u32, slotOffset: u32, stopCount: u32 }
@group(0) @binding(0) var<storage, read> chosen: array<u32>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> stops: array<u32>;
@group(0) @binding(3) var<storage, read> logProbs: array<f32>;
@group(0) @binding(4) var<storage, read> entropy: array<f32>;
@group(0) @binding(5) var<storage, read_write> state: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> out: array<u32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(64)
fn append_token(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= params.R) { return; }
  let slot = slots[params.slotOffset + row];
  var own = state[slot];
  if (own.z != 0u) { return; }
  let token = chosen[row];
  let at = (slot * params.T + own.y) * 3u;
  out[at] = token;
  out[at + 1u] = bitcast<u32>(logProbs[row]);
  out[at + 2u] = bitcast<u32>(entropy[row]);
  own.x = token;
  own.y += 1u;
  if (own.y >= own.w) { own.z = 2u; }
  for (var i = 0u; i < params.stopCount; i++) {
    if (stops[i] == token) { own.z = 1u; }
  }
  state[slot] = own;
}
