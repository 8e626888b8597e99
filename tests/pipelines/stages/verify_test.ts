import assert from "node:assert/strict";
import { tasks } from "../../../data/mod.ts";
import { verify, verifyStage } from "../../../pipelines/stages/verify.ts";
import { filter, records } from "./filter.ts";

const asked = { task: "math", problemId: "p", question: "1 + 1?", goldAnswer: "2" };

Deno.test("verify() adds answer, correct, reason and goldForm and leaves all else", () => {
  const rollout = { ...asked, responseText: "so \\boxed{2}", note: 1 };
  const verdict = verify(rollout, tasks.math, "strict");
  assert.equal(verdict.answer, "2");
  assert.equal(verdict.correct, true);
  assert.equal(verdict.goldForm, "number");
  assert.deepEqual(Object.keys(verdict), [...Object.keys(rollout), "answer", "correct", "reason", "goldForm"]);
});

Deno.test("a response without a box is a verdict with a null answer, and lenient may read it", async () => {
  const rollout = { ...asked, responseText: "the answer is 2" };
  const [strict] = records(await filter(verifyStage, [rollout]));
  assert.deepEqual([strict.answer, strict.correct], [null, false]);
  const [lenient] = records(await filter(verifyStage, [rollout], { extract: "lenient" }));
  assert.deepEqual([lenient.answer, lenient.correct], ["2", true]);
});

Deno.test("a gold answer that holds a box is read from its box", async () => {
  const rollout = { ...asked, goldAnswer: "Adding gives $\\boxed{2}$.", responseText: "\\boxed{2}" };
  assert.equal(records(await filter(verifyStage, [rollout]))[0].correct, true);
});

Deno.test("a truncated response is graded like any other", async () => {
  const rollout = { ...asked, responseText: "\\boxed{2}", finish: "length" };
  assert.equal(records(await filter(verifyStage, [rollout]))[0].correct, true);
});

Deno.test("countdown is graded from its question alone", async () => {
  const rollout = { task: "countdown", problemId: "p", question: "3 5 7 _ 24 ~2", goldAnswer: "" };
  const lines = [{ ...rollout, responseText: "3 * 7 = 21 21 + 5 = 26" }, { ...rollout, responseText: "3 * 7 = 21" }];
  const verdicts = records(await filter(verifyStage, lines));
  assert.deepEqual(verdicts.map(({ correct }) => correct), [true, false]);
  assert.ok(verdicts.every((verdict) => !("goldForm" in verdict)));
});

Deno.test("a task that nobody knows is an error that names it, even a word that objects know", async () => {
  for (const task of ["chess", "constructor", "__proto__"]) {
    const { failure, stdout } = await filter(verifyStage, [{ ...asked, task, responseText: "" }]);
    assert.match(failure ?? "", new RegExp(`task "${task}": the tasks are countdown`));
    assert.equal(stdout, "");
  }
});

Deno.test("of several accepted answers any is right, in a list or in the text of one; GSM8K's sign ends a solution", async () => {
  const graded = async (golds: object, response: string) => {
    const record = { task: "math", question: "q", goldAnswer: "34", ...golds, responseText: `\\boxed{${response}}` };
    const { stdout, failure } = await filter(verifyStage, [record]);
    return failure ?? JSON.parse(stdout).correct;
  };
  for (const golds of [{ goldAnswers: ["34", "35"] }, { goldAnswer: '["34", "35"]' }, { goldAnswer: "['34', '35']" }]) {
    assert.deepEqual([await graded(golds, "35"), await graded(golds, "34"), await graded(golds, "36")], [
      true,
      true,
      false,
    ]);
  }
  const solution = { goldAnswer: "She has 3+4=<<3+4=7>>7 apples.\n#### 7" };
  assert.deepEqual([await graded(solution, "7"), await graded(solution, "3")], [true, false]);
  assert.deepEqual([await graded({ goldAnswer: "[3, 4]" }, "[3,4]"), await graded({ goldAnswer: "[3, 4]" }, "3")], [
    true,
    false,
  ]);
  for (const goldAnswers of ["34", [], [34], {}]) {
    assert.match(
      await graded({ goldAnswers }, "34"),
      /field "goldAnswers" must be a list of texts, at least one, found /,
    );
  }
});
