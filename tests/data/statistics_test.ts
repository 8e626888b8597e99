import assert from "node:assert/strict";
import { bootstrapKey, drawnPlaces, median, middle95, normalQuantile, quantile } from "../../data/statistics.ts";

Deno.test("a quantile is linear between neighbours, and nothing of nothing", () => {
  assert.deepEqual([0, 0.25, 0.5, 1].map((at) => quantile([1, 2, 4], at)), [1, 1.5, 2, 4]);
  assert.equal(quantile([], 0.5), undefined);
});

Deno.test("the middle 95 % sorts a copy; without numbers both ends are the one that is given", () => {
  const numbers = Float64Array.from({ length: 41 }, (_, i) => 40 - i);
  assert.deepEqual(middle95(numbers, 7), { low: 1, high: 39 });
  assert.equal(numbers[0], 40);
  assert.deepEqual(middle95(new Float64Array(), 7), { low: 7, high: 7 });
});

Deno.test("a draw has as many places as there are, is the same each time, and another under another name", () => {
  const places = drawnPlaces(bootstrapKey("a"), 3, 50);
  assert.equal(places.length, 50);
  assert.ok(places.every((place) => place >= 0 && place < 50));
  assert.deepEqual(places, drawnPlaces(bootstrapKey("a"), 3, 50));
  assert.notDeepEqual(places, drawnPlaces(bootstrapKey("a"), 4, 50));
  assert.notDeepEqual(places, drawnPlaces(bootstrapKey("b"), 3, 50));
});

Deno.test("a median is the middle one, of an even number the greater of two", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 3);
});

Deno.test("normal quantiles are those of Python's statistics.NormalDist", () => {
  for (
    const [share, z] of [[0.5, 0], [0.8, 0.8416212335729143], [0.975, 1.959963984540054], [1e-6, -4.753424308822899]]
  ) assert.ok(Math.abs(normalQuantile(share) - z) < 1e-8, `${share}`);
});
