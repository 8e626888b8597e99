// Joins in order the chunks of keys that attention_subgroup.wgsl writes with SPLIT; gives the same bits as that kernel without SPLIT.
// @binding(0) sums f32 [N, chunks, H, D], read   @binding(1) parts f32 [N, chunks, H, 2]: maximum and total, read
// @binding(2) spans vec4u [N] (attention.wgsl), read
// @binding(3) out f32 [N, H·D], read_write       @binding(4) lse f32 [N, H], read_write
// One lane per vec4 of a head of a row. Limits: D, strides and offsets divide by 4.
// Element type and accessor of out below: the host replaces them for 16-bit formats (op.ts: writeAs).
alias OutElem = vec4f;
const H = 4u;
const D4 = 4u;
const CHUNK = 512u;

struct Params { N: u32, spanOffset: u32, outOffset: u32, outStride: u32, lseOffset: u32, chunks: u32 }
@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read> parts: array<vec2f>;
@group(0) @binding(2) var<storage, read> spans: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> out: array<OutElem>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

fn asOut(value: vec4f) -> OutElem { return value; }

@compute @workgroup_size(64)
fn attention_merge(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (H * D4);
  let column = index % (H * D4);
  if (row >= params.N) { return; }
  let head = column / D4;
  let chunks = (spans[params.spanOffset / 4u + row].w + CHUNK - 1u) / CHUNK;
  var most = -3.4028234e38;
  var total = 0f;
  var sum = vec4f();
  for (var chunk = 0u; chunk < chunks; chunk++) {
    let at = (row * params.chunks + chunk) * H + head;
    let part = parts[at];
    let now = max(most, part.x);
    let shrink = exp(most - now);
    let power = exp(part.x - now);
    total = fma(total, shrink, part.y * power);
    most = now;
    sum = fma(sum, vec4f(shrink), sums[at * D4 + column % D4] * power);
  }
  out[(params.outOffset + row * params.outStride) / 4u + column] = asOut(sum / total);
  if (column % D4 == 0u) { lse[params.lseOffset + row * H + head] = most + log(total); }
}
