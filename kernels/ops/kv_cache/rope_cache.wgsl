// Rotates new keys as rope.wgsl does and writes them to the cache, and new values unchanged.
// @binding(0) k f32 [N, H·D], read   @binding(1) v f32 [N, H·D], read   @binding(2) positions u32 [N], read   @binding(3) slots u32 [N], read
// @binding(4) table f32 [T, D]: D/2 cosines, then D/2 sines, of each position, read
// @binding(5) keys f32 [S, H·D], read_write   @binding(6) values f32 [S, H·D], read_write
// One lane per PACK pairs of columns. Limits: slots are distinct; with Elem = vec4f and PACK = 4, D divides by 8, strides and offsets by 4.
// Source: transformers apply_rotary_pos_emb, the same operations as in rope.wgsl, so decoding and scoring give the same bits.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias KElem = Elem;
alias VElem = Elem;
alias KeysElem = Elem;
alias ValuesElem = Elem;
const PACK = 1u;
const H = 4u;
const D = 16u;
const HALF = D / 2u / PACK;

struct Params {
  N: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, positionOffset: u32, slotOffset: u32,
  keysOffset: u32, keysStride: u32, valuesOffset: u32, valuesStride: u32,
}
@group(0) @binding(0) var<storage, read> k: array<KElem>;
@group(0) @binding(1) var<storage, read> v: array<VElem>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> slots: array<u32>;
@group(0) @binding(4) var<storage, read> table: array<Elem>;
@group(0) @binding(5) var<storage, read_write> keys: array<KeysElem>;
@group(0) @binding(6) var<storage, read_write> values: array<ValuesElem>;
@group(0) @binding(7) var<uniform> params: Params;

fn kOf(i: u32) -> Elem { return k[i]; }
fn vOf(i: u32) -> Elem { return v[i]; }
fn asKeys(value: Elem) -> KeysElem { return value; }
fn asValues(value: Elem) -> ValuesElem { return value; }

@compute @workgroup_size(64)
fn rope_cache(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (H * HALF);
  if (row >= params.N) { return; }
  let column = index / HALF % H * (D / PACK) + index % HALF;
  let at = positions[params.positionOffset + row] * (D / PACK) + index % HALF;
  let cosine = table[at];
  let sine = table[at + HALF];
  let slot = slots[params.slotOffset + row];
  let kAt = (params.kOffset + row * params.kStride) / PACK + column;
  let vAt = (params.vOffset + row * params.vStride) / PACK + column;
  let first = kOf(kAt);
  let second = kOf(kAt + HALF);
  let key = (params.keysOffset + slot * params.keysStride) / PACK + column;
  keys[key] = asKeys(fma(first, cosine, -(second * sine)));
  keys[key + HALF] = asKeys(fma(second, cosine, first * sine));
  let value = (params.valuesOffset + slot * params.valuesStride) / PACK + column;
  values[value] = asValues(vOf(vAt));
  values[value + HALF] = asValues(vOf(vAt + HALF));
}
