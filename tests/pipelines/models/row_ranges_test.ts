import assert from "node:assert/strict";
import { RowRanges } from "../../../pipelines/models/row_ranges.ts";

Deno.test("ranges are taken from either end, and what is given back joins its neighbours", () => {
  const rows = new RowRanges(100);
  assert.deepEqual([rows.takeLow(10), rows.takeHigh(20), rows.takeLow(30), rows.takeHigh(5)], [0, 80, 10, 75]);
  assert.deepEqual([rows.free, rows.takeLow(36), rows.takeHigh(36)], [35, undefined, undefined]);
  rows.give(0, 10);
  // The hole is too small for eleven rows and just right for ten.
  assert.deepEqual([rows.takeLow(11), rows.takeLow(10)], [40, 0]);
  for (const [start, count] of [[75, 5], [0, 10], [40, 11], [80, 20], [10, 30]]) rows.give(start, count);
  assert.deepEqual([rows.free, rows.takeHigh(100), rows.takeLow(1)], [100, 0, undefined]);
});

Deno.test("ranges of one length leave no holes, however they come and go", () => {
  const rows = new RowRanges(64 * 7);
  const held = Array.from({ length: 64 }, () => rows.takeLow(7) ?? NaN);
  for (let i = 0; i < 1000; i++) {
    const at = i * 37 % 64;
    rows.give(held[at], 7);
    if (i % 3 === 0) rows.give(held[(at + 1) % 64], 7);
    held[at] = rows.takeLow(7) ?? NaN;
    if (i % 3 === 0) held[(at + 1) % 64] = rows.takeLow(7) ?? NaN;
  }
  assert.equal(rows.free, 0);
  assert.deepEqual(held.toSorted((a, b) => a - b), Array.from({ length: 64 }, (_, i) => 7 * i));
});

Deno.test("a cache of no rows has none to give", () => {
  assert.equal(new RowRanges(0).takeLow(1), undefined);
});
