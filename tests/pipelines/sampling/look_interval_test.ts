import assert from "node:assert/strict";
import { lookInterval } from "../../../pipelines/sampling/look_interval.ts";

Deno.test("on hardware 4 to 32 steps pass between looks, more where responses are longer", () => {
  const looks = lookInterval({ kind: "gpu" });
  assert.deepEqual([1, 16, 128, 256, 1024, 3072, 32_768].map((longest) => looks(256, longest)), [
    4,
    4,
    4,
    8,
    32,
    32,
    32,
  ]);
  assert.deepEqual([1, 4096].map((active) => looks(active, 512)), [16, 16]);
});

Deno.test("a device on the host's processors is looked at more often the more rows a step has", () => {
  for (const kind of ["wasm", "lavapipe", "swiftshader"] as const) {
    const looks = lookInterval({ kind });
    assert.deepEqual([1, 64, 65, 4096].map((active) => looks(active, 3072)), [4, 4, 1, 1]);
  }
});
