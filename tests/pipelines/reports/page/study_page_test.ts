import assert from "node:assert/strict";
import { Result } from "effect";
import { recipes } from "../../../../pipelines/recipes/mod.ts";
import { type StudyFolder, studyPage } from "../../../../pipelines/reports/page/study_page.ts";
import { meanDynamics } from "../../../../pipelines/study/derived_rows.ts";
import { dynamics, evaluations as plainRows } from "../study_rows.ts";
import { claims, evaluations, frontier, insights, steps, sweeps } from "./made_up_grid.ts";

const recipe = recipes["tiny-full"];

const study: StudyFolder = {
  recipe,
  commits: ["abc", "def"],
  device: "lavapipe",
  claims,
  evaluations,
  frontier,
  sweeps,
  dynamics: meanDynamics(steps, "main"),
  insights,
  figures: ["frontier", "figure_2", "figure_4", "sweeps", "figure_5"].map((name) => ({
    file: `${name}.svg`,
    summary: `what ${name} shows`,
  })),
  records: [{ file: "counts.ndjson", sha256: "0f" }],
  cells: ["main_psr_base-1_seed-1", "main_nsr_base-1_seed-1", "main_nsr_base-2_seed-1"],
};

const page = Result.getOrThrow(studyPage(study));

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
  assert.ok(page.includes("- **T 0.6**: split test, limit 128, responses 256 or 64, temperature 0.6"));
  assert.ok(page.includes(`**An unfinished study: 3 of ${recipe.cells.length} cells are done.**`));
  assert.ok(
    page.includes(
      "- all claims of the paper: 2 hold, 1 untried (of 3)\n- all claims beyond the paper: 1 undecided (of 1)",
    ),
  );
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
    studyPage({
      ...study,
      evaluations: evaluations.slice(0, 6),
      frontier: [],
      sweeps: [],
      insights: [],
      dynamics: [],
      figures: [],
    }),
  );
  assert.ok(!/## (The frontier|Settings at|What a single|Ablations|Token|Training)/.test(bare));
});

const plain: StudyFolder = {
  recipe: recipes["tiny"],
  device: "lavapipe: llvmpipe",
  evaluations: plainRows,
  dynamics,
  figures: [{ file: "figure_2.svg", summary: "curves" }, { file: "figure_4.svg", summary: "training" }],
};

Deno.test("the page of a study without claims asks the paper's of point estimates, and says nothing of cells", () => {
  const page = Result.getOrThrow(studyPage({ ...plain, commits: ["abc"] }));
  const headings = page.split("\n").filter((line) => line.startsWith("#"));
  assert.deepEqual(headings, [
    "# Study `tiny`",
    "## In short",
    "## Pass@k",
    "## Training dynamics",
    "## What the paper says, asked of both",
    "## What was run",
    "## What differs from the paper",
    "## The paper's numbers",
    "## How it was made",
  ]);
  assert.ok(page.includes("- commit: `abc`\n- device: lavapipe: llvmpipe\n"));
  assert.match(page, /!\[curves\]\(figure_2\.svg\)/);
  assert.match(page, /!\[training\]\(figure_4\.svg\)/);
  assert.match(page, /\| learning-rate \| 0\.0001 \| 0\.000001 \|/);
  assert.ok(page.includes("- task: countdown, not math"));
  assert.ok(page.includes("no checkpoint is selected"));
  assert.ok(page.endsWith("\n") && !page.endsWith("\n\n") && !page.includes("undefined"));
  assert.ok(!page.includes("cells are done") && !page.includes("| Condition |"));
});

Deno.test("a page is the same each time, can do without dynamics, and not without evaluations", () => {
  assert.deepEqual(studyPage(plain), studyPage(plain));
  const bare = Result.getOrThrow(studyPage({ ...plain, dynamics: [], figures: [] }));
  assert.ok(!bare.includes("![") && !bare.includes("commit:"));
  assert.ok(Result.isFailure(studyPage({ ...plain, evaluations: [] })));
});

Deno.test("the page of an unfinished comparison names the methods that are not done", () => {
  const ofLabels = (...labels: ReadonlyArray<string>) =>
    Result.getOrThrow(
      studyPage({
        ...plain,
        evaluations: labels.map((label) => ({ ...plain.evaluations[0], label, algorithm: label })),
      }),
    );
  const labels = plain.recipe.cells.map(({ algorithm }) => algorithm);
  assert.ok(!ofLabels(...labels).includes("unfinished"));
  const without = (...names: ReadonlyArray<string>) => ofLabels(...labels.filter((label) => !names.includes(label)));
  assert.ok(
    without("w-reinforce").includes(
      "**An unfinished study: W-REINFORCE is not done.** Numbers are of the other methods.",
    ),
  );
  assert.ok(without("psr", "base").includes("**An unfinished study: Base model, PSR are not done.**"));
});
