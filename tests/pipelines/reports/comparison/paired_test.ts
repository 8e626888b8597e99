import assert from "node:assert/strict";
import { pairedPassAtK } from "../../../../pipelines/reports/comparison/paired.ts";
import type { Tally } from "../../../../pipelines/stages/pass_at_k.ts";

const tallies = (counts: ReadonlyArray<number>, n = 4): ReadonlyArray<Tally> =>
  counts.map((c, i) => ({ problemId: `p${i}`, n, c }));

const mixed = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1];

Deno.test("models that are right alike have no best, and a difference of zero without width", () => {
  for (const { difference, best, models } of pairedPassAtK([tallies(mixed), tallies(mixed)], [1, 2, 4], 200)) {
    assert.deepEqual(difference(1, 0), { value: 0, low: 0, high: 0 });
    assert.equal(best, undefined);
    assert.ok(models[0].low < models[0].value && models[0].value < models[0].high);
  }
});

Deno.test("one that is right a little more often in every problem is the best, although the intervals overlap", () => {
  const more = mixed.map((c) => Math.min(4, c + 1));
  const [{ difference, best, models }] = pairedPassAtK([tallies(mixed), tallies(more)], [1], 500);
  assert.equal(best, 1);
  assert.ok(models[1].low < models[0].high, "the intervals of the two overlap");
  const [up, down] = [difference(1, 0), difference(0, 1)];
  assert.ok(up.low > 0 && up.low <= up.value && up.value <= up.high);
  assert.ok(Math.abs(up.low + down.high) < 1e-12 && Math.abs(up.high + down.low) < 1e-12);
});

Deno.test("one problem that differs, and few problems, make no best", () => {
  const other = [...mixed];
  other[0] = 4;
  assert.equal(pairedPassAtK([tallies(mixed), tallies(other)], [1], 500)[0].best, undefined);
  assert.equal(pairedPassAtK([tallies([0, 1, 2]), tallies([4, 4, 4])], [1], 500)[0].best, undefined);
});

Deno.test("without draws there are no intervals and no best", () => {
  const [{ models, best }] = pairedPassAtK([tallies(mixed.map(() => 0)), tallies(mixed.map(() => 4))], [1], 0);
  assert.deepEqual([models, best], [[{ value: 0, low: 0, high: 0 }, { value: 1, low: 1, high: 1 }], undefined]);
});
