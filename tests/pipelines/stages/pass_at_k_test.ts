import assert from "node:assert/strict";
import { estimate, limitOf, passAtK, passAtKStage, tally } from "../../../pipelines/stages/pass_at_k.ts";
import golden from "../../golden/pass_at_k.json" with { type: "json" };
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

Deno.test("estimate() and passAtK() are numpy's estimator on random n and c", () => {
  for (const [n, c, k, expected] of golden.cases) {
    assert.ok(Math.abs(estimate(n, c, k) - expected) < 1e-12, `${n} ${c} ${k}`);
    const [{ passAtK: mean }] = passAtK([{ problemId: "a", n, c }], [k], 0);
    assert.ok(Math.abs(mean - expected) < 1e-12, `${n} ${c} ${k}`);
  }
  for (const { n, c, passAtK: expected } of golden.means) {
    const tallies = c.map((right, i) => ({ problemId: `${i}`, n, c: right }));
    for (const [k, mean] of expected) {
      assert.ok(Math.abs(passAtK(tallies, [k], 0)[0].passAtK - mean) < 1e-12, `n ${n}, k ${k}`);
    }
  }
});

Deno.test("the mean is the float64 nearest to the true one, and problems with different n have one too", () => {
  const tallies = Array.from({ length: 37 }, (_, i) => ({ problemId: `${i}`, n: 128, c: (i * 11) % 50 }));
  for (const k of [1, 3, 32, 128]) {
    // In units of 1e-40 of the sum of all.
    const scale = 10n ** 40n;
    const all = choose(128, k);
    const sum = tallies.reduce((total, { n, c }) => total + all - (k > n - c ? 0n : choose(n - c, k)), 0n);
    const digits = (sum * scale / (all * 37n)).toString().padStart(41, "0");
    assert.equal(passAtK(tallies, [k], 0)[0].passAtK, Number(`${digits.slice(0, -40)}.${digits.slice(-40)}`), `${k}`);
  }
  const mixed = [{ problemId: "a", n: 4, c: 1 }, { problemId: "b", n: 8, c: 8 }, { problemId: "c", n: 3, c: 0 }];
  assert.equal(passAtK(mixed, [2], 0)[0].passAtK, (0.5 + 1 + 0) / 3);
});

const published = Deno.env.get("SIGNUM_PASSK");

Deno.test({
  name:
    "Pass@k of a published run equals the published numbers to the last digit (SIGNUM_PASSK names the folder of runs)",
  ignore: published === undefined,
  fn: () => {
    const run = JSON.parse(Deno.readTextFileSync(`${published}/math500_qwen2.5-7b_base_n128.json`));
    const tallies = run.c.map((c: number, i: number) => ({ problemId: `${i}`, n: run.n, c }));
    const expected = Object.entries(run.published_pass_at_k);
    assert.equal(expected.length, 8);
    for (const [k, value] of expected) assert.equal(passAtK(tallies, [Number(k)], 0)[0].passAtK, value, `k ${k}`);
  },
});

Deno.test("without --k the ks are those of the paper that every problem has responses for", async () => {
  const lines = [...verdicts("a", 5, 1), ...verdicts("b", 9, 4)];
  const found = records(await filter(passAtKStage, lines, { bootstrap: 0 }));
  assert.deepEqual(found.map(({ k }) => k), [1, 2, 4]);
});

Deno.test("Pass@k of no verdicts is an error", async () => {
  assert.match((await filter(passAtKStage, [], { k: [1] })).failure ?? "", /there are no verdicts/);
});

const twice = "Cannot count what is there twice";

Deno.test("one response twice is an error that names both lines; equal ones may be dropped, unlike ones never", async () => {
  const lines = [...verdicts("a", 2, 1), ...verdicts("b", 2, 2), ...verdicts("a", 2, 1)];
  const { failure, stdout } = await filter(passAtKStage, lines, { bootstrap: 0 });
  assert.equal(
    failure,
    `${twice}: problem "a" has sampleIndex 0 twice: here ("<stdin>", line 5) and before ("<stdin>", line 1); ` +
      "--allow-duplicates drops records that are equal",
  );
  assert.equal(stdout, "");
  const dropped = await filter(passAtKStage, lines, { bootstrap: 0, allowDuplicates: true });
  assert.deepEqual(dropped, await filter(passAtKStage, lines.slice(0, 4), { bootstrap: 0 }));
  const unlike = [...verdicts("a", 2, 1), ...verdicts("a", 2, 0)];
  assert.match(
    (await filter(passAtKStage, unlike, { allowDuplicates: true })).failure ?? "",
    /line 3.*line 1.*the two differ/,
  );
});

Deno.test("another seed is another response, and records without a sample index are counted as they come", async () => {
  const seeded = [1, 2].flatMap((seed) => verdicts("a", 2, 1).map((one) => ({ ...one, seed })));
  assert.equal((await filter(passAtKStage, seeded, { k: [4], bootstrap: 0 })).failure, undefined);
  const nameless = verdicts("a", 4, 2).map(({ problemId, correct }) => ({ problemId, correct }));
  assert.equal(records(await filter(passAtKStage, nameless, { k: [4], bootstrap: 0 })).length, 1);
});

Deno.test("limitOf() names the problem that bounds the ks, where it bounds them", () => {
  const tallies = [{ problemId: "rich", n: 16, c: 1 }, { problemId: "poor", n: 4, c: 0 }];
  assert.equal(limitOf(tallies), 'k goes up to 4: problem "poor" has 4 responses, others up to 16');
  assert.equal(limitOf([{ problemId: "a", n: 4, c: 0 }, { problemId: "b", n: 5, c: 0 }]), undefined);
  assert.equal(limitOf([tallies[0]]), undefined);
});
