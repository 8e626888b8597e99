// out[n] = table[tokens[n] - first]: the embedding of each token, or a gather of rows in general. Rows of tokens outside this window of the table are not written.
// @binding(0) tokens u32 [N], read   @binding(1) table f32 [R, C], read (R rows from row `first` on)   @binding(2) out f32 [N, C], read_write
// One lane per PACK elements. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias TableElem = Elem;
const PACK = 1u;
const C = 64u;

struct Params { N: u32, R: u32, first: u32, tokenOffset: u32, tableOffset: u32, tableStride: u32, outOffset: u32, outStride: u32 }
@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<TableElem>;
@group(0) @binding(2) var<storage, read_write> out: array<Elem>;
@group(0) @binding(3) var<uniform> params: Params;

fn tableAt(i: u32) -> Elem { return table[i]; }

@compute @workgroup_size(64)
fn embedding(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let n = index / (C / PACK);
  let column = index % (C / PACK);
  if (n >= params.N) { return; }
  let token = tokens[params.tokenOffset + n];
  if (token < params.first || token - params.first >= params.R) { return; }
  out[(params.outOffset + n * params.outStride) / PACK + column] =
    tableAt((params.tableOffset + (token - params.first) * params.tableStride) / PACK + column);
}
