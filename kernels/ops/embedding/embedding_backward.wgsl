// dtable[token - first] += Σ of dout over the rows with the token, in order. Only tokens in this window of the table, and only rows of the window
// start … start + N of dout (the index of an earlier row wraps around and is rejected too).
// @binding(0) starts u32 [U, 2]: token, first entry of `rows`, read   @binding(1) rows u32 [N]: rows sorted by token, read
// @binding(2) dout f32 [N, C], read (rows from `start` on)   @binding(3) dtable f32 [R, C], read_write
// One lane per PACK columns of a distinct token (Elem = vec4f: widths, strides and offsets divide by 4). U counts distinct tokens; the rows of token u end where those of u + 1 begin.
alias Elem = f32;
const PACK = 1u;
const C = 64u;

struct Params { U: u32, R: u32, first: u32, N: u32, start: u32, doutOffset: u32, doutStride: u32, dtableOffset: u32, dtableStride: u32 }
@group(0) @binding(0) var<storage, read> starts: array<vec2u>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read> dout: array<Elem>;
@group(0) @binding(3) var<storage, read_write> dtable: array<Elem>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn embedding_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let u = index / (C / PACK);
  let column = index % (C / PACK);
  if (u >= params.U) { return; }
  let token = starts[u].x;
  if (token < params.first || token - params.first >= params.R) { return; }
  var sum = Elem();
  for (var i = starts[u].y; i < starts[u + 1u].y; i++) {
    let row = rows[i] - params.start;
    if (row < params.N) { sum += dout[(params.doutOffset + row * params.doutStride) / PACK + column]; }
  }
  let at = (params.dtableOffset + (token - params.first) * params.dtableStride) / PACK + column;
  dtable[at] = dtable[at] + sum;
}
