// out[N, F] = silu(gate[N, F]) · up[N, F], silu(x) = x / (1 + exp(-x)); gate and up are the two halves of one projection.
// @binding(0) gateUp f32 [N, 2F] (gate, then up), read   @binding(1) out f32 [N, F], read_write
// One lane per PACK elements. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
// Source: transformers Qwen2MLP.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias GateUpElem = Elem;
alias OutElem = Elem;
const PACK = 1u;
const F = 64u;

struct Params { N: u32, gateUpOffset: u32, gateUpStride: u32, outOffset: u32, outStride: u32 }
@group(0) @binding(0) var<storage, read> gateUp: array<GateUpElem>;
@group(0) @binding(1) var<storage, read_write> out: array<OutElem>;
@group(0) @binding(2) var<uniform> params: Params;

fn gateUpAt(i: u32) -> Elem { return gateUp[i]; }
fn asOut(value: Elem) -> OutElem { return value; }

@compute @workgroup_size(64)
fn swiglu(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (F / PACK);
  let column = index % (F / PACK);
  if (row >= params.N) { return; }
  let at = (params.gateUpOffset + row * params.gateUpStride) / PACK + column;
  let gate = gateUpAt(at);
  out[(params.outOffset + row * params.outStride) / PACK + column] =
    asOut(gate / (Elem(1f) + exp(-gate)) * gateUpAt(at + F / PACK));
}
