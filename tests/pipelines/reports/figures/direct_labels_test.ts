import assert from "node:assert/strict";
import { columnWidth, lineHeight, spread } from "../../../../pipelines/reports/figures/direct_labels.ts";

Deno.test("names far apart stay where they should be", () => {
  assert.deepEqual(spread([100, 20, 60], 16, 0, 200), [100, 20, 60]);
});

Deno.test("names that would overlap are a gap apart, in their order, around their mean and within the bounds", () => {
  const places = spread([100, 101, 99], 16, 0, 200);
  assert.deepEqual(places, [100, 116, 84]);
  const low = spread([2, 1, 0], 16, 10, 200);
  assert.deepEqual(low, [42, 26, 10]);
  const high = spread([199, 200, 198], 16, 10, 200);
  assert.deepEqual(high, [184, 200, 168]);
});

Deno.test("a column of names keeps them a line apart inside of the panel, however many end at one place", () => {
  const ys = [...spread(Array.from({ length: 8 }, () => 12), lineHeight, 14, 278)].sort((a, b) => a - b);
  for (let i = 1; i < ys.length; i++) assert.ok(ys[i] - ys[i - 1] >= lineHeight - 1e-9);
  assert.ok(ys[0] >= 14 && ys[ys.length - 1] <= 278);
  assert.ok(columnWidth(["NSR", "W-REINFORCE"]) > columnWidth(["NSR", "PSR"]));
  assert.equal(columnWidth(["W-REINFORCE"]), 0);
});
