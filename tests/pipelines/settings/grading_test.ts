import assert from "node:assert/strict";
import { tasks } from "../../../data/mod.ts";
import { gradingDefaults, gradingLine } from "../../../pipelines/settings/grading.ts";
import { defaults } from "../../../pipelines/settings/settings.ts";

Deno.test("each command says how it grades, and how the other comes to grade alike", () => {
  assert.deepEqual(gradingDefaults, { train: defaults.extract, evaluate: "lenient" });
  const line = (command: "train" | "evaluate", extract: "strict" | "lenient" | "paper") =>
    gradingLine(command, { task: "math", extract });
  assert.equal(
    line("train", "strict"),
    "train grades with --extract strict, evaluate with lenient where nothing is said: give evaluate --extract strict to grade alike",
  );
  assert.equal(line("train", "lenient"), "train grades with --extract lenient, as evaluate does where nothing is said");
  assert.equal(
    line("evaluate", "strict"),
    "evaluate grades with --extract strict, as train does where nothing is said",
  );
  assert.match(line("evaluate", "paper") ?? "", /train with strict .*: give train --extract paper to grade alike$/);
});

Deno.test("a task says that --extract changes its grades where it does", () => {
  for (const [name, task] of Object.entries(tasks)) {
    const [problem] = task.source.kind === "generated"
      ? task.source.problems("train", 1)
      : [{ question: "?", goldAnswer: "7" }];
    const grade = (mode: "strict" | "lenient") => task.grade(problem, "The answer is 7", mode).correct;
    assert.equal(grade("strict") !== grade("lenient"), task.extracts === true, name);
    const extract = "strict";
    assert.equal(
      gradingLine("train", { task: name as keyof typeof tasks, extract }) === undefined,
      !task.extracts,
      name,
    );
  }
});
