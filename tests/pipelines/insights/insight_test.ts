import assert from "node:assert/strict";
import { correlation, meanOf, rankCorrelation } from "../../../pipelines/insights/insight.ts";

const near = (found: number | undefined, expected: number) =>
  assert.ok(found !== undefined && Math.abs(found - expected) < 1e-12, `${found}, expected ${expected}`);

Deno.test("correlation() is Pearson's, and nothing where a list does not vary", () => {
  near(correlation([1, 2, 3], [2, 4, 6]), 1);
  near(correlation([1, 2, 3], [-1, -2, -3]), -1);
  near(correlation([1, 2, 3, 4], [1, 3, 2, 4]), 0.8);
  assert.equal(correlation([1, 1], [1, 2]), undefined);
  assert.equal(correlation([], []), undefined);
});

Deno.test("rankCorrelation() sees the order only, equal numbers sharing their rank", () => {
  near(rankCorrelation([1, 10, 100], [0.1, 0.2, 9]), 1);
  near(rankCorrelation([1, 2, 2, 3], [3, 2, 2, 1]), -1);
  near(rankCorrelation([1, 2, 2, 4], [1, 2, 3, 4]), 3 / Math.sqrt(10));
});

Deno.test("meanOf() draws problems, not tokens, and does not see their order", () => {
  const numbers = [
    { problemId: "b", value: 3 },
    { problemId: "a", value: 1 },
    { problemId: "a", value: 2 },
    { problemId: "c", value: 6 },
  ];
  const mean = meanOf(numbers, 500);
  assert.equal(mean.value, 3);
  assert.equal(mean.count, 4);
  assert.ok(
    mean.low !== undefined && mean.high !== undefined && mean.low >= 1.5 && mean.high <= 6 && mean.low < mean.high,
  );
  assert.deepEqual(meanOf([numbers[3], numbers[1], numbers[2], numbers[0]], 500), mean);
  assert.deepEqual(meanOf(numbers, 0), { value: 3, count: 4 });
  const one = meanOf(numbers.slice(0, 1), 10);
  assert.deepEqual([one.low, one.high], [3, 3]);
});
