// Computes nothing: measures a dispatch that does not depend on the previous one, since all only read.
// @binding(0) a u32 [1], read
// One workgroup of one lane.
struct Params { N: u32 }
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(1)
fn dispatch_read() {
  _ = a[params.N];
}
