import assert from "node:assert/strict";
import { Effect } from "effect";
import { join } from "node:path";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { pageOf } from "../../../pipelines/commands/report.ts";
import { excerptLines } from "../../../pipelines/reports/page/excerpts.ts";
import { readRun } from "../../../pipelines/reports/page/read_run.ts";
import { readRecords, type Records } from "../../../pipelines/study/records.ts";
import { studyFiles } from "../../../pipelines/study/study_files.ts";
import { writeFiles } from "../../../pipelines/study/write_files.ts";
import { explained, writeRun } from "../reports/page/made_up_run.ts";
import { dynamics, evaluations } from "../reports/study_rows.ts";

const recipe = recipes["tiny"];

const bare: Records = {
  recipe: "tiny",
  device: "lavapipe",
  cells: [],
  evaluations,
  dynamics,
  problems: [],
  counts: [],
  steps: [],
  insights: [],
};

Deno.test("a study's folder has its page, with what is shown of runs, and all of it follows from the records there", async () => {
  const folder = await Deno.makeTempDir();
  const [run, out] = [join(folder, "run"), join(folder, "results")];
  await writeRun(run);
  await Effect.runPromise(Effect.gen(function* () {
    const { responses, walk } = yield* readRun(run, { step: 0, problem: undefined });
    const shown = { excerpts: excerptLines({ responses, ...(walk && { walk }) }), explained };
    const records: Records = { ...bare, commit: "abc", shown };
    const { files } = yield* studyFiles(recipe, records);
    yield* writeFiles(out, files);
    const page = files.texts.get("report.html") ?? "";
    for (const id of ["short", "claims", "pass-at-k", "dynamics", "token-gradients", "responses", "walk", "made"]) {
      assert.ok(page.includes(`<section id="${id}" class="part">`), id);
    }
    assert.ok(["figure_5.svg", "excerpts.ndjson", "explained.ndjson"].every((name) => files.texts.has(name)));
    assert.match(files.texts.get("README.md") ?? "", /!\[[^\]]+\]\(figure_5\.svg\)/);
    assert.equal(yield* pageOf(out, [], { step: 0, problem: undefined }), page);
    const read = yield* readRecords(out);
    assert.ok(read !== undefined);
    assert.deepEqual((yield* studyFiles(recipe, read)).files, files);
    const { texts } = (yield* studyFiles(recipe, bare)).files;
    assert.ok(!texts.get("report.html")?.includes('<section id="walk"'));
    assert.deepEqual([...texts.keys()].filter((name) => name.endsWith(".ndjson")), [
      "evaluations.ndjson",
      "dynamics.ndjson",
    ]);
  }));
  await Deno.remove(folder, { recursive: true });
});
