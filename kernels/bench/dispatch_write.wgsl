// a[0] += 1: measures a dispatch that depends on the previous one, since each reads what that one wrote.
// @binding(0) a u32 [1], read_write
// One workgroup of one lane.
struct Params { N: u32 }
@group(0) @binding(0) var<storage, read_write> a: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(1)
fn dispatch_write() {
  a[params.N] += 1u;
}
