import { Effect } from "effect";
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell, Recipe } from "../../../pipelines/recipes/mod.ts";
import { studyClaims } from "../../../pipelines/recipes/tiny_full/claims.ts";
import { tiny } from "../../../pipelines/recipes/tiny.ts";
import { check, reproduce } from "../../../pipelines/study/reproduce.ts";
import { base, temporaryFolder, testStages } from "../stages/with_policy.ts";

const cell = (condition: string, algorithm: Cell["algorithm"], more: Partial<Cell> = {}): Cell => ({
  name: `${condition}_${algorithm}`,
  condition,
  base: 1,
  seed: 1,
  algorithm,
  settings: { model: base, seed: 1 },
  evaluations: [{ evaluation: "T 0.6" }, { evaluation: "again" }],
  ...more,
});

const drawn = { split: "test", limit: 6, responses: 4, temperature: 0.6, topP: 0.95 } as const;

/** A study of a base and two trainings of two steps, one of them evaluated along its training, and one measured step. */
const recipe: Recipe = {
  ...tiny,
  name: "cells",
  settings: { ...tiny.settings, model: base, prompts: 2, miniBatch: 2, responses: 4, steps: 2, testEvery: 0 },
  evaluations: [{ name: "T 0.6", settings: drawn }, {
    name: "again",
    repeats: "T 0.6",
    settings: { ...drawn, problemSeed: 2 },
  }],
  claims: studyClaims,
  cells: [
    cell("base", "base"),
    cell("main", "nsr", {
      evaluations: [{ evaluation: "T 0.6" }, { evaluation: "again" }, { evaluation: "T 0.6", at: [1] }],
    }),
    cell("main", "grpo", { evaluations: [{ evaluation: "T 0.6" }] }),
    cell("first step", "base", { name: "first-step", evaluations: [], insights: true }),
  ],
};

const filesOf = (folder: string) =>
  new Map(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));

/** Runs some starts of the study in a home of their own; gives what lies in the results then. */
const study = (out: string, starts: ReadonlyArray<{ readonly shard?: string; readonly only?: number }>) =>
  Effect.gen(function* () {
    const root = yield* temporaryFolder;
    for (const { only, ...more } of starts) {
      const some = only === undefined ? recipe : { ...recipe, cells: recipe.cells.slice(0, only) };
      yield* reproduce(some, { out, root, ...more });
    }
    return filesOf(out);
  });

testStages(
  "a study of cells is the same in one run, in two processes, after a stop, and from its own records",
  () =>
    Effect.gen(function* () {
      const [once, parts, stopped] = [yield* temporaryFolder, yield* temporaryFolder, yield* temporaryFolder];
      const whole = yield* study(once, [{}]);
      assert.ok(["README.md", "counts.ndjson", "claims.ndjson", "record.json"].every((name) => whole.has(name)));
      assert.deepEqual(yield* study(parts, [{ shard: "1/2" }, { shard: "2/2" }, {}]), whole);
      // The second start has the results of the first two cells, and a home without anything else of them.
      yield* study(stopped, [{ only: 2 }]);
      assert.deepEqual(yield* study(stopped, [{}]), whole);
      const counts = readFileSync(join(once, "counts.ndjson"), "utf8").trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      assert.deepEqual(counts.map(({ cell, evaluation, step, n }) => [cell, evaluation, step, n]), [
        ["base_base", "T 0.6", 0, 4],
        ["base_base", "again", 0, 4],
        ["main_nsr", "T 0.6", 2, 4],
        ["main_nsr", "again", 2, 4],
        ["main_nsr", "T 0.6", 1, 4],
        ["main_grpo", "T 0.6", 2, 4],
      ]);
      const [first, other] = counts;
      assert.notDeepEqual(first.correct, other.correct);
    }),
);

testStages(
  "every file of a study follows from its records, and --check names the one that does not",
  () =>
    Effect.gen(function* () {
      const out = yield* temporaryFolder;
      yield* study(out, [{ only: 2 }]);
      const checked = check({ ...recipe, cells: recipe.cells.slice(0, 2) }, out);
      yield* checked;
      const refusal = Effect.map(Effect.flip(checked), ({ message }) => message);
      const change = (file: string, from: RegExp, to: string) => {
        const path = join(out, file);
        const text = readFileSync(path, "utf8");
        assert.match(text, from);
        writeFileSync(path, text.replace(from, to));
      };
      change("table_1.csv", /T 0\.6/, "T 0.7");
      assert.match(yield* refusal, /^Cannot confirm ".*": "table_1\.csv" differs at byte \d+;/);
      change("table_1.csv", /T 0\.7/, "T 0.6");
      yield* checked;
      change("counts.ndjson", /"correct":\[\d/, '"correct":[0');
      assert.match(yield* refusal, /"evaluations\.ndjson" differs at byte \d+/);
      rmSync(join(out, "record.json"));
      assert.match(yield* refusal, /it has no record\.json/);
    }),
);
