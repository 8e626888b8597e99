import assert from "node:assert/strict";
import { Result } from "effect";
import { type Judged, verdicts } from "../../../pipelines/reports/tables/verdicts.ts";
import { chosenTable } from "../../../pipelines/reports/tables/chosen_table.ts";
import { movedPage } from "../../../pipelines/study/moved_verdicts.ts";

const row = (id: string, verdict: string, more: Partial<Judged> = {}): Judged => ({
  id,
  statement: `claim ${id}`,
  where: "Section 1",
  comparison: "above",
  threshold: 0,
  unit: "share",
  value: 0.02,
  low: 0.01,
  high: 0.03,
  cells: 9,
  verdict,
  ...more,
});

const recipe = { name: "later", after: { study: "earlier", differs: "It differs." } };

Deno.test("the page counts the verdicts that moved, and leaves out claims that one study alone asks or has not tried", () => {
  const page = movedPage(
    recipe,
    [row("a", "holds"), row("b", "undecided"), row("c", "holds"), row("d", "holds")],
    [row("a", "undecided"), row("b", "undecided"), row("d", "untried"), row("e", "holds")],
  ) ?? "";
  assert.match(page, /^1 of 2 verdicts moved\.$/m);
  const [moved, same] = page.split("## The same");
  assert.ok(moved.includes("claim a") && !moved.includes("claim b") && same.includes("claim b"));
  assert.ok(!/claim [cde]/.test(page));
  assert.equal(movedPage(recipe, [row("a", "holds")], [row("z", "holds")]), undefined);
});

Deno.test("a study by families prints its primary claims first, their adjusted p, and what an undecided one could have seen", () => {
  const rows = [
    row("a", "holds", { primary: true, p: 1e-4, adjusted: 4e-4 }),
    row("b", "undecided", { p: 0.2, adjusted: 0.4, smallest: 0.031 }),
  ];
  const [table] = Result.getOrThrow(verdicts.build(rows));
  assert.deepEqual(table.blocks.map(({ label }) => label), ["Primary claims", "Exploratory: the paper says"]);
  const last = table.blocks.map(({ rows: [cells] }) => cells.slice(-2).map(({ text }) => text));
  assert.deepEqual(last[0], ["< 0.001", table.blocks[0].rows[0].at(-1)?.text]);
  assert.deepEqual(last[1], ["0.400", "3.1"]);
  assert.ok(table.notes.some((note) => note.includes("Holm") && note.includes("Benjamini")));
  const [plain] = Result.getOrThrow(verdicts.build([row("a", "holds")]));
  assert.deepEqual(plain.blocks.map(({ label }) => label), ["The paper says"]);
  assert.ok(!plain.columns.some((column) => typeof column === "object" && column.name === "adjusted p"));
});

Deno.test("the table of rates has a row an objective, and names the chosen rate", () => {
  const one = (learningRate: number, score: number, chosen: boolean) => (
    { choice: "nsr", evaluation: "e", k: 64, learningRate, cells: 1, passAt1: score, passAtK: score, score, chosen }
  );
  const { columns, blocks } = chosenTable([one(3e-5, 0.5, false), one(1e-4, 0.75, true)]);
  assert.equal(columns.length, 4);
  assert.deepEqual(blocks[0].rows[0].map(({ text }) => text).slice(1), ["50.0", "75.0", "1e-4"]);
});
