/** All gold answers of MATH, AIME and AMC below SIGNUM_DATA: their near misses and rewritings. `deno task test:long` runs it. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { grade } from "../../data/grading/grade.ts";
import { tasks } from "../../data/mod.ts";
import { loadProblems } from "../../pipelines/files/source.ts";
import fixture from "../data/fixtures/golds.json" with { type: "json" };
import { judgeAll } from "../data/grading/near_misses.ts";

const data = Deno.env.get("SIGNUM_DATA");
if (data === undefined) {
  console.error("data/grading: SIGNUM_DATA is not set, so the fixture's gold answers alone are tried");
}

async function goldAnswers(): Promise<ReadonlyArray<string>> {
  if (data === undefined) return fixture;
  const found = new Set<string>();
  for (const task of [tasks.math, tasks["aime-2025"], tasks["amc-23"]]) {
    for (const split of task.splits) {
      const { problems } = await Effect.runPromise(loadProblems(task, split, { data }));
      for (const { goldAnswer } of problems) found.add(goldAnswer);
    }
  }
  return [...found];
}

Deno.test("of the near misses of all gold answers none is accepted, and 99.5 of their rewritings accepted", async () => {
  const golds = await goldAnswers();
  const { misses, accepted, rewritten, refused } = judgeAll(golds, grade);
  console.log(`${golds.length} gold answers: ${accepted.length} of ${misses.length} near misses accepted`);
  console.log(`${refused.length} of ${rewritten.length} rewritings refused`);
  assert.ok(misses.length >= 20 * golds.length);
  assert.deepEqual(accepted, []);
  assert.ok(refused.length <= 0.005 * rewritten.length, refused.slice(0, 40).join("\n"));
});
