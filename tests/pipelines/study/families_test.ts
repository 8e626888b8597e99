import assert from "node:assert/strict";
import { integer, Key, uniform } from "../../../data/random.ts";
import type { Quantity, Statistic, StudyClaim } from "../../../pipelines/records/claim.ts";
import type { CountRow } from "../../../pipelines/records/study_rows.ts";
import { clusteredDraws } from "../../../pipelines/study/bootstrap.ts";
import { evidenceOf, type RecordedStudy } from "../../../pipelines/study/evidence.ts";
import { benjaminiYekutieli, holm, judgeFamilies, twoTests } from "../../../pipelines/study/families.ts";
import { scoredRates } from "../../../pipelines/study/rate_choice.ts";

const normal = (key: Key, index: number): number =>
  Math.sqrt(-2 * Math.log(1 - uniform(key, 2 * index))) * Math.cos(2 * Math.PI * uniform(key, 2 * index + 1));

const near = (found: ReadonlyArray<number>, expected: ReadonlyArray<number>, bound = 1e-12) => {
  assert.equal(found.length, expected.length);
  for (const [i, one] of found.entries()) assert.ok(Math.abs(one - expected[i]) < bound, `${found}, not ${expected}`);
};

/**
 * A made-up study: 5 bases x 3 seeds, 60 problems in groups of three, 64 responses each. A base's own effect on NSR has deviation `spread`, a
 * group's `alike`; on average NSR is `effect` above PSR.
 */
const study = (turn: number, effect: number, spread = 0.01, alike = 0.05): RecordedStudy => {
  const key = Key.fold(Key.make(5), "made-up study", turn);
  const rows = [1, 2, 3, 4, 5].flatMap((base) =>
    [4, 5, 6].flatMap((seed) =>
      ["psr", "nsr"].map((algorithm): CountRow => ({
        cell: `${algorithm}/${base}/${seed}`,
        condition: "main",
        algorithm,
        base,
        seed,
        step: 60,
        evaluation: "T 0.6",
        n: 64,
        correct: Int32Array.from({ length: 60 }, (_, problem) => {
          const group = Math.floor(problem / 3);
          const own = algorithm === "nsr"
            ? effect + spread * normal(Key.fold(key, "base"), base) + alike * normal(Key.fold(key, "group"), group)
            : 0;
          const chance = 0.3 + 0.4 * uniform(Key.fold(key, "problem"), problem) + own;
          const noise = normal(Key.fold(key, algorithm, base, seed), problem) * Math.sqrt(0.25 / 64);
          return Math.max(0, Math.min(64, Math.round(64 * (chance + noise))));
        }),
      }))
    )
  );
  const groups = Array.from({ length: 60 }, (_, problem) => `group ${Math.floor(problem / 3)}`);
  return { counts: rows, steps: [], slices: {}, groups };
};

const passAt1 = (algorithm: string): Quantity => ({
  kind: "pass-at-k",
  condition: "main",
  algorithm,
  evaluation: "T 0.6",
  k: 1,
});
const gain: Statistic = { name: "difference", of: passAt1("nsr"), minus: passAt1("psr") };
const claim = (more: Partial<StudyClaim>): StudyClaim => ({
  id: "made-up",
  statement: "made up",
  where: "nowhere",
  statistic: gain,
  comparison: "above",
  threshold: 0,
  unit: "share",
  ...more,
});

Deno.test("a known effect is found, its opposite is refuted, and equality is shown by two one-sided tests", () => {
  const evidence = evidenceOf(study(1, 0.08));
  const [above, below, equal] = judgeFamilies(
    [
      claim({ primary: true }),
      claim({ primary: true, comparison: "below" }),
      claim({ primary: true, comparison: "within", threshold: 0.02 }),
    ],
    evidence,
    1000,
  );
  assert.deepEqual([above, below, equal].map(({ verdict }) => verdict), ["holds", "does not", "does not"]);
  assert.ok(Math.abs((above.value ?? 0) - 0.08) < 0.03 && (above.low ?? 0) > 0);
  const none = evidenceOf(study(2, 0, 0.002, 0.01));
  const [same] = judgeFamilies([claim({ primary: true, comparison: "within", threshold: 0.03 })], none, 1000);
  assert.equal(same.verdict, "holds");
});

Deno.test("what is not there is found in about as few studies as promised, though bases and groups have effects of their own", () => {
  const studies = 120;
  let found = 0;
  for (let turn = 0; turn < studies; turn++) {
    const [row] = judgeFamilies([claim({ primary: true })], evidenceOf(study(100 + turn, 0, 0.02, 0.05)), 300);
    if (row.verdict !== "undecided") found++;
    else assert.ok((row.smallest ?? 0) > 0);
  }
  assert.ok(found / studies <= 0.12, `${found} of ${studies}`);
});

