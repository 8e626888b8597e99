import assert from "node:assert/strict";
import { BlockPool } from "../../../pipelines/sampling/block_pool.ts";

Deno.test("blocks are handed out once, all of them or none, and come back", () => {
  const blocks = new BlockPool(10);
  const [first, second] = [blocks.take(4), blocks.take(5)];
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([...first, ...second].toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([blocks.count, blocks.take(2), blocks.count], [1, undefined, 1]);
  blocks.give(first);
  assert.deepEqual([blocks.count, blocks.take(0)], [5, []]);
  const again = blocks.take(5);
  assert.deepEqual(again?.toSorted((a, b) => a - b), [...first, 9].toSorted((a, b) => a - b));
  assert.equal(blocks.take(1), undefined);
});

Deno.test("a cache of no blocks has none to give", () => {
  assert.equal(new BlockPool(0).take(1), undefined);
});
