import assert from "node:assert/strict";
import { miniBatches, shareOf } from "../../../pipelines/algorithms/mini_batches.ts";

Deno.test("miniBatches() cuts in order, and the short last one has its share", () => {
  const cut = miniBatches([1, 2, 3, 4, 5, 6, 7], 4);
  assert.deepEqual(cut, [{ sequences: [1, 2, 3, 4], share: 1 }, { sequences: [5, 6, 7], share: 0.75 }]);
});

Deno.test("a batch of nothing makes no step", () => {
  assert.deepEqual(miniBatches([], 8), []);
});

Deno.test("shareOf() is 1 without a nominal size and never more", () => {
  assert.deepEqual([shareOf(3), shareOf(3, 12), shareOf(12, 12), shareOf(13, 12)], [1, 0.25, 1, 1]);
});
