import assert from "node:assert/strict";
import { Effect } from "effect";
import { type Problem, tasks } from "../../../data/mod.ts";
import { type Finding, goldFindings, repeatedProblems } from "../../../data/tasks/findings.ts";
import { loadProblems, readRows } from "../../../pipelines/files/source.ts";
import { goldOfSolution } from "../../../data/tasks/gold.ts";
import { nearDuplicates } from "../../../data/tasks/near_duplicates.ts";

Deno.test("goldOfSolution() joins different answers and takes the last of equal or equally acceptable ones", () => {
  const cases: ReadonlyArray<readonly [solution: string, answer: string, boxes: string]> = [
    ["First $\\boxed{144}$ falls, then $x = \\boxed{12}$.", "12", "one"],
    ["The points are $\\boxed{(-2,18)}$ and $\\boxed{(8,38)}$.", "(-2,18), (8,38)", "joined"],
    ["Hence $t = \\boxed{\\frac{1}{3}}$ or $t = \\boxed{-\\frac{5}{2}}$.", "\\frac{1}{3}, -\\frac{5}{2}", "joined"],
    ["This is $\\boxed{x+11}$ or $\\boxed{11+x}$.", "11+x", "alternatives"],
    ["At $\\boxed{20:34}$ or $\\boxed{8:34 \\text{ p.m.}}$.", "8:34 \\text{ p.m.}", "alternatives"],
    ["Points $\\boxed{(1,2)}$ and $\\boxed{(3,4)}.$ (Either point is an acceptable answer.)", "(3,4)", "alternatives"],
  ];
  for (const [solution, answer, boxes] of cases) {
    assert.deepEqual(goldOfSolution(solution), { answer, boxes }, solution);
  }
  assert.equal(goldOfSolution("no box"), null);
});

Deno.test("goldFindings() lists what is empty, joined, one of several, and targets that say something else", () => {
  const row = (solution: string, target: string) => ({ problem: "?", solution, answer: target });
  const rows = [
    row("$\\boxed{}$", ""),
    row("$\\boxed{1}$ and $\\boxed{2}$", "2"),
    row("$\\boxed{0.5}$ or $\\boxed{\\frac12}$", "\\frac12"),
    row("$\\boxed{\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}}$", "\\begin{pmatrix}1\\2\\end{pmatrix}"),
    row("$\\boxed{\\frac{1}{2}}$", "0.5"),
    { problem: "?", answer: "7" },
  ];
  const found = goldFindings(rows, "math/test").map(({ finding, problemId }) => [finding, problemId]);
  assert.deepEqual(found, [
    ["empty gold", "math/test/0"],
    ["joined boxes", "math/test/1"],
    ["alternative boxes", "math/test/2"],
    ["damaged target", "math/test/3"],
  ]);
});

Deno.test("nearDuplicates() sees through spacing, case and punctuation, and not through other words", () => {
  const texts = [
    "Evaluate the sum of all even numbers from $1$ to $\\frac{n}{2}$, inclusive.",
    "evaluate the sum of all even numbers from $ 1 $ to $\\dfrac{n}{2}$ inclusive",
    "How many primes lie between ten and twenty, both of them included in the count?",
  ];
  assert.deepEqual(nearDuplicates(texts, 0.8), [{ first: 0, second: 1, similarity: 1 }]);
});

Deno.test("repeatedProblems() calls a pair across splits a leak, and one with another answer a variant", () => {
  const question = "What is the smallest positive whole number that is divisible by all of these numbers?";
  const problem = (problemId: string, goldAnswer: string) => ({ problemId, question, goldAnswer });
  const found = repeatedProblems([
    problem("math/train/0", "\\frac12"),
    problem("math/train/1", "0.5"),
    problem("math/test/0", "1/2"),
    problem("math/test/1", "7"),
  ]);
  const kinds = Object.fromEntries(found.map(({ finding, problemId, other }) => [`${problemId} ${other}`, finding]));
  assert.equal(kinds["math/train/0 math/train/1"], "duplicate");
  assert.equal(kinds["math/train/0 math/test/0"], "leak");
  assert.equal(kinds["math/test/0 math/test/1"], "variant");
});

const data = Deno.env.get("SIGNUM_DATA");
if (data === undefined) {
  console.error("data/tasks: SIGNUM_DATA is not set, so the broken rows of MATH are not looked for");
}

Deno.test({
  name:
    "the broken rows of MATH are found: gold_issues.json's empty, joined and damaged ones, and both leaks of equal text",
  ignore: data === undefined,
  async fn() {
    const issues = JSON.parse(Deno.readTextFileSync(`${data}/gold_issues.json`));
    const findings: Array<Finding> = [];
    const problems: Array<Problem> = [];
    for (const split of tasks.math.splits) {
      const loaded = await Effect.runPromise(loadProblems(tasks.math, split, { data }));
      problems.push(...loaded.problems);
      findings.push(...goldFindings(await Effect.runPromise(readRows(loaded.file ?? "")), split));
    }
    const of = (finding: string) => findings.filter((one) => one.finding === finding).map(({ problemId }) => problemId);
    assert.deepEqual(of("empty gold"), issues.empty_gold);
    const damaged = new Set(of("damaged target"));
    const stored = [...issues.matrix_target_damaged, ...issues.list_text_target_damaged.map(([id]: [string]) => id)];
    assert.deepEqual(stored.filter((id) => !damaged.has(id)), []);
    const several = new Set(issues.multi_boxed_distinct.map(([id]: [string]) => id));
    assert.deepEqual([...of("joined boxes"), ...of("alternative boxes")].filter((id) => !several.has(id)), []);
    const leaks = repeatedProblems(problems).filter(({ finding }) => finding === "leak");
    for (const [train, test] of [["math/train/1414", "math/test/1038"], ["math/train/2948", "math/test/4656"]]) {
      assert.ok(leaks.some(({ problemId, other }) => problemId === train && other === test), `${train} ${test}`);
    }
  },
});
