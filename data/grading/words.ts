/**
 * Answers in words, and names before a value. Words are compared without case, articles and punctuation; formulas that were not parsed are
 * compared character by character.
 */

const small =
  ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " +
    "eighteen nineteen").split(" ");
const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

const ordinals = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(" ");

/** The number from 0 to 99 that a text spells out, or null. */
export function numberWord(text: string): number | null {
  if (text.length > 60) return null;
  const [first, second, ...more] = wordsOf(text).split(/[\s-]+/);
  const [ten, one] = [tens.indexOf(first), small.indexOf(second ?? "zero")];
  if (more.length > 0) return null;
  if (ten >= 0) return one >= 0 && (second === undefined || (one > 0 && one < 10)) ? 20 + 10 * ten + one : null;
  if (second !== undefined) return null;
  if (small.includes(first)) return small.indexOf(first);
  return ordinals.includes(first) ? ordinals.indexOf(first) : null;
}

/** `yes` or `no` if a gold answer is nothing else, or if an answer begins with it, before a comma or its end; else null. */
export function yesOrNo(text: string, whole: boolean): string | null {
  const found = /^\s*(?:\\text\s?\{\s*)?(yes|no|true|false)\s*([.,:;}]|$)/i.exec(text);
  if (found === null || (whole && !/^(?:yes|no|true|false)$/.test(wordsOf(text)))) return null;
  return found[1].toLowerCase();
}

const wrapper =
  /\\(?:text|mathrm|textbf|mathbf|mbox|textit|mathit|operatorname|emph|texttt|textsf)\s{0,8}\{([^{}]*)\}/g;

/** Whether the text has a `\text{…}` or consists of letters and spaces. */
export function isWritten(text: string): boolean {
  return /\\(?:text|mbox|mathrm|textbf)(?![a-zA-Z])|^[A-Za-z ]+$/.test(text);
}

/** The words of a text in lower case, without wrappers and signs. */
export function wordsOf(text: string): string {
  return text
    .replace(wrapper, " $1 ")
    .replace(/[{}$\\()."'’]/g, " ")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

/** What prose may contain besides letters and digits. */
const proseForm = /^[\p{L}\p{M}\p{N}\s.,;:!?'"’&-]*$/u;

/** Signs that change a value or a name: a factorial, a leading decimal point, minutes and feet, a derivative. */
const telling = /\d\s*!|(?<!\d)\.\d|\d\s?['’"]|(?<![\p{L}'’])\p{L}['’](?!\p{L})/u;

/** The words of prose without signs that change a value; a point or comma between digits remains. Null for other text. */
function proseOf(text: string): string | null {
  const open = text.replace(wrapper, " $1 ").replace(/\\ /g, " ").trim().replace(/^\((.*)\)$|^\{(.*)\}$/, "$1$2");
  if (!proseForm.test(open) || telling.test(open) || !/\p{L}{2}/u.test(open.replaceAll(".", ""))) return null;
  return open.toLowerCase().replace(/^dne$/, "does not exist").replace(/\b(?:the|is|are)\b/g, " ").replace(
    /(?<=\p{L}{2})-(?=\p{L}{2})/gu,
    "",
  )
    .replace(/(?<!\d)[.,;:]|[.,;:](?!\d)|[!?'"’]/g, " ").replace(/(?<!\d)\s+|\s+(?!\d)/g, "");
}

/** A formula that was not parsed, without insignificant spaces and braces. */
const signsOf = (text: string): string =>
  text.replace(wrapper, "{$1}").replace(/(?<!\d)\s+|\s+(?!\d)/g, "").replace(/(?<![a-zA-Z])\{([a-zA-Z0-9])\}/g, "$1")
    .replace(/(?<![a-zA-Z^_])\{([a-zA-Z]+)\}/g, "$1");

/**
 * Whether two texts have the same words, ignoring articles, spaces and full stops; text that is not prose must be equal character by
 * character.
 */
export function sameText(a: string, b: string): boolean {
  const [x, y] = [proseOf(a), proseOf(b)];
  if (x !== null && y !== null) return x !== "" && x === y;
  return x === null && y === null && /\p{L}/u.test(a) && signsOf(a) === signsOf(b);
}

const knownWords = /sqrt|sinh|cosh|tanh|arcsin|arccos|arctan|arctg|arccot|infty|infinity/g;
const shortWords = /\b(?:ln|log|sin|cos|tan|tg|ctg|sqrt|pi)\b/g;

/** Four or more consecutive letters of the alphabet are a product, as in `4abcd`, since no word contains them. */
const isRun = (word: string) =>
  [...word].map((sign) => sign.charCodeAt(0)).sort((a, b) => a - b).every((code, i, all) => code === all[0] + i);

/** Whether the text is a sentence rather than a formula: it has a word of four letters, or two words in a row. */
export function isSentence(text: string): boolean {
  const letters = text.replace(/\\[a-zA-Z]+/g, " ");
  const words = letters.replace(knownWords, " ").match(/[a-zA-Z]{4,}/g);
  return words !== null && !words.every((word) => word.length < 9 && isRun(word)) ||
    /\b[a-zA-Z]{2,}\s+[a-zA-Z]{2,}\b/.test(letters.replace(shortWords, " "));
}

const label = "[a-zA-Z](?:_\\{?\\w+\\}?)?";
const nameForms: ReadonlyArray<RegExp> = [
  new RegExp(`^\\(${label}(?:\\s*,\\s*${label})+\\)$`),
  /^\|[A-Za-z]+\|$/,
  /^[A-Za-z]+\s*:\s*[A-Za-z]+$/,
  /^[A-Z]_\{[^{}]*\}(?:\s*:\s*[A-Z])?$/,
  new RegExp(`^${label}(?:\\s*:\\s*${label})+$`),
  /^(?:\\[a-zA-Z]+|[A-Za-z]+)(?:_\{?\w+\}?)?'*(?:\s*\([^()]{1,12}\))?$/,
  /^\\(?:mathbf|mathrm|boldsymbol|bm|vec|bar|overline|hat|mathcal)\s?\{?[A-Za-z]\}?(?:\s?\^\s?\{?(?:-1|T|\\top)\}?)?$/,
  /^\\frac\s?\{(?:d|\\partial)(?:\^\d)?\s?[a-zA-Z]?\}\{(?:d|\\partial)\s?[a-zA-Z](?:\^\d)?\}(?:\s?[a-zA-Z](?:\([a-z]\))?)?$/,
  /^\\(?:[dD]elta|partial)\s?[a-zA-Z](?:_\{?\w+\}?)?$/,
  /^\\(?:angle|triangle|overline|text|mathrm|mbox)/,
  /^[A-Z]\s?[A-Z]\s?[A-Z]?$/,
  /^[a-z]{2,12}(?:\s[a-z]+){0,12}$/i,
];

/** Words that negate or doubt; a text with one of them names nothing. */
const doubting =
  /\b(?:not|no|never|except|but|or|maybe|perhaps|about|nearly|almost|least|most|less|more|than|wrong)\b|n['’]t\b/i;

/** Whether a text names the unknown, as the left side of `x = 5`, `f(x) = …` or `\angle ABC = …` does. */
export function isName(text: string): boolean {
  return text.length <= 200 && !doubting.test(text) && nameForms.some((form) => form.test(text.trim()));
}
