import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../../pipelines/cli.ts";
import { evaluationsTable } from "../../../../pipelines/reports/tables/evaluations_table.ts";
import type { EvaluationRow } from "../../../../pipelines/records/rows.ts";
import { memory, StandardStreams } from "../../../../pipelines/files/standard_streams.ts";

const row = (more: Partial<EvaluationRow>): EvaluationRow => ({
  label: "m",
  task: "math",
  evaluation: "T 0.6, top-p 0.95",
  k: 1,
  passAtK: 0.5,
  low: 0.4,
  high: 0.6,
  problems: 10,
  slice: "all",
  consAtK: 0.55,
  responses: 40,
  meanResponseLength: 812.34,
  truncatedRatio: 0.025,
  ...more,
});
const rows = [
  row({}),
  row({ k: 4, passAtK: 0.75, consAtK: 0.6 }),
  row({ slice: "Level 5", passAtK: 0.25, problems: 4 }),
];

const tables = (given: ReadonlyArray<EvaluationRow>) => Result.getOrThrow(evaluationsTable.build(given));
const texts = (given: ReadonlyArray<EvaluationRow>) =>
  tables(given).map(({ columns, blocks }) => ({
    columns: columns.map(({ name }) => name),
    blocks: blocks.map(({ label, rows }) => [label, ...rows.map((cells) => cells.map(({ text }) => text).join(" "))]),
  }));

Deno.test("the evaluations report has Pass@k with the paper's rows, then votes and lengths, then the parts", () => {
  const [pass, cons, parts] = texts(rows);
  assert.deepEqual(pass.columns, ["Model", "Pass@1", "Pass@4"]);
  assert.deepEqual(pass.blocks[0], ["math, T 0.6, top-p 0.95, 10 problems", "m 50.0 75.0"]);
  assert.deepEqual(pass.blocks[1].slice(0, 3), [
    "MATH in the paper, Qwen2.5-Math-7B",
    "Base model 63.2 83.7",
    "PPO 76.6 86.7",
  ]);
  assert.deepEqual(cons.columns, ["Model", "cons@1", "cons@4", "length", "cut off %"]);
  assert.deepEqual(cons.blocks, [["math, T 0.6, top-p 0.95, 10 problems", "m 55.0 60.0 812.3 2.5"]]);
  assert.deepEqual(parts.columns, ["Part", "problems", "Pass@1", "Pass@4", "length", "cut off %"]);
  assert.deepEqual(parts.blocks, [["math, T 0.6, top-p 0.95", "Level 5 4 25.0 – 812.3 2.5"]]);
  const [, , several] = texts([...rows, ...rows.map((one) => ({ ...one, label: "n" }))]);
  assert.deepEqual(several.columns, ["Model", "Pass@1", "Pass@4", "length", "cut off %"]);
  assert.deepEqual(several.blocks, [
    ["math, T 0.6, top-p 0.95, Level 5 slice, 4 problems", "m 25.0 – 812.3 2.5", "n 25.0 – 812.3 2.5"],
  ]);
  // Nothing is said of tasks that the paper has not.
  assert.equal(texts(rows.map((one) => ({ ...one, task: "countdown" })))[0].blocks.length, 1);
});

Deno.test("runs stand side by side under the names of their folders", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-table-"));
  const made = ["a/one", "a/two", "b/two"].map((name, i) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    const lines = rows.map((one) => `${JSON.stringify({ ...one, passAtK: one.passAtK + i / 10 })}\n`);
    writeFileSync(join(path, "evaluations.ndjson"), lines.join(""));
    return path;
  });
  const table = async (...words: ReadonlyArray<string>) => {
    const io = memory("");
    const done = run(["table", "--report", "evaluations", "--format", "csv", ...words]);
    const result = await Effect.runPromise(Effect.result(Effect.provideService(done, StandardStreams, io.streams)));
    return { stdout: io.stdout(), error: Result.isFailure(result) ? result.failure.message : undefined };
  };
  const { stdout } = await table(made[0], made[1]);
  assert.match(stdout, /one,50,40,60/);
  assert.match(stdout, /two,60,40,60/);
  // Two folders of one name are told apart by their paths.
  const twice = (await table(made[1], made[2])).stdout;
  for (const path of made.slice(1)) assert.ok(twice.includes(path), path);
  assert.match((await table(folder)).error ?? "", /Cannot read ".*evaluations.ndjson": there is no such file/);
  rmSync(folder, { recursive: true });
});
