import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { studyHtml } from "../../../pipelines/reports/page/study_html.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { sha256, toText } from "../../../pipelines/records/text.ts";
import { dynamicsOfCells } from "../../../pipelines/study/derived_rows.ts";
import { claims, evaluations, frontier, insights, steps, sweeps } from "../reports/page/made_up_grid.ts";
import { explained, writeRun } from "../reports/page/made_up_run.ts";

const report = async (...words: ReadonlyArray<string>) => {
  const io = memory("");
  const result = await Effect.runPromise(
    Effect.result(run(["report", ...words]).pipe(Effect.provideService(StandardStreams, io.streams))),
  );
  return { said: io.stderr(), error: result._tag === "Failure" ? result.failure.message : "" };
};

const folder = async (body: (path: string) => Promise<void>) => {
  const path = await Deno.makeTempDir();
  await body(path).finally(() => Deno.remove(path, { recursive: true }));
};

const cells = ["base_base_base-1_seed-1", "main_nsr_base-1_seed-1"];

const files: Readonly<Record<string, string>> = {
  "record.json": JSON.stringify({
    recipe: "tiny-full",
    device: "lavapipe",
    cells: cells.map((cell) => ({ cell, key: "0", commit: "abc" })),
  }),
  "evaluations.ndjson": toText(evaluations),
  "dynamics.ndjson": toText(steps),
  "claims.ndjson": toText(claims),
  "frontier.ndjson": toText(frontier),
  "sweeps.ndjson": toText(sweeps),
  "insights.ndjson": toText(insights),
  "explained.ndjson": toText(explained),
  "counts.ndjson": "",
};

const writeStudy = async (path: string) => {
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(path, name), text);
};

Deno.test("report makes the page of a study from its files alone, as its rows do", () =>
  folder(async (path) => {
    await writeStudy(path);
    const { said, error } = await report(path);
    assert.deepEqual([error, said], ["", `wrote "${join(path, "report.html")}"`]);
    const expected = studyHtml({
      recipe: recipes["tiny-full"],
      commits: ["abc"],
      device: "lavapipe",
      cells,
      evaluations,
      ...dynamicsOfCells(steps),
      claims,
      frontier,
      sweeps,
      insights,
      explained,
      records: Object.entries(files).map(([file, text]) => ({ file, sha256: sha256(text) })),
    });
    assert.equal(await Deno.readTextFile(join(path, "report.html")), Result.getOrThrow(expected));
  }));

Deno.test("runs that are named besides are shown in a study's page, the first one's prompt through every stage", () =>
  folder(async (path) => {
    const other = join(path, "run");
    await writeStudy(path);
    await writeRun(other);
    const words = [path, other, "--problem", "8", "--out", join(path, "page.html")];
    // No device is asked for unless token gradients are; the weights are nowhere, so that no token can be explained.
    const { said, error } = await report(...words);
    assert.deepEqual([error, said], ["", `wrote "${join(path, "page.html")}"`]);
    assert.match((await report(...words, "--token-gradients")).said, /no token gradients of ".*run": Cannot /);
    const page = await Deno.readTextFile(join(path, "page.html"));
    assert.ok(
      page.includes('<section id="walk" class="part">') && page.includes('<section id="responses" class="part">'),
    );
    assert.ok(page.includes("Problem <code>countdown/train/8</code> in step 1"));
    assert.match((await report(path, other, "--problem", "9")).error, /no prompt "9" \(--problem\) in step 1$/);
    assert.match((await report(path, other, "--step", "3")).error, /step 3 \(--step\) is not recorded$/);
  }));

Deno.test("report makes the page of a run: where it began and ended, and the command that makes it again", () =>
  folder(async (path) => {
    await writeRun(path);
    assert.equal((await report(path)).error, "");
    const page = await Deno.readTextFile(join(path, "report.html"));
    assert.ok(page.includes("<dt>correct rollouts</dt><dd>50.0 % → <b>50.0 %</b></dd>"));
    assert.match(page, /deno task train --model nowhere\/model .*--algorithm nsr .*--out runs\/made-up/);
    assert.ok(!page.includes("accuracy on the test split, greedy"));
    await Deno.writeTextFile(
      join(path, "tests.ndjson"),
      '{"step":0,"testAccuracy":0.125}\n{"step":1,"testAccuracy":0.75}\n',
    );
    assert.equal((await report(path)).error, "");
    const tested = await Deno.readTextFile(join(path, "report.html"));
    assert.ok(tested.includes("<dt>accuracy on the test split, greedy</dt><dd>12.5 % → <b>75.0 %</b></dd>"));
    assert.match(tested, /, 1 recorded step\.[^]*From the first to the last of 1 recorded step\./);
    assert.ok(tested.includes("tests.ndjson"));
  }));

Deno.test("report makes the page of an evaluation, also of one that is going on", () =>
  folder(async (path) => {
    const response = {
      problemId: "countdown/test/1",
      sampleIndex: 0,
      question: "1 2 3",
      goldAnswer: "1 + 2 = 3",
      correct: true,
      answer: "3",
      reason: "3 is 0 from the target 3",
      responseText: "<b>1 + 2 = 3</b>",
      finish: "stop",
    };
    const lines = [response, { ...response, sampleIndex: 1, correct: false, answer: null }];
    await Deno.writeTextFile(join(path, "config.json"), '{"command":"evaluate","task":"countdown","split":"test"}\n');
    await Deno.writeTextFile(join(path, "samples.ndjson.partial"), `${toText(lines)}{"problemId":"countd`);
    assert.equal((await report(path)).error, "");
    const page = await Deno.readTextFile(join(path, "report.html"));
    assert.ok(page.includes("The evaluation is not finished: 2 responses are there."));
    assert.ok(page.includes("<dt>Pass@1</dt><dd><b>50.0 % (50.0–50.0)</b></dd>"));
    assert.ok(page.includes("&lt;b&gt;1 + 2 = 3&lt;/b&gt;") && page.includes("1 of 2 correct"));
  }));

Deno.test("a folder that no page can be made of, and a row that is none, is an error with its place", () =>
  folder(async (path) => {
    assert.match((await report(path)).error, /it holds neither evaluations\.ndjson, as a study, nor config\.json/);
    await writeStudy(path);
    await Deno.writeTextFile(join(path, "frontier.ndjson"), '{"label":"psr"}\n');
    assert.match((await report(path)).error, /frontier\.ndjson", line 1: field "algorithm" must be/);
    await Deno.writeTextFile(join(path, "frontier.ndjson"), "");
    await Deno.writeTextFile(
      join(path, "explained.ndjson"),
      toText(explained.map((row) => ({ ...row, shownTexts: [] }))),
    );
    assert.match(
      (await report(path)).error,
      /explained\.ndjson".*field "shownTexts".* must be a list of texts as long/,
    );
    assert.ok(!await Deno.stat(join(path, "report.html")).then(() => true, () => false));
    assert.match((await report(path, path)).error, /it holds no config\.json and no steps$/);
  }));
