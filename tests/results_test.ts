/**
 * What is committed of a study under `results/` follows from the records beside it: every table, picture and page of a study is made again from its
 * `record.json` and rows, and compared byte by byte. Figures that the README gives in passing stand in `results/`, where it is said how they were measured.
 */
import { Effect } from "effect";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recipes } from "../pipelines/recipes/mod.ts";
import { check } from "../pipelines/study/reproduce.ts";

const root = new URL("..", import.meta.url).pathname;
const results = join(root, "results");
const folders = readdirSync(results, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) =>
  name
);

const studies = folders.filter((name) => name in recipes);

Deno.test("results hold the model organisms' studies and that of smollm2, with their records", () => {
  const expected = ["smollm2", "tiny", "tiny-full", "tiny-power", "tiny-power-again", "tiny-power-rest"];
  assert.deepEqual(studies.toSorted(), expected);
  for (const name of studies) assert.ok(existsSync(join(results, name, "record.json")), name);
});

for (const name of studies) {
  Deno.test(`every file of results/${name} follows from its records`, () =>
    Effect.runPromise(check(recipes[name], join(results, name))));
}

Deno.test("what the README says was measured stands in results", () => {
  const prose = readFileSync(join(root, "README.md"), "utf8").replaceAll(
    /^```[^]*?^```$|<!-- \w+:begin -->[^]*?<!-- \w+:end -->/gm,
    "",
  );
  const measured = [
    ...prose.matchAll(/\b(\d[\d.,]*) (minutes|times slower|times faster|GFLOP\/s|tokens a second|MB resident)\b/g),
  ];
  assert.ok(measured.length > 0);
  const texts = [
    "LOG.md",
    ...folders.flatMap((name) =>
      readdirSync(join(results, name)).filter((file) => /\.(md|csv)$/.test(file)).map((file) => join(name, file))
    ),
  ]
    .map((file) => readFileSync(join(results, file), "utf8")).join("\n");
  for (const [, number, unit] of measured) {
    const figure = `${number.replaceAll(".", "\\.")}\\s+${unit.replaceAll(" ", "\\s+")}`;
    assert.match(texts, new RegExp(`(?<![\\d.])${figure}\\b`), `${number} ${unit}`);
  }
});
