/**
 * Grades a rollout: the task's grader reads `question`, `goldAnswer` and `responseText` and gives the extracted answer, the verdict and the
 * reason. Any of several gold answers (`data/tasks/golds.ts`, `goldAnswers`) is accepted. A wrong or unreadable response is a verdict; an
 * unknown task is an error. A truncated response is graded as any other.
 */
import { Effect, Stream } from "effect";
import { goldsOf } from "../../data/tasks/golds.ts";
import { type Extraction, type Grade, type Task, tasks } from "../../data/mod.ts";
import { placeOf } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import { grading } from "../settings/groups.ts";

/** The fields of a record that grading reads. */
type Gradable =
  & Pick<Records.Rollout, "question" | "goldAnswer" | "goldAnswers" | "responseText">
  & Partial<Pick<Records.Rollout, "promptText">>;

/** The rollout with its grade: of the first accepted answer that the response equals, else of the first. */
export const verify = <A extends Gradable>(rollout: A, task: Task, extract: Extraction): A & Grade => {
  const { question, goldAnswer, promptText, responseText } = rollout;
  const golds = rollout.goldAnswers?.flatMap((gold) => goldsOf(gold) ?? []) ?? goldsOf(goldAnswer) ?? [goldAnswer];
  const gradeBy = (gold: string) => task.grade({ question, goldAnswer: gold, promptText }, responseText, extract);
  let grade = gradeBy(golds[0]);
  for (let i = 1; i < golds.length && !grade.correct; i++) {
    const other = gradeBy(golds[i]);
    if (other.correct) grade = other;
  }
  const { answer, correct, reason, goldForm } = grade;
  return { ...rollout, answer, correct, reason, ...(goldForm === undefined ? {} : { goldForm }) };
};

/** Rollout to Verdict, one by one. */
export const verifyStage = makeStage({
  name: "verify",
  summary: "Grades each response against its problem's gold answer",
  settings: grading,
  input: Records.Rollout,
  needs: ["task", "question", "goldAnswer", "responseText"],
  output: Records.Verdict,
  run: (input, { extract }) =>
    Stream.mapEffect(input, (rollout) => {
      const fault = faultOf(rollout);
      return fault === undefined
        ? Effect.succeed(verify(rollout, tasks[rollout.task], extract))
        : Effect.fail(new Stage.StageError({ stage: "verify", message: fault }));
    }),
});

/** Why a response cannot be graded, if so: its task is unknown, or its accepted answers are no list of texts. */
const faultOf = (rollout: Records.Rollout): string | undefined => {
  const { task, goldAnswers }: { readonly task: string; readonly goldAnswers?: unknown } = rollout;
  if (!Object.hasOwn(tasks, task)) {
    return `Cannot verify a response to task "${task}": the tasks are ${Object.keys(tasks).join(", ")}`;
  }
  if (goldAnswers === undefined || goldAnswers === null) return undefined;
  const isList = Array.isArray(goldAnswers) && goldAnswers.length > 0;
  if (isList && goldAnswers.every((one) => typeof one === "string")) return undefined;
  const expected = 'field "goldAnswers" must be a list of texts, at least one';
  return `Cannot verify the response to problem "${rollout.problemId}"${placeOf(rollout)}: ${expected}, found ${
    JSON.stringify(goldAnswers).slice(0, 60)
  }`;
};