Deno.test("resampled single problems and cells would be surer than groups and bases are", () => {
  const { groups: _, ...single } = study(3, 0.02, 0.02, 0.1);
  const width = ({ low = 0, high = 0 }) => high - low;
  const [own] = judgeFamilies([claim({})], evidenceOf(single), 500);
  const [clustered] = judgeFamilies([claim({})], evidenceOf(study(3, 0.02, 0.02, 0.1)), 500);
  assert.ok(width(clustered) > 1.15 * width(own), `${width(clustered)}, ${width(own)}`);
});

Deno.test("the two tests of a claim count the draws beyond its threshold, and never give 0", () => {
  const draws = Float64Array.from({ length: 99 }, (_, i) => i + 1);
  assert.deepEqual(twoTests({ comparison: "above", threshold: 0 }, draws), { holds: 0.01, doesNot: 1 });
  assert.deepEqual(twoTests({ comparison: "below", threshold: 90 }, draws), { holds: 0.11, doesNot: 0.91 });
  assert.deepEqual(twoTests({ comparison: "within", threshold: 95 }, draws), { holds: 0.06, doesNot: 1 });
});

Deno.test("Holm and Benjamini-Yekutieli adjust as R's p.adjust does", () => {
  const p = [0.01, 0.04, 0.03, 0.005];
  near(holm(p), [0.03, 0.06, 0.06, 0.02]);
  // p.adjust(c(0.01, 0.04, 0.03, 0.005), "BY")
  const harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4;
  near(benjaminiYekutieli(p), [0.02 * harmonic, 0.04 * harmonic, 0.04 * harmonic, 0.02 * harmonic]);
  assert.deepEqual(holm([]), []);
});

Deno.test("an untried primary claim counts in its family, and the families do not touch each other", () => {
  const untried = claim({ primary: true, statistic: { name: "difference", of: passAt1("grpo") } });
  const rows = judgeFamilies([claim({ primary: true }), untried, claim({})], evidenceOf(study(1, 0.08)), 200);
  assert.deepEqual(rows.map(({ verdict }) => verdict), ["holds", "untried", "holds"]);
  near([rows[0].adjusted ?? 0, rows[2].adjusted ?? 0], [2 * (rows[0].p ?? 0), rows[2].p ?? 0]);
});

Deno.test("a claim says of how many bases it is true, by the cells of each alone", () => {
  const [counted] = judgeFamilies([claim({ threshold: 0.08 })], evidenceOf(study(1, 0.08, 0.05)), 100);
  const gainOf = (base: number): number => {
    const correct = (algorithm: string) =>
      study(1, 0.08, 0.05).counts.filter((row) => row.base === base && row.algorithm === algorithm)
        .flatMap((row) => [...row.correct]).reduce((sum, x) => sum + x, 0);
    return (correct("nsr") - correct("psr")) / (3 * 60 * 64);
  };
  const expected = [1, 2, 3, 4, 5].filter((base) => gainOf(base) > 0.08).length;
  assert.ok(expected > 0 && expected < 5);
  assert.deepEqual([counted.bases, counted.agree], [5, expected]);
});

Deno.test("what could have been seen is at the level that the family left for one more claim", () => {
  const evidence = evidenceOf(study(2, 0, 0.02, 0.05));
  const [alone] = judgeFamilies([claim({ primary: true })], evidence, 300);
  const untried = claim({ primary: true, statistic: { name: "difference", of: passAt1("grpo") } });
  const [ofTwelve] = judgeFamilies([claim({ primary: true }), ...Array<StudyClaim>(11).fill(untried)], evidence, 300);
  // (z(1 - 0.05 / 24) + z(0.8)) / (z(0.975) + z(0.8)), by Python's statistics.NormalDist
  near([(ofTwelve.smallest ?? 0) / (alone.smallest ?? 1)], [(2.865260 + 0.8416212) / (1.959964 + 0.8416212)], 1e-6);
});

Deno.test("a course that never reaches the value at which it is compared is named", () => {
  const along = (algorithm: string, step: number, share: number): CountRow => ({
    cell: `${algorithm}/1`,
    condition: algorithm === "base" ? "base" : "main",
    algorithm,
    base: 1,
    seed: 4,
    step,
    evaluation: "T 0.6",
    n: 64,
    correct: Int32Array.from({ length: 6 }, () => 64 * share),
  });
  const matched: Statistic = {
    name: "at-matched",
    by: "pass-at-1",
    of: { kind: "pass-at-k", condition: "main", algorithm: "nsr", evaluation: "T 0.6", k: 64 },
    course: { condition: "main", algorithm: "psr", evaluation: "T 0.6" },
  };
  const nearest = (last: number) => {
    const counts = [along("base", 0, 0.25), along("nsr", 60, 0.75), along("psr", 60, last)];
    return judgeFamilies(
      [claim({ statistic: { name: "least", of: [gain, matched] } })],
      evidenceOf({ counts, steps: [], slices: {}, groups: ["a", "a", "b", "b", "c", "c"] }),
      50,
    )[0].nearest;
  };
  assert.deepEqual([nearest(0.875), nearest(0.75), nearest(0.5)], [undefined, undefined, true]);
});

