/**
 * Extracts the answer of a response. If thinking is marked, only the text after the last thought counts (`thought.ts`). `strict` reads the
 * box only; `lenient` also tries, in order: the text after "the answer is", the last formula or number, a response that is nothing but an
 * answer.
 */
import type { Extraction } from "../task.ts";
import { boxed, boxedAnswer, isBlank } from "./boxed.ts";
import { inside, isAnswer, mathSpan, mathSpans, numbers, statedIn } from "./statement.ts";
import { spoken } from "./thought.ts";

/** An answer and how it was found, in words for a `Grade`. */
export interface Extracted {
  readonly answer: string | null;
  readonly how: string;
}

/** The number of characters at the end of a response that lenient mode reads. */
const tailLength = 4000;

/** Doubt after the last box: the response is unfinished, and the box is an intermediate guess. */
const doubt =
  /(?:^|[\s$.,;!(])(?:wait|hmm+|hold on|let me (?:double[- ]?check|re-?check|check|verify|re-?think|reconsider|see)|but (?:if|what if|wait))(?![a-z])(?:[^.!?✓…\n]{0,200}[a-zA-Z,])?$/i;

/** The answer of a response under a mode. `inThought`: whether the prompt ended inside a thought. */
export function extract(responseText: string, mode: Exclude<Extraction, "paper">, inThought = false): Extracted {
  const body = spoken(responseText, inThought);
  if (body === null) return { answer: null, how: "the thought does not end" };
  const box = boxedAnswer(body);
  if (box !== null && !(mode === "lenient" && isBlank(box.answer))) {
    const rest = body.slice(box.end);
    const later = mode === "lenient" ? formalAnswer(rest.slice(-tailLength)) : undefined;
    if (later !== undefined) return { answer: later, how: 'from "final answer is"' };
    if (rest.length < tailLength && doubt.test(rest.trimEnd())) {
      return { answer: null, how: "the response breaks off in doubt behind the box" };
    }
    return { answer: box.answer, how: "from the box" };
  }
  const missing = body !== responseText && boxed(responseText) !== null ? "no box after </think>" : "no box";
  if (mode === "strict") return { answer: null, how: missing };
  const found = unboxed(ending(body), missing);
  return box !== null && found.answer === null ? { answer: box.answer, how: "from the box" } : found;
}

/** The answer that a long text states, such as a whole solution given as gold answer; null if it states none. */
export function statedAnswer(text: string): string | null {
  const found = statedIn(ending(text));
  return found !== null && "answer" in found ? found.answer : null;
}

/** The end of a response without the closing text that chat models and few-shot prompts add. */
const ending = (text: string) =>
  withoutMoney(text.slice(-tailLength).replace(/<\|[\s\S]*$/, "").replace(/(?<!\s)\s*I hope it is correct\.?/g, ""))
    .trim();

/** Removes dollar signs before amounts, in lines where every dollar sign is one, so that they open no formula. */
const withoutMoney = (text: string) =>
  text.split("\n").map((line) =>
    /^(?:[^$\\]|\$(?=\d))*$/.test(line) && !/\d[^\s.,;:!?)\d]*\$(?=\d)/.test(line) ? line.replaceAll("$", "") : line
  ).join("\n");

/** The answer in "the final answer is $…$" after the last box. */
function formalAnswer(rest: string): string | undefined {
  return inside(new RegExp(`final answer is:?\\s*(?:${mathSpan.source})`, "i").exec(rest));
}

function unboxed(tail: string, missing: string): Extracted {
  const statement = statedIn(tail);
  if (statement !== null && "answer" in statement) return { answer: statement.answer, how: 'from "answer is"' };
  if (statement !== null) return ofClosing(statement.denied, missing);
  return ofClosing(tail, missing);
}

/** The answer at the end of a text that has no "the answer is". */
function ofClosing(tail: string, missing: string): Extracted {
  if (tail !== "" && tail.length < 200 && !/[$\n]|\\[([]/.test(tail) && isAnswer(tail)) {
    return { answer: tail, how: "as the whole response" };
  }
  const spans = [...tail.matchAll(mathSpans)];
  const span = spans.at(-1);
  const rest = span === undefined ? tail : tail.slice(span.index + span[0].length);
  const last = rest.replace(/^[^\S\n]*\d+[.)]\s/gm, " ").match(numbers)?.at(-1);
  if (span === undefined || (last !== undefined && closes(rest, last))) {
    if (last !== undefined) return { answer: last, how: "as the last number" };
    const letter = /^\(?([A-J])[).:,](?=\s)/.exec(tail)?.[1];
    return letter === undefined
      ? { answer: null, how: `${missing} and no number` }
      : { answer: letter, how: "as the letter in front" };
  }
  return { answer: inside(span) ?? null, how: "from the last formula" };
}

/** Whether a number after the last formula is the answer: "… is 5", or in a later sentence. */
function closes(rest: string, number: string): boolean {
  const before = rest.slice(0, rest.lastIndexOf(number));
  return /\b(?:is|are|be|equals?|by|of)\s+$|=\s*$/.test(before) || /[.!?]\s/.test(before);
}
