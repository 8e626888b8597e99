/**
 * Grades a rollout: the task's grader reads `question`, `goldAnswer` and `responseText` and says what it found, whether
 * it is right and why. A wrong or unreadable response is a verdict; a task that nobody knows is an error. A truncated
 * response is graded like any other.
 */
import { Effect, Stream } from "effect";
import { type Extraction, type Grade, type Task, tasks } from "../../data/mod.ts";
import * as Noun from "../schema.ts";
import * as Stage from "../runtime/stage.ts";

/** The rollout with its grade. */
export const verify = <
  A extends Pick<Noun.Rollout, "question" | "goldAnswer" | "responseText"> & Partial<Pick<Noun.Rollout, "promptText">>,
>(
  rollout: A,
  task: Task,
  extract: Extraction,
): A & Grade => {
  const { answer, correct, reason, goldForm } = task.grade(rollout, rollout.responseText, extract);
  return { ...rollout, answer, correct, reason, ...(goldForm === undefined ? {} : { goldForm }) };
};

/** Rollout to Verdict, one by one. */
export const verifyStage = Stage.make({
  name: "verify",
  summary: "Grades each response against its problem's gold answer",
  settings: ["extract"],
  input: Noun.Rollout,
  needs: ["task", "question", "goldAnswer", "responseText"],
  output: Noun.Verdict,
  run: (input, { extract }) =>
    Stream.mapEffect(
      input,
      (rollout) =>
        Object.hasOwn(tasks, rollout.task)
          ? Effect.succeed(verify(rollout, tasks[rollout.task], extract))
          : Effect.fail(
            new Stage.StageError({
              stage: "verify",
              message: `Cannot verify a response to task "${rollout.task}": the tasks are ${
                Object.keys(tasks).join(", ")
              }`,
            }),
          ),
    ),
});