Deno.test("clustered draws keep groups whole and draw one base fewer than there are, each with its number of cells", () => {
  const bases = [1, 1, 1, 2, 2, 2, 3, 3, 3];
  const groups = ["a", "a", "b", "b", "c", "c"];
  const draws = clusteredDraws({ bases, groups }, 50);
  assert.deepEqual(draws, clusteredDraws({ bases, groups }, 50));
  assert.deepEqual([...draws[0].cells, ...draws[0].problems], Array(15).fill(1));
  for (const { cells, problems } of draws.slice(1)) {
    assert.equal(cells.reduce((sum, x) => sum + x, 0), 6);
    for (const base of [0, 1, 2]) {
      assert.equal(cells.slice(3 * base, 3 * base + 3).reduce((sum, x) => sum + x, 0) % 3, 0);
    }
    for (const group of [0, 1, 2]) assert.equal(problems[2 * group], problems[2 * group + 1]);
    assert.equal(problems.reduce((sum, x) => sum + x, 0), 6);
  }
  assert.ok(draws.some(({ cells }) => cells[0] > 1));
});

Deno.test("the variance of a mean over bases is that of classical statistics, not smaller by a base", () => {
  const values = Array.from({ length: 5 }, (_, i) => integer(Key.make(9), i, 100));
  const mean = values.reduce((sum, x) => sum + x, 0) / 5;
  const classical = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4 / 5;
  const draws = clusteredDraws({ bases: [1, 2, 3, 4, 5], groups: ["a"] }, 4000).slice(1);
  const means = draws.map(({ cells }) => values.reduce((sum, x, i) => sum + x * cells[i], 0) / 4);
  const variance = means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / means.length;
  assert.ok(Math.abs(variance / classical - 1) < 0.08, `${variance}, ${classical}`);
});

Deno.test("the rule takes the rate with the highest mean of Pass@1 and Pass@k, the first of equals, and waits for every cell", () => {
  const row = (cell: string, correct: ReadonlyArray<number>) => ({
    cell,
    evaluation: "rates",
    n: 4,
    correct: Int32Array.from(correct),
  });
  const choice = {
    evaluation: "rates",
    k: 4,
    candidates: [3e-5, 1e-4, 3e-4].map((learningRate, i) => ({ learningRate, cells: [`cell ${i}`] })),
  };
  const counts = [row("cell 0", [1, 1]), row("cell 1", [4, 0]), row("cell 2", [2, 2])];
  const scored = scoredRates("nsr", choice, counts) ?? [];
  assert.deepEqual(scored.map(({ score }) => score), [0.625, 0.5, 0.75]);
  assert.deepEqual(scored.map(({ chosen }) => chosen), [false, false, true]);
  assert.equal(scoredRates("nsr", choice, counts.slice(0, 2)), undefined);
  const equal = scoredRates("nsr", choice, counts.map(({ cell }) => row(cell, [2, 2]))) ?? [];
  assert.deepEqual(equal.map(({ chosen }) => chosen), [true, false, false]);
});

Deno.test("scores that are equal as fractions are equal, though their parts differ and thirds are rounded", () => {
  // Of 135 problems with 64 responses each: `solved` have at least one right, and all right ones sum to `sum`.
  const row = (cell: string, solved: number, sum: number) => ({
    cell,
    evaluation: "rates",
    n: 64,
    correct: Int32Array.from(
      { length: 135 },
      (_, i) => i < solved ? Math.floor(sum / solved) + (i < sum % solved ? 1 : 0) : 0,
    ),
  });
  const choice = {
    evaluation: "rates",
    k: 64,
    candidates: [3e-5, 1e-4].map((learningRate, i) => ({ learningRate, cells: [`cell ${i}`] })),
  };
  const chosen = (fewer: number) =>
    scoredRates("dr-grpo", choice, [row("cell 0", 131, 5770 - fewer), row("cell 1", 128, 5962)])
      ?.map((one) => one.chosen);
  assert.equal(5770 + 64 * 131, 5962 + 64 * 128);
  assert.deepEqual([chosen(0), chosen(1)], [[true, false], [false, true]]);
});

Deno.test("selecting a checkpoint on the problems that are reported never costs Pass@1, and adds what its best point has", () => {
  const [base, trained] = [{ condition: "base", algorithm: "base" }, { condition: "main", algorithm: "psr" }];
  const row = (models: typeof base, step: number, correct: number): CountRow => ({
    cell: "c",
    ...models,
    base: 1,
    seed: 4,
    step,
    evaluation: "T 0.6",
    n: 8,
    correct: Int32Array.from([correct, correct]),
  });
  const evidence = evidenceOf({
    counts: [row(base, 0, 2), row(trained, 10, 6), row(trained, 20, 4)],
    steps: [],
    slices: {},
    groups: ["a", "b"],
  });
  const of = passAt1("psr");
  assert.ok(of.kind === "pass-at-k");
  const selected: Statistic = { name: "selected", of, course: { ...trained, evaluation: "T 0.6" } };
  const [found] = judgeFamilies([claim({ statistic: selected })], evidence, 50);
  near([found.value ?? NaN, found.low ?? NaN, found.high ?? NaN], [0.25, 0.25, 0.25]);
});
