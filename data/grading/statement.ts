/**
 * Finds the answer that a response states in a sentence: "the answer is …" in some languages. A statement that is negated, asked or
 * withdrawn counts as none.
 */
import { isSentence } from "./words.ts";

const marker = new RegExp(
  [
    "answer(?:\\s+(?:to|of|for)\\s[^.\\n]{1,80}?)?[\\s*]*(?:is|are|=|:|would be|should be)",
    "r[ée]ponse\\s*(?:(?:finale|correcte)\\s*)?(?:est|:)",
    "(?:antwort|lösung)\\s*(?:ist|lautet|:)",
    "r[ei]sp(?:uesta|osta)\\s*(?:(?:final|correcta|corretta|correta|finale)\\s*)?(?:es|è|é|:)",
    "ответ\\s*(?:—|-|:|это)",
    "答案\\s*(?:(?:是|为)\\s*)?(?:是|为|:|：)",
    "(?:答え|正解)\\s*(?:は|:|：)",
    "답은",
  ].join("|"),
  "gi",
);
/** A span of mathematics between its delimiters; `mathSpans` finds all of them. */
export const mathSpan = /\$\$([\s\S]+?)\$\$|(?<!\\)\$((?:\\[\s\S]|[^$\\])+)\$|\\\((.+?)\\\)|\\\[([\s\S]+?)\\\]/;
export const mathSpans = new RegExp(mathSpan.source, "g");
const numberForm =
  "(?<![A-Za-z]|[A-Za-z]\\d{1,9})-?(?:\\d{1,3}(?:,\\d{3})+(?![\\d,])|\\d{1,3}(?: \\d{3})+(?!\\d)|\\d+(?:,\\d+)*)(?:\\.\\d+)?(?:\\/\\d+)?(?:\\s?\\\\?%)?|-?(?<!\\d)\\.\\d+";
/** A number in prose. */
export const numbers = new RegExp(numberForm, "g");
const named = new RegExp(
  `(?:\\b(?:is|are|be|was|equals?|of|by|to|has)\\s+|=\\s*)(?:(${numberForm})|${mathSpan.source})`,
  "g",
);

/** The end of a sentence; a `!` before an operator is a factorial. */
const sentenceEnd = /(?<=\w\w|[\d)$}])(?:[.?]\s+(?=[A-Z[(*])|!\s+(?=[A-Z]|\*\*))/;

/** The content of a mathematical span; its groups begin at `from`. */
export const inside = (span: RegExpMatchArray | null | undefined, from = 1) =>
  span?.[from] ?? span?.[from + 1] ?? span?.[from + 2] ?? span?.[from + 3];

const wrapped = /\\{1,2}(?:begin|end|text|textbf|mathrm|mathbf|mbox|operatorname)\s{0,8}\{[^{}]*\}/g;
const greek =
  /(?<![a-z])(?:alpha|beta|gamma|delta|epsilon|theta|kappa|lambda|sigma|omega|zeta|iota)(?![a-z])(?!\s+[a-z]{2})/g;

/** Whether a short response is only an answer: a formula (the content of `\text` is no sentence) or a single word. */
export const isAnswer = (text: string): boolean =>
  !isSentence(text.replace(wrapped, " ").replace(greek, "x")) || /^[({]*[A-Za-z-]{2,20}[)}]*\.?$/.test(text);

/** A statement of a text: an answer, or a negated one with the text after it; null if there is none. */
export type Statement = { readonly answer: string } | { readonly denied: string } | null;

const denial = /(?:\b(?:not|never|doubt|whether|unlikely|wrong)\b|n['’]t\b|\bif\b)[^.!?\n]*$/i;
const takenBack =
  /^[\s*]*(?:no\b|wait\b|hmm|actually\b|but (?:wait|no)\b|(?:that|this|which)(?: is|['’]s)? (?:wrong|not|incorrect|too))/i;

/** The last "answer is" statement that is neither negated nor withdrawn. A negated one with a number after it ends the search. */
export function statedIn(tail: string): Statement {
  let denied: string | null = null;
  for (const found of [...tail.matchAll(marker)].reverse()) {
    const behind = tail.slice(found.index + found[0].length).replace(/^[\s*:：#]+/, "");
    const line = behind.split("\n", 1)[0];
    const end = /[.!?](?=\s+[A-Z]|\s*$)/.exec(line);
    const rest = end === null ? behind.slice(line.length) : behind.slice(end.index + 1);
    const before = tail.slice(Math.max(0, found.index - 120), found.index);
    if (!denial.test(before) && end?.[0] !== "?" && !takenBack.test(rest)) {
      const answer = namedIn(behind);
      return answer === null ? null : { answer };
    }
    denied ??= rest;
    if (/\d/.test(rest)) break;
  }
  return denied === null ? null : { denied };
}

const idle =
  /(?:(?<!\s)\s*\([a-z][^()\d]*\)|,\s+(?:which|because|since|as|so|where|obtained|altogether|in total|in all|overall|respectively|of course)\b.*)$/i;

/** The answer after "answer is": a formula or value directly, else the value named in its sentence. */
function namedIn(behind: string): string | null {
  const span = mathSpan.exec(behind);
  if (span !== null && /^[\s(*]*$/.test(behind.slice(0, span.index))) return spansFrom(behind) ?? inside(span) ?? null;
  const line = behind.split("\n", 1)[0].slice(0, 2000);
  const sentence = line.split(sentenceEnd, 1)[0].replace(/(?<![.*\s。])[.*\s。]+$/, "").replace(idle, "");
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

/** Consecutive formulas that end their sentence, `$x=2$ or $x=3$`, as one list; else null. */
function spansFrom(text: string): string | null {
  const listed: Array<string> = [];
  let at = 0;
  for (const span of text.slice(0, 2000).matchAll(mathSpans)) {
    if (
      !(listed.length === 0 ? /^[\s(*]*$/ : /^\s*(?:,\s*(?:(?:or|and)\s*)?|(?:or|and)\s*)$/).test(
        text.slice(at, span.index),
      )
    ) break;
    listed.push(inside(span) ?? "");
    at = span.index + span[0].length;
  }
  return listed.length > 1 && listed.length < 9 && /^\s*(?:[.;!]|$|\n)/.test(text.slice(at)) ? listed.join(", ") : null;
}
