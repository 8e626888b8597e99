// cache[slots[n]] = rows[n]: writes the keys (or values) of the newest tokens where later tokens will look for them.
// @binding(0) rows f32 [N, C], read   @binding(1) slots u32 [N], read   @binding(2) cache f32 [S, C], read_write
// One lane PACK elements. Limits: with Elem = vec4f and PACK = 4 widths, strides and offsets divide by 4. Slots are distinct.
alias Elem = f32;
const PACK = 1u;
const C = 64u;

struct Params { N: u32, rowOffset: u32, rowStride: u32, slotOffset: u32, cacheOffset: u32, cacheStride: u32 }
@group(0) @binding(0) var<storage, read> rows: array<Elem>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> cache: array<Elem>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn kv_cache(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let n = index / (C / PACK);
  let column = index % (C / PACK);
  if (n >= params.N) { return; }
  cache[(params.cacheOffset + slots[params.slotOffset + n] * params.cacheStride) / PACK + column] =
    rows[(params.rowOffset + n * params.rowStride) / PACK + column];
}
