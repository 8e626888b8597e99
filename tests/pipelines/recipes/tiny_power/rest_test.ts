import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { coursesOf, type Models, quantitiesOf } from "../../../../pipelines/records/claim.ts";
import { recipes } from "../../../../pipelines/recipes/mod.ts";
import type { Settings } from "../../../../pipelines/settings/settings.ts";

const { cells, claims = [], evaluations, sweeps = [] } = recipes["tiny-power-rest"];

const of = ({ condition, algorithm }: Models) =>
  cells.filter((cell) => cell.condition === condition && cell.algorithm === algorithm);

Deno.test("every claim and every point of a sweep asks of a cell of each of the five bases, with 64 responses", () => {
  const asked = claims.flatMap(({ statistic }) => [...quantitiesOf(statistic), ...coursesOf(statistic)]);
  for (const one of [...asked, ...sweeps.flatMap(({ points }) => points)]) {
    const found = of(one);
    assert.deepEqual(found.map(({ base }) => base).toSorted(), [1, 2, 3, 4, 5], `${one.condition}, ${one.algorithm}`);
    assert.ok(
      found.every((cell) => cell.evaluations.some(({ responses, at }) => responses === 64 && at === undefined)),
    );
  }
  for (const course of claims.flatMap(({ statistic }) => coursesOf(statistic))) {
    assert.ok(of(course).every((cell) => cell.evaluations.some(({ at }) => at !== undefined)));
  }
  for (const one of asked) {
    const step = "step" in one ? one.step : undefined;
    if (typeof step !== "number") continue;
    assert.ok(of(one).every((cell) => cell.evaluations.some(({ at = [] }) => at.includes(step))), `${step}`);
  }
  assert.equal(new Set(claims.map(({ id }) => id)).size, claims.length);
  assert.ok(claims.every(({ primary }) => primary === undefined));
});

Deno.test("its seed and its problem seed are of no earlier study", () => {
  const earlier = ["tiny", "tiny-full", "tiny-power", "tiny-power-again"].map((name) => recipes[name]);
  const seeds = new Set(earlier.flatMap((one) => one.cells.map(({ seed }) => seed)));
  const problems = new Set(earlier.flatMap((one) => one.evaluations.map(({ settings }) => settings.problemSeed)));
  assert.ok(cells.every(({ seed }) => !seeds.has(seed)));
  assert.ok(evaluations.every(({ settings }) => !problems.has(settings.problemSeed)));
});

Deno.test("conditions differ from the main one in what they name, and in nothing else, on every base", () => {
  const changes: Readonly<Record<string, (base: number) => Partial<Settings>>> = {
    "main": () => ({}),
    "one update a batch": () => ({ miniBatch: 32 }),
    "16 updates a batch": () => ({ miniBatch: 2 }),
    "clip off": () => ({ clipRatio: 1e6 }),
    "16 updates a batch, clip off": () => ({ miniBatch: 2, clipRatio: 1e6 }),
    "long": () => ({ steps: 240, learningRate: 3e-4, testEvery: 20 }),
    "64 surplus ids, masked": (base) => ({ model: `data/models/countdown_padded_${base}`, paddedVocabulary: "mask" }),
    "64 surplus ids, kept": (base) => ({ model: `data/models/countdown_padded_${base}`, paddedVocabulary: "keep" }),
  };
  for (const { condition, base, seed, settings } of cells.filter((cell) => cell.condition !== "base")) {
    const usual = { model: `data/models/countdown_${base}`, seed };
    assert.deepEqual(settings, { ...usual, ...changes[condition](base) }, condition);
  }
});

Deno.test("a padded base has 64 rows more than its tokenizer has tokens, and its card says how it was pretrained", () => {
  for (const base of [1, 2, 3, 4, 5]) {
    const read = (name: string, file: string) =>
      readFileSync(new URL(`../../../../data/models/${name}_${base}/${file}`, import.meta.url), "utf8");
    const [plain, padded] = ["countdown", "countdown_padded"].map((name) => JSON.parse(read(name, "config.json")));
    assert.deepEqual(padded, { ...plain, vocab_size: plain.vocab_size + 64 });
    assert.equal(read("countdown_padded", "tokenizer.json"), read("countdown", "tokenizer.json"));
    assert.ok(read("countdown_padded", "README.md").includes(`pretrain --seed ${base} --surplus-ids 64 --out DIR`));
  }
});
