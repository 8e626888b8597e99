// out[i] = float32 of the i-th 16-bit number in `words` (two per word, low half first): FORMAT 0 is bfloat16, 1 is float16.
// @binding(0) words u32 [ceil(n / 2)], read   @binding(1) out f32 [n], read_write
// One lane per word.
const FORMAT = 0u;

struct Params { n: u32, wordsOffset: u32, outOffset: u32 }
@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn cast_words(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i * 2u >= params.n) { return; }
  let word = words[params.wordsOffset / 2u + i];
  let halves = unpack2x16float(word);
  out[params.outOffset + i * 2u] = select(bitcast<f32>(word << 16u), halves.x, FORMAT == 1u);
  if (i * 2u + 1u < params.n) {
    out[params.outOffset + i * 2u + 1u] = select(bitcast<f32>(word & 0xffff0000u), halves.y, FORMAT == 1u);
  }
}
