import assert from "node:assert/strict";
import { gradientChunks } from "../../../pipelines/algorithms/gradient_chunks.ts";

Deno.test("gradientChunks() packs consecutive sequences up to the limit", () => {
  assert.deepEqual(gradientChunks([3, 3, 4, 5, 6, 1], 10), [
    { start: 0, end: 3 },
    { start: 3, end: 4 },
    { start: 4, end: 6 },
  ]);
});

Deno.test("a sequence longer than the limit is alone", () => {
  assert.deepEqual(gradientChunks([2, 30, 2, 2], 8), [
    { start: 0, end: 1 },
    { start: 1, end: 2 },
    { start: 2, end: 4 },
  ]);
  assert.deepEqual(gradientChunks([30], 8), [{ start: 0, end: 1 }]);
});

Deno.test("chunks of nothing are none", () => {
  assert.deepEqual(gradientChunks([], 8), []);
});
