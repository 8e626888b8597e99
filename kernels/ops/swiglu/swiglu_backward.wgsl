// dgate = dout · up · σ(gate)(1 + gate(1 - σ(gate))), dup = dout · silu(gate).
// @binding(0) gateUp f32 [N, 2F], read   @binding(1) dout f32 [N, F], read   @binding(2) dgateUp f32 [N, 2F], read_write
// One lane per PACK elements of dout. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias GateUpElem = Elem;
const PACK = 1u;
const F = 64u;

struct Params { N: u32, gateUpOffset: u32, gateUpStride: u32, doutOffset: u32, doutStride: u32, dgateUpOffset: u32, dgateUpStride: u32 }
@group(0) @binding(0) var<storage, read> gateUp: array<GateUpElem>;
@group(0) @binding(1) var<storage, read> dout: array<Elem>;
@group(0) @binding(2) var<storage, read_write> dgateUp: array<Elem>;
@group(0) @binding(3) var<uniform> params: Params;

fn gateUpAt(i: u32) -> Elem { return gateUp[i]; }

@compute @workgroup_size(64)
fn swiglu_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (F / PACK);
  let column = index % (F / PACK);
  if (row >= params.N) { return; }
  let at = (params.gateUpOffset + row * params.gateUpStride) / PACK + column;
  let gate = gateUpAt(at);
  let up = gateUpAt(at + F / PACK);
  let sigmoid = Elem(1f) / (Elem(1f) + exp(-gate));
  let gradient = dout[(params.doutOffset + row * params.doutStride) / PACK + column];
  let dat = (params.dgateUpOffset + row * params.dgateUpStride) / PACK + column;
  dgateUp[dat] = gradient * up * sigmoid * (Elem(1f) + gate * (Elem(1f) - sigmoid));
  dgateUp[dat + F / PACK] = gradient * gate * sigmoid;
}
