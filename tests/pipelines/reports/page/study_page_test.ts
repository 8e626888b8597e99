import assert from "node:assert/strict";
import { Result } from "effect";
import { recipes } from "../../../../pipelines/recipes/mod.ts";
import { studyPage } from "../../../../pipelines/reports/page/study_page.ts";
import { dynamics, evaluations } from "../study_rows.ts";

const study = {
  recipe: recipes["tiny"],
  device: "lavapipe: llvmpipe",
  evaluations,
  dynamics,
  figures: { "figure-2": "figure_2.svg", "figure-4": "figure_4.svg" },
};

Deno.test("a study's page has its recipe, device, tables, figures, the paper's table and what differs", () => {
  const page = Result.getOrThrow(studyPage({ ...study, commit: "abc" }));
  const headings = page.split("\n").filter((line) => line.startsWith("#"));
  assert.deepEqual(headings, [
    "# Study `tiny`",
    "## Pass@k",
    "## Training dynamics",
    "## What the paper says, asked of both",
    "## The paper's numbers",
    "## What was run",
    "## What differs from the paper",
  ]);
  assert.ok(page.includes("- commit: `abc`\n- device: lavapipe: llvmpipe\n"));
  assert.match(page, /!\[[^\]]+\]\(figure_2\.svg\)/);
  assert.match(page, /!\[[^\]]+\]\(figure_4\.svg\)/);
  assert.match(page, /\| learning-rate \| 0\.0001 \| 0\.000001 \|/);
  assert.ok(page.includes("- task: countdown, not math"));
  assert.ok(page.includes("no checkpoint is selected"));
  assert.ok(page.endsWith("\n") && !page.endsWith("\n\n") && !page.includes("undefined"));
});

Deno.test("a page is the same each time, can do without dynamics, and not without evaluations", () => {
  assert.deepEqual(studyPage(study), studyPage(study));
  const bare = Result.getOrThrow(studyPage({ ...study, dynamics: [], figures: {} }));
  assert.ok(!bare.includes("![") && !bare.includes("commit:"));
  assert.ok(Result.isFailure(studyPage({ ...study, evaluations: [] })));
});
