import assert from "node:assert/strict";
import { syncInterval } from "../../../pipelines/sampling/sync_interval.ts";

Deno.test("on hardware 4 to 32 steps pass between syncs, more where responses are longer", () => {
  const interval = syncInterval({ kind: "gpu" });
  assert.deepEqual([1, 16, 128, 256, 1024, 3072, 32_768].map((maxResponse) => interval(256, maxResponse)), [
    4,
    4,
    4,
    8,
    32,
    32,
    32,
  ]);
  assert.deepEqual([1, 4096].map((active) => interval(active, 512)), [16, 16]);
});

Deno.test("a device on the host's processors syncs more often the more rows a step has", () => {
  for (const kind of ["wasm", "lavapipe", "swiftshader"] as const) {
    const interval = syncInterval({ kind });
    assert.deepEqual([1, 64, 65, 4096].map((active) => interval(active, 3072)), [4, 4, 1, 1]);
  }
});
