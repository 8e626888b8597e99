import assert from "node:assert/strict";
import { FreePages } from "../../../pipelines/sampling/free_pages.ts";

Deno.test("pages are handed out once, all of them or none, and come back", () => {
  const pages = new FreePages(10);
  const [first, second] = [pages.take(4), pages.take(5)];
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual([...first, ...second].toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([pages.count, pages.take(2), pages.count], [1, undefined, 1]);
  pages.give(first);
  assert.deepEqual([pages.count, pages.take(0)], [5, []]);
  const again = pages.take(5);
  assert.deepEqual(again?.toSorted((a, b) => a - b), [...first, 9].toSorted((a, b) => a - b));
  assert.equal(pages.take(1), undefined);
});

Deno.test("a cache of no pages has none to give", () => {
  assert.equal(new FreePages(0).take(1), undefined);
});
