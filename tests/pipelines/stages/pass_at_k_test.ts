import assert from "node:assert/strict";
import { estimate, passAtK, passAtKStage, tally } from "../../../pipelines/stages/pass_at_k.ts";
import { filter, records } from "./filter.ts";

const choose = (n: number, k: number): bigint => {
  let out = 1n;
  for (let i = 0; i < k; i++) out = out * BigInt(n - i) / BigInt(i + 1);
  return out;
};

/** 1 - C(n - c, k) / C(n, k) with whole numbers, rounded once. */
const exact = (n: number, c: number, k: number): number => {
  const scale = 10n ** 30n;
  const wrong = k > n - c ? 0n : choose(n - c, k) * scale / choose(n, k);
  return Number(scale - wrong) / 1e30;
};

const verdicts = (problemId: string, n: number, c: number) =>
  Array.from({ length: n }, (_, i) => ({ problemId, sampleIndex: i, correct: i < c }));

Deno.test("estimate() is the unbiased estimator to 1e-14, for n up to 256 and every c and k", () => {
  for (const n of [1, 2, 5, 16, 64, 256]) {
    for (let c = 0; c <= n; c += n > 64 ? 5 : 1) {
      for (let k = 1; k <= n; k *= 2) assert.ok(Math.abs(estimate(n, c, k) - exact(n, c, k)) < 1e-14, `${n} ${c} ${k}`);
    }
  }
});

Deno.test("estimate() is 0 where nothing is right, 1 where k cannot miss, c / n at k = 1", () => {
  assert.equal(estimate(256, 0, 256), 0);
  assert.equal(estimate(256, 1, 256), 1);
  assert.equal(estimate(8, 5, 4), 1);
  assert.equal(estimate(8, 2, 1), 0.25);
});

Deno.test("passAtK() never falls with k and stands inside its interval", () => {
  const tallies = Array.from({ length: 60 }, (_, i) => ({ problemId: `p${i}`, n: 64, c: (i * 7) % 30 }));
  const spectrum = passAtK(tallies, [1, 2, 4, 8, 16, 32, 64], 500);
  spectrum.forEach(({ passAtK: mean, low, high, problems }, i) => {
    assert.ok(low <= mean && mean <= high && low < high);
    assert.equal(problems, 60);
    if (i > 0) assert.ok(mean >= spectrum[i - 1].passAtK);
  });
});

Deno.test("the interval of Pass@1 is the normal one, about 1.96 standard errors on each side", () => {
  const tallies = Array.from({ length: 400 }, (_, i) => ({ problemId: `p${i}`, n: 1, c: i % 2 }));
  const [{ low, high }] = passAtK(tallies, [1], 4000);
  assert.ok(Math.abs(high - low - 2 * 1.96 * 0.5 / 20) < 0.006, `${low} ${high}`);
});

Deno.test("neither the mean nor the interval depends on the order of the records", () => {
  const all = ["c", "a", "b", "d"].flatMap((problemId, i) => verdicts(problemId, 8, 2 * i));
  assert.deepEqual(passAtK(tally(all), [1, 4], 200), passAtK(tally(all.toReversed()), [1, 4], 200));
});

Deno.test("the pass-at-k stage gives one record a k, in the order asked", async () => {
  const lines = [...verdicts("a", 4, 1), ...verdicts("b", 4, 4)];
  const { stdout } = await filter(passAtKStage, lines, { k: [4, 1], bootstrap: 0 });
  assert.equal(
    stdout,
    '{"k":4,"passAtK":1,"low":1,"high":1,"problems":2}\n' +
      '{"k":1,"passAtK":0.625,"low":0.625,"high":0.625,"problems":2}\n',
  );
});

Deno.test("the same verdicts give the same interval twice", async () => {
  const lines = [...verdicts("a", 4, 1), ...verdicts("b", 4, 3), ...verdicts("c", 4, 0)];
  const once = await filter(passAtKStage, lines, { k: [1, 2] });
  assert.deepEqual(await filter(passAtKStage, lines.toReversed(), { k: [1, 2] }), once);
  assert.equal(records(once).length, 2);
});

Deno.test("a k above some problem's responses is an error that names the problem", async () => {
  const { failure, stdout } = await filter(passAtKStage, [...verdicts("a", 4, 1), ...verdicts("b", 3, 1)], {
    k: [1, 4],
  });
  assert.equal(failure, 'Cannot estimate Pass@4: problem "b" has 3 responses');
  assert.equal(stdout, "");
});

Deno.test("Pass@k of no verdicts is an error", async () => {
  assert.match((await filter(passAtKStage, [], { k: [1] })).failure ?? "", /there are no verdicts/);
});
