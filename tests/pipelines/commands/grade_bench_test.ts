import assert from "node:assert/strict";
import { pairOf, scoreRow } from "../../../pipelines/commands/grade_bench.ts";

const row = { gold: "2", prediction: "2.0", label: true, hard: true, tags: [], graders: { official: true } };

Deno.test("pairOf() boxes a prediction, takes a response as it is, and knows what a pair is counted under", () => {
  assert.deepEqual(pairOf(row), {
    gold: "2",
    response: "\\boxed{2.0}",
    label: true,
    set: "hard",
    graders: { official: true },
  });
  assert.equal(pairOf({ ...row, prediction: null, response: "It is 2" })?.response, "It is 2");
  assert.equal(pairOf({ ...row, tags: ["suite"] })?.set, "suite");
  assert.equal(pairOf({ ...row, tags: ["choice"] })?.set, null);
  assert.equal(pairOf({ ...row, hard: false })?.set, null);
  assert.equal(pairOf({ gold: "2", prediction: "3", label: false })?.set, "other");
  assert.equal(pairOf({ ...row, label: null }), null);
});

Deno.test("scoreRow() counts what is right, accepted and rejected by mistake", () => {
  const judged = [
    { set: "hard", label: true, said: true },
    { set: "hard", label: true, said: false },
    { set: "hard", label: false, said: true },
    { set: "hard", label: false, said: false },
    { set: "suite", label: false, said: false },
    { set: null, label: true, said: false },
  ] as const;
  assert.deepEqual(scoreRow("x", judged), {
    grader: "x",
    "hard pairs": 4,
    "right (%)": 50,
    "false accepts": 1,
    "false rejects (%)": 50,
    "suite pairs": 1,
    "suite right (%)": 100,
  });
});
