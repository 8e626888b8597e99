import assert from "node:assert/strict";
import { dealLeaves, gradientChunks, joinsOf, mostSums } from "../../../pipelines/algorithms/gradient_chunks.ts";

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

const chunksOf = (count: number) => Array.from({ length: count }, (_, i) => ({ start: i, end: i + 1 }));

Deno.test("chunks are dealt to leaves in runs whose ends depend on the two counts alone", () => {
  const dealt = (count: number, leaves: number) =>
    dealLeaves(chunksOf(count), leaves).map(({ index, chunks }) => [index, ...chunks.map(({ start }) => start)]);
  assert.deepEqual(dealt(5, 1), [[0, 0, 1, 2, 3, 4]]);
  assert.deepEqual(dealt(10, 4), [[0, 0, 1], [1, 2, 3, 4], [2, 5, 6], [3, 7, 8, 9]]);
  assert.deepEqual(dealt(3, 4), [[1, 0], [2, 1], [3, 2]]);
  assert.deepEqual(dealt(0, 4), []);
});

/** The order of additions over leaves, as brackets. */
const brackets = (indices: ReadonlyArray<number>) => {
  const stack: string[] = [];
  let most = 0;
  joinsOf(indices).forEach((joins, at) => {
    stack.push(`${indices[at]}`);
    most = Math.max(most, stack.length);
    for (let i = 0; i < joins; i++) stack.push(`(${stack.splice(-2).join("+")})`);
  });
  assert.equal(stack.length, Math.min(1, indices.length));
  return { text: stack.join(), most };
};

/** The same by halves: the sum of the leaves from `start` on, `size` of them, a power of two. */
const byHalves = (indices: ReadonlyArray<number>, start: number, size: number): string => {
  if (size === 1) return indices.includes(start) ? `${start}` : "";
  const halves = [byHalves(indices, start, size / 2), byHalves(indices, start + size / 2, size / 2)];
  const [one, other] = halves.filter((half) => half !== "");
  return other === undefined ? one ?? "" : `(${one}+${other})`;
};

Deno.test("leaves are joined by aligned halves, with at most log2 of them plus one at a time", () => {
  assert.equal(brackets([0, 1, 2, 3]).text, "((0+1)+(2+3))");
  assert.equal(brackets([0, 1, 2]).text, "((0+1)+2)");
  assert.equal(brackets([1, 2, 3, 5]).text, "((1+(2+3))+5)");
  for (let leaves = 1; leaves <= 33; leaves++) {
    for (let count = 0; count <= 40; count++) {
      const indices = dealLeaves(chunksOf(count), leaves).map(({ index }) => index);
      const { text, most } = brackets(indices);
      assert.equal(text, byHalves(indices, 0, 64));
      assert(most <= Math.ceil(Math.log2(leaves)) + 1);
    }
  }
});

Deno.test("aligned subtrees that are summed elsewhere are joined to the same sum", () => {
  for (const leaves of [3, 4, 7, 8, 16]) {
    for (const span of [2, 4]) {
      for (let count = 1; count <= 20; count++) {
        const indices = dealLeaves(chunksOf(count), leaves).map(({ index }) => index);
        const parts = Map.groupBy(indices, (index) => Math.floor(index / span) * span);
        const stack: string[] = [];
        const firsts = [...parts.keys()];
        joinsOf(firsts).forEach((joins, at) => {
          stack.push(brackets(parts.get(firsts[at]) ?? []).text);
          for (let i = 0; i < joins; i++) stack.push(`(${stack.splice(-2).join("+")})`);
        });
        assert.equal(stack.join(), brackets(indices).text);
      }
    }
  }
});

Deno.test("mostSums() holds for every number of chunks up to the given one", () => {
  for (let leaves = 1; leaves <= 20; leaves++) {
    let most = 0;
    for (let count = 1; count <= 40; count++) {
      most = Math.max(most, brackets(dealLeaves(chunksOf(count), leaves).map(({ index }) => index)).most);
      assert.equal(mostSums(count, leaves), most, `${count} chunks in ${leaves} leaves`);
    }
  }
  assert.deepEqual([mostSums(99, 1), mostSums(99, 4), mostSums(99, 64)], [1, 3, 7]);
});
