// The next decoding step of each sequence: its newest token, the token's position, the cache row of its key, and the keys that it sees.
// @binding(0) slots u32 [R]: the sequence of each row, read   @binding(1) state vec4u [S] (see append_token.wgsl), read
// @binding(2) sequences vec4u [S]: first entry of the prompt in blockTables, prompt length, first own entry, 0, read   @binding(3) blockTables u32, read
// @binding(4) tokens u32 [R]   @binding(5) positions u32 [R]   @binding(6) cacheRows u32 [R]   @binding(7) spans vec4u [R], read_write
// One lane per row.
const BLOCK = 16u;

struct Params { R: u32, slotOffset: u32 }
@group(0) @binding(0) var<storage, read> slots: array<u32>;
@group(0) @binding(1) var<storage, read> state: array<vec4u>;
@group(0) @binding(2) var<storage, read> sequences: array<vec4u>;
@group(0) @binding(3) var<storage, read> blockTables: array<u32>;
@group(0) @binding(4) var<storage, read_write> tokens: array<u32>;
@group(0) @binding(5) var<storage, read_write> positions: array<u32>;
@group(0) @binding(6) var<storage, read_write> cacheRows: array<u32>;
@group(0) @binding(7) var<storage, read_write> spans: array<vec4u>;
@group(0) @binding(8) var<uniform> params: Params;

@compute @workgroup_size(64)
fn decode_rows(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 64u;
  if (row >= params.R) { return; }
  let slot = slots[params.slotOffset + row];
  let own = state[slot];
  let sequence = sequences[slot];
  tokens[row] = own.x;
  positions[row] = sequence.y + own.y - 1u;
  let nth = own.y - 1u;
  cacheRows[row] = blockTables[sequence.z + nth / BLOCK] * BLOCK + nth % BLOCK;
  spans[row] = vec4u(sequence.x, sequence.y, sequence.z, sequence.y + own.y);
}
