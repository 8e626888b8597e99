import assert from "node:assert/strict";
import { Result } from "effect";
import { recipes } from "../../../../pipelines/recipes/mod.ts";
import { gridPage, type GridStudy } from "../../../../pipelines/reports/page/grid_page.ts";
import { mainAndAblations } from "../../../../pipelines/reports/tables/evaluation_blocks.ts";
import { meanDynamics } from "../../../../pipelines/study/grid_rows.ts";
import type { ClaimRow } from "../../../../pipelines/records/study_rows.ts";
import { claims, evaluations, frontier, insights, steps, sweeps } from "./made_up_grid.ts";

const recipe = recipes["tiny-full"];

const study: GridStudy = {
  recipe,
  commits: ["abc", "def"],
  device: "lavapipe",
  // The page asks for no statistic.
  claims: claims as unknown as ReadonlyArray<ClaimRow>,
  ...mainAndAblations(evaluations),
  frontier,
  sweeps,
  dynamics: meanDynamics(steps, "main"),
  insights,
  figures: ["frontier", "figure_2", "figure_4", "sweeps", "figure_5"].map((name) => ({
    file: `${name}.svg`,
    summary: `what ${name} shows`,
  })),
  records: [{ file: "counts.ndjson", sha256: "0f" }],
  done: new Map([["main", 3]]),
};

const page = Result.getOrThrow(gridPage(study));

Deno.test("the Markdown page of a study of cells says what the HTML page says, in its order", () => {
  assert.deepEqual(page.split("\n").filter((line) => line.startsWith("## ")), [
    "## In short",
    "## Claims and verdicts",
    "## Pass@k",
    "## The frontier",
    "## Settings at several values",
    "## Training dynamics",
    "## Ablations",
    "## What a single step does",
    "## Token gradients",
    "## What was run",
    "## What differs from the paper",
    "## The paper's numbers",
    "## How it was made",
  ]);
  for (const { file, summary } of study.figures) assert.ok(page.includes(`![${summary}](${file})`), file);
  assert.ok(page.includes("[report.html](report.html)"));
  assert.ok(!page.includes("undefined") && page.endsWith("\n") && !page.endsWith("\n\n"));
});

Deno.test("it says what the study is, how much of it is done, and how the claims came out", () => {
  assert.match(page, /It is a model organism: .* do not stand for a model of 7 billion parameters\./);
  assert.ok(page.includes(`**An unfinished study: 3 of ${recipe.cells?.length} cells are done.**`));
  assert.ok(page.includes("- the paper's claims: 2 hold, 1 untried (of 3)\n- beyond the paper: 1 undecided (of 1)"));
  assert.ok(page.includes("1 of 2 verdicts are the same, 1 moved, 1 of those from holds to does not or back."));
  assert.ok(page.includes("- commit: `abc`\n- commit: `def`\n- device: lavapipe\n"));
});

Deno.test("its tables have the numbers of the rows", () => {
  for (
    const line of [
      "| PSR is below the base at k = 256 | Section 3.2, Table 1 | below 0 points | -4.0<br><sub>-6.0 to -2.0</sub> | 2 | ✓ holds | " +
      "+2.0<br><sub>+1.0 to +3.0</sub> | moved: ✗ does not |",
      "| NSR | 60.0 → 99.0 | 65.0 → 98.3 | 75.0 → 97.0 |",
      "| W-REINFORCE, 0.1 | 71.0<br><sub>65.0–80.0</sub> | 71.0<br><sub>65.0–80.0</sub> | 2 |",
      "| cosine of the gradients, second pass (tokens) | 0.5 | 0.15<br><sub>0.1 to 0.2</sub> |",
    ]
  ) assert.ok(page.includes(line), line);
});

Deno.test("what is not there has no section", () => {
  const bare = Result.getOrThrow(
    gridPage({ ...study, frontier: [], sweeps: [], insights: [], ablations: [], dynamics: [], figures: [] }),
  );
  assert.ok(!/## (The frontier|Settings at|What a single|Ablations|Token|Training)/.test(bare));
});
