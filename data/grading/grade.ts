/**
 * The verifier of mathematics: extracts the answer of a response (`extract.ts`) and compares it with the gold answer (`equivalence.ts`). It
 * needs no computer algebra, never throws, and is bounded in length, depth and time. A false reward teaches a wrong behaviour, a missed one
 * only costs a sample, so what is not understood is graded wrong.
 */
import type { Extraction, Grade } from "../task.ts";
import { afterHashes, boxed } from "./boxed.ts";
import { equivalent } from "./equivalence.ts";
import { extract, statedAnswer } from "./extract.ts";
import { goldForm } from "./form.ts";
import { longestAnswer, normalize } from "./latex.ts";
import { paperAnswer, paperEqual, paperForm } from "./paper.ts";

/** Only this many characters at the end of a response and of a gold answer are read, which bounds the time. */
const longestResponse = 200_000;

/**
 * Grades a response against a gold answer, or against its box if it has one. `byString` (mode `paper` only) compares normal forms alone;
 * `inThought` tells that the prompt ended inside a thought.
 */
export function grade(
  goldAnswer: string,
  responseText: string,
  mode: Extraction,
  byString = false,
  inThought = false,
): Grade {
  const gold = goldOf(goldAnswer);
  const form = gold.length > longestAnswer ? "text" : goldForm(gold);
  if (mode === "paper") {
    return { ...gradeAsPaper(gold, responseText.slice(-longestResponse), byString), goldForm: form };
  }
  const { answer, how } = extract(responseText.slice(-longestResponse), mode, inThought);
  if (answer === null) return { answer, correct: false, reason: how, goldForm: form };
  return { answer, ...judge(gold, answer, how), goldForm: form };
}

/** The verdict under the rules of the authors' grader. */
function gradeAsPaper(gold: string, responseText: string, byString: boolean): Grade {
  const answer = paperAnswer(responseText);
  const wrong = (reason: string) => ({ answer: answer === "" ? null : answer, correct: false, reason });
  if (answer === "") return wrong("the authors' extraction finds nothing");
  if (answer.length > longestAnswer) return wrong(`the answer is longer than ${longestAnswer} characters`);
  const reference = paperForm(gold.slice(0, longestAnswer));
  const correct = answer === reference || (!byString && paperEqual(answer, reference));
  const how = byString ? "as a string" : "to the authors' grader";
  return { answer, correct, reason: `${quoted(answer)} ${correct ? "equals" : "is not"} ${quoted(reference)} ${how}` };
}

/**
 * The gold answer of a text that may be a whole solution: its box, else the text after `####` (GSM8K), else the answer stated by a long
 * text or one with "the answer is", else all of it.
 */
const goldOf = (goldAnswer: string) =>
  boxed(goldAnswer.slice(-longestResponse)) ??
    afterHashes(goldAnswer) ??
    (goldAnswer.length > 200 || /\banswer is\b/i.test(goldAnswer) ? statedAnswer(goldAnswer) : null) ?? goldAnswer;

function judge(gold: string, answer: string, how: string): Pick<Grade, "correct" | "reason"> {
  const wrong = (reason: string) => ({ correct: false, reason });
  if (answer.length > longestAnswer) return wrong(`the answer is longer than ${longestAnswer} characters`);
  if (gold.length > longestAnswer) return wrong(`the gold answer is longer than ${longestAnswer} characters`);
  if (normalize(answer) === "") return wrong("the answer is empty");
  if (normalize(gold) === "") return wrong("the gold answer is empty");
  const same = equivalent(gold, answer);
  return { correct: same, reason: `${quoted(answer)} ${how} ${same ? "equals" : "is not"} ${quoted(gold)}` };
}

const quoted = (text: string) => `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
