/**
 * The answer of a response. Where thinking is marked, only what stands behind the last `</think>` counts. `strict` takes the box or nothing;
 * `lenient` also, in this order: what "the answer is" names, the last formula or number, a response that is nothing but an answer.
 */
import type { Extraction } from "../task.ts";
import { boxed, boxedAnswer } from "./boxed.ts";
import { isSentence } from "./words.ts";

/** What was found in a response, and how, in words for a `Grade`. */
export interface Extracted {
  readonly answer: string | null;
  readonly how: string;
}

/** How much of the end of a response the lenient mode looks at. */
const tailLength = 4000;

const marker = new RegExp(
  [
    "answer(?:\\s+(?:to|of|for)\\s[^.\\n]{1,80}?)?\\s*\\**\\s*(?:is|are|=|:|would be|should be)",
    "r[ée]ponse\\s*(?:finale|correcte)?\\s*(?:est|:)",
    "(?:antwort|lösung)\\s*(?:ist|lautet|:)",
    "r[ei]sp(?:uesta|osta)\\s*(?:final|correcta|corretta|correta|finale)?\\s*(?:es|è|é|:)",
    "ответ\\s*(?:—|-|:|это)",
    "答案\\s*(?:是|为|:|:)",
    "(?:答え|正解)\\s*(?:は|:|:)",
    "답은",
  ].join("|"),
  "gi",
);
const mathSpan = /\$\$([\s\S]+?)\$\$|(?<!\\)\$((?:\\[\s\S]|[^$\\])+)\$|\\\((.+?)\\\)|\\\[([\s\S]+?)\\\]/;
const mathSpans = new RegExp(mathSpan.source, "g");
const numberForm =
  "(?<![A-Za-z]|[A-Za-z]\\d{1,9})-?(?:\\d{1,3}(?:,\\d{3})+(?![\\d,])|\\d{1,3}(?: \\d{3})+(?!\\d)|\\d+(?:,\\d+)*)(?:\\.\\d+)?(?:\\/\\d+)?(?:\\s?\\\\?%)?|-?(?<!\\d)\\.\\d+";
const numbers = new RegExp(numberForm, "g");
const named = new RegExp(
  `(?:\\b(?:is|are|be|was|equals?|of|by|to|has)\\s+|=\\s*)(?:(${numberForm})|${mathSpan.source})`,
  "g",
);

/** Where a sentence ends; a `!` before an operator is a factorial. */
const sentenceEnd = /(?<=\w\w|[\d)$}])(?:[.?]\s+(?=[A-Z[(*])|!\s+(?=[A-Z]|\*\*))/;

const inside = (span: RegExpMatchArray | null | undefined, from = 1) =>
  span?.[from] ?? span?.[from + 1] ?? span?.[from + 2] ?? span?.[from + 3];

/** The answer of a response under a mode. */
export function extract(responseText: string, mode: Exclude<Extraction, "paper">): Extracted {
  const thought = responseText.lastIndexOf("</think>");
  const body = thought < 0 ? responseText : responseText.slice(thought + "</think>".length);
  const box = boxedAnswer(body);
  if (box !== null) {
    const later = mode === "lenient" ? formalAnswer(body.slice(box.end).slice(-tailLength)) : undefined;
    return later === undefined
      ? { answer: box.answer, how: "from the box" }
      : { answer: later, how: 'from "final answer is"' };
  }
  const missing = thought >= 0 && boxed(responseText) !== null ? "no box after </think>" : "no box";
  return mode === "strict" ? { answer: null, how: missing } : unboxed(ending(body), missing);
}

/** What a long text, such as a whole solution given as gold answer, states as its answer; null where it states none. */
export function statedAnswer(text: string): string | null {
  return stated(ending(text));
}

/** The end of a response without what chat models and few-shot prompts put behind an answer. */
const ending = (text: string) =>
  text.slice(-tailLength).replace(/<\|[\s\S]*$/, "").replace(/\s*I hope it is correct\.?/g, "").trim();

/** What "the final answer is $…$" names behind the last box. */
function formalAnswer(rest: string): string | undefined {
  return inside(new RegExp(`final answer is:?\\s*(?:${mathSpan.source})`, "i").exec(rest));
}

function unboxed(tail: string, missing: string): Extracted {
  const sentence = stated(tail);
  if (sentence !== null) return { answer: sentence, how: 'from "answer is"' };
  if (tail !== "" && tail.length < 200 && !/[$\n]|\\[([]/.test(tail) && isAnswer(tail)) {
    return { answer: tail, how: "as the whole response" };
  }
  const spans = [...tail.matchAll(mathSpans)];
  const span = spans.at(-1);
  const rest = span === undefined ? tail : tail.slice(span.index + span[0].length);
  const last = rest.replace(/^\s*\d+[.)]\s/gm, " ").match(numbers)?.at(-1);
  if (span === undefined || (last !== undefined && closes(rest, last))) {
    if (last !== undefined) return { answer: last, how: "as the last number" };
    const letter = /^\(?([A-J])[).:,](?=\s)/.exec(tail)?.[1];
    return letter === undefined
      ? { answer: null, how: `${missing} and no number` }
      : { answer: letter, how: "as the letter in front" };
  }
  return { answer: inside(span) ?? null, how: "from the last formula" };
}

const wrapped = /\\{1,2}(?:begin|end|text|textbf|mathrm|mathbf|mbox|operatorname)\s{0,8}\{[^{}]*\}/g;
const greek =
  /(?<![a-z])(?:alpha|beta|gamma|delta|epsilon|theta|kappa|lambda|sigma|omega|zeta|iota)(?![a-z])(?!\s+[a-z]{2})/g;

/** Whether a short response is nothing but an answer: a formula (what it wraps in `\text` is no sentence of its own) or a single word. */
const isAnswer = (text: string): boolean =>
  !isSentence(text.replace(wrapped, " ").replace(greek, "x")) || /^[({]*[A-Za-z-]{2,20}[)}]*\.?$/.test(text);

/** Whether a number behind the last formula is what is answered: "… is 5", or in a later sentence. */
function closes(rest: string, number: string): boolean {
  const before = rest.slice(0, rest.lastIndexOf(number));
  return /\b(?:is|are|be|equals?|by|of)\s+$|=\s*$/.test(before) || /[.!?]\s/.test(before);
}

/** What the last "answer is" names: a formula or a value right behind it, else what its sentence calls the value. */
function stated(tail: string): string | null {
  const found = [...tail.matchAll(marker)].at(-1);
  if (found === undefined) return null;
  const behind = tail.slice(found.index + found[0].length).replace(/^[\s*:#]+/, "");
  const span = mathSpan.exec(behind);
  if (span !== null && /^[\s(*]*$/.test(behind.slice(0, span.index))) return inside(span) ?? null;
  const line = behind.split("\n", 1)[0].slice(0, 2000);
  const sentence = line.split(sentenceEnd, 1)[0].replace(/[.*\s]+$/, "");
  if (sentence === "") return null;
  if (/^[-+\\\d.($]/.test(sentence) && span === null || isAnswer(sentence)) {
    return inside(mathSpan.exec(sentence)) ?? sentence;
  }
  const value = [...sentence.matchAll(named)].at(-1);
  if (value !== undefined) return value[1] ?? inside(value, 2) ?? null;
  const quantities = [...sentence.matchAll(mathSpans)].map((one) => inside(one)).concat(
    sentence.replace(mathSpans, " ").match(numbers) ?? [],
  );
  return quantities.length === 1 ? quantities[0] ?? sentence : sentence;
}
