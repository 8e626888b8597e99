/**
 * Answers that are words, and words around answers: units behind a value (`5\text{ cm}`, `5 square feet`), names in front of one, a
 * choice such as `(C)`. Words are compared without case, articles and punctuation.
 */

const unit =
  "(?:square|cubic|sq\\.?|cu\\.?)?\\s*(?:units?|degrees?|deg|cm|mm|km|meters?|metres?|centimeters?|inch(?:es)?|in|feet|" +
  "foot|ft|yards?|miles?|mph|mi|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?|dollars?|cents?|" +
  "euros?|pounds?|grams?|kg|liters?|litres?|gallons?|people|students|ways|integers?|values?|digits?|numbers?|points?|" +
  "marbles?|balls?|players?|games?|bits?|percent|per cent|radians?|rad|degrees celsius)";

const writtenUnit =
  /\s*\\(?:text|mathrm|mbox|textrm|rm|textit|mathit|textbf)\s{0,8}\{([^{}]*)\}\s{0,8}(?:\^\s{0,8}\{?\\?[a-z0-9]+\}?)?$/;
const plainUnit = new RegExp(`(?<=[\\d)}])\\s+${unit}(?:\\s*\\^\\s*\\{?[23]\\}?)?(?:\\s+per\\s+\\w+|/\\w+)?$`, "i");
const joiningWord = /^\s*(?:or|and)\s*$/;

/** The value without the unit behind it; the text itself where there is none or nothing else. */
export function withoutUnit(text: string): string {
  const written = writtenUnit.exec(text);
  const rest = written !== null && !joiningWord.test(written[1])
    ? text.slice(0, written.index)
    : text.replace(plainUnit, "");
  return rest.trim() === "" ? text : rest.trim();
}

const wrapper =
  /\\(?:text|mathrm|textbf|mathbf|mbox|textit|mathit|operatorname|emph|texttt|textsf)\s{0,8}\{([^{}]*)\}/g;

/** Whether the text has a `\text{…}` or is nothing but letters and spaces. */
export function isWritten(text: string): boolean {
  return /\\(?:text|mbox|mathrm|textbf)(?![a-zA-Z])|^[A-Za-z ]+$/.test(text);
}

/** The words of a text: wrappers opened, signs away, lower case. */
export function wordsOf(text: string): string {
  return text
    .replace(wrapper, " $1 ")
    .replace(/[{}$\\()."'’]/g, " ")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether two texts say the same words, letting articles and signs pass. */
export function sameWords(a: string, b: string): boolean {
  const bare = (text: string) => text.replace(/\b(?:the|is|are)\b/g, "").replace(/[^a-z0-9]+/g, "");
  return /[a-z]/.test(bare(a)) && bare(a) === bare(b);
}

const knownWords = /sqrt|sinh|cosh|tanh|arcsin|arccos|arctan|infty|infinity/g;
const shortWords = /\b(?:ln|log|sin|cos|tan|sqrt|pi)\b/g;

/** Whether the text is a sentence rather than a formula: a word of four letters, or two words in a row. */
export function isSentence(text: string): boolean {
  const letters = text.replace(/\\[a-zA-Z]+/g, " ");
  return /[a-zA-Z]{4}/.test(letters.replace(knownWords, " ")) ||
    /\b[a-zA-Z]{2,}\s+[a-zA-Z]{2,}\b/.test(letters.replace(shortWords, " "));
}

const plain = (text: string) =>
  text.replace(/\\(?:text|mathrm|textbf|mathbf|mbox)\s{0,8}\{([^{}]*)\}/g, "$1").replace(/[$\\]/g, " ").trim();

/** The letter of a multiple-choice gold answer such as `C` or `\text{(C)}`, or null. */
export function choiceOf(gold: string): string | null {
  return /^\(?([A-E])\)?\.?$/.exec(plain(gold))?.[1] ?? null;
}

/** The letter that an answer to a multiple-choice question begins with, as in `(C) 12`, or null. */
export function chosen(answer: string): string | null {
  return /^\(?\s{0,8}([A-F])\s{0,8}(?:\)|\.(?!\d)|:|$)/.exec(plain(answer))?.[1] ?? null;
}

const label = "[a-zA-Z](?:_\\{?\\w+\\}?)?";
const nameForms: ReadonlyArray<RegExp> = [
  new RegExp(`^\\(${label}(?:\\s*,\\s*${label})+\\)$`),
  /^\|[A-Za-z]+\|$/,
  /^[A-Za-z]+\s*:\s*[A-Za-z]+$/,
  /^[A-Z]_\{[^{}]*\}(?:\s*:\s*[A-Z])?$/,
  /^(?:\\[a-zA-Z]+|[A-Za-z]+)(?:_\{?\w+\}?)?'*(?:\s*\([^()]{1,12}\))?$/,
  /^\\(?:angle|triangle|overline|text|mathrm|mbox)/,
  /^[A-Z]\s?[A-Z]\s?[A-Z]?$/,
  /^[a-z]{2,12}(?:\s[a-z]+){0,12}$/i,
];

/** Whether a text names what is asked for, as the left side of `x = 5`, `f(x) = …` or `\angle ABC = …` does. */
export function isName(text: string): boolean {
  return text.length <= 200 && nameForms.some((form) => form.test(text.trim()));
}
