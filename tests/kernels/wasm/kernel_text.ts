/** Kernels as text: two bindings, of which one is read and one is written. */

/** The declarations of every text. */
export const bindings = `struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
`;

/** The text of a kernel `main` of one invocation, `group` being the workgroup's place in x. */
export const kernelText = (body: string, before = ""): string =>
  `${bindings}${before}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) place: vec3u) {
  let group = place.x;
${body}
}
`;
