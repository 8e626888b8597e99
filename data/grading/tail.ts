/**
 * Words after a value, as in `5\text{ cm}`, `3\text{ million}` or `12\text{ apples}`. A unit, a counted thing and words without meaning may
 * be left out. Words that scale, such as "million", "dozen", "squared" or "thirds", are calculated. Other words, such as "or more", "west"
 * or "loss", are not understood: only the same words are equal.
 */
import { readUnit, wrapped, writtenTail } from "./units.ts";
import { isSentence } from "./words.ts";

/** A value scaled by its words, and the kind of the remaining words. */
export interface Tailed {
  readonly value: string;
  readonly left: "nothing" | "unit" | "counted" | "unknown";
}

const scales: Readonly<Record<string, string>> = {
  hundred: "100",
  thousand: "10^3",
  million: "10^6",
  billion: "10^9",
  trillion: "10^{12}",
  dozen: "12",
};
const parts = "third fourth fifth sixth seventh eighth ninth tenth".split(" ");

const scaleAt = /^(hundred|thousand|million|billion|trillion|dozen)s?\b(?:\s+of\b)?\s*/;
const partAt = new RegExp(
  `^(${parts.join("|")}|quarter|half|halve|hundredth|thousandth)s\\b(?:\\s+of\\b)?\\s*|^half\\b\\s*`,
);

/** Words after a value that have no meaning. */
const silent = new Set(
  ("exactly|(?:the )?only (?:solution|answer|value|one)|in total|total|in all|altogether|overall|only|each|units?|(?:sq|square|cubic|cu)\\.? units?|units? squared|way|solution|" +
    "point|integer|digit|person|time unit|respectively|as desired|as required").split("|"),
);
const silentForm = new RegExp(`^(?:${[...silent].join("|")})$`);

/** Number words that scale a preceding number or name fractions: "3 scores" are 60, "5 twelfths" is not 5. */
const numberWords = [
  "ones|twos|threes|fours|fives|sixes|sevens|eights|nines|tens|elevens|twelves|dozens?|scores?|gross|grosses",
  "(?:thir|four|fif|six|seven|eigh|nine)teen(?:s|ths?)|(?:twen|thir|for|fif|six|seven|eigh|nine)tie(?:s|ths?)",
  "(?:hundred|thousand|\\w+illi(?:on|ard))(?:s|ths?)?|lakhs?|lacs?|crores?|myriads?|googols?",
  "half|halves|thirds?|fourths?|quarters?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|elevenths?|twelfths?",
  "basis|bps|bips|mills?|permille|per mille",
].join("|");

/** Words that change a value or add another; with one of these the words name no counted thing. */
const changing = new RegExp(
  "\\b(?:and|or|not?|nor|maybe|perhaps|possibly|probably|about|around|roughly|approximately|nearly|almost|at|least|most|more|less|fewer|" +
    "greater|than|times|plus|minus|if|but|unless|except|depending|up|down|over|under|above|below|before|after|to|from|by|between|" +
    "left|right(?!\\s+(?:triangles?|angles?))|north|south|east|west|squared|cubed|negative|positive|mod|base|choose|factorials?|pi|sqrt|root|sin|cos|tan|log|ln|" +
    "infinity|infty|" + numberWords +
    "|others?|always|this|is|was|has|does|yes|its|as|us|" +
    "heads|tails|wins?|profits?|loss|losses|gains?|short|extra|off|late|early|ago|remaining|inside|outside|\\w+wards?|\\w*clockwise|AD|BC|CE|BCE|AM|PM)\\b",
  "i",
);
const plurals =
  /^(?:people|men|women|children|feet|teeth|mice|geese|dice|fish|sheep|deer|cattle|data|vertices|indices|matrices|axes)$/i;
const singular =
  /^(?:person|student|apple|marble|ball|game|book|coin|box|card|boy|girl|child|man|woman|number|value|triangle|pair|page|piece|member|team|car|dog|cat)$/i;

/** Whether the words name counted things: a plural, perhaps followed by a material. */
function isCounted(words: string, value: string): boolean {
  if (!/^[a-z][a-z'-]*(?: [a-z][a-z'-]*){0,4}$/i.test(words) || changing.test(words)) return false;
  const head = words.split(/ (?:of|in|for|per|on|with|that|which) /, 1)[0].split(" ").at(-1) ?? "";
  return /[a-z]{2}(?<![sui])s$/i.test(head) || plurals.test(head) ||
    (/^-?1$/.test(value.trim()) && singular.test(head));
}

const plainTail = /^((?:[^a-zA-Z]|\\[a-zA-Z]+)*[\d)}%])\s*\{?([a-zA-Z][a-zA-Z .'^\d{}/-]{1,80})$/;

/** A value and the words after it, or null if there are none. */
export function partsOf(text: string): { readonly value: string; readonly words: string } | null {
  const written = text.length > 400 ? null : writtenTail.exec(text);
  const tail = text.length > 400 ? null : written ?? plainTail.exec(text);
  if (tail === null || tail[1].trim() === "" || /\\text/.test(tail[1])) return null;
  const words = tail[2].replace(wrapped, " $1 ").replace(/\\[,;! ]/g, " ").replace(/\s+/g, " ").replace(
    /^([^{}]*)\}$/,
    "$1",
  )
    .trim();
  if (written === null && !isSentence(words) && readUnit(words, false) === null && !isCounted(words, tail[1])) {
    return null;
  }
  return words === ""
    ? null
    : { value: tail[1].trim(), words: words.replace(/[.,;]+$/, "").replace(/^\((.*)\)$/, "$1") };
}

/** Reads the words after a value; null if there are none. */
export function tailed(text: string): Tailed | null {
  const split = partsOf(text);
  if (split === null) return null;
  let { value } = split;
  let words = split.words.replace(/^,\s*/, "");
  for (let turn = 0; turn < 3 && words !== ""; turn++) {
    const [scale, part] = [scaleAt.exec(words.toLowerCase()), partAt.exec(words.toLowerCase())];
    if (scale !== null) value = `(${value})*${scales[scale[1]]}`;
    else if (part !== null) value = `(${value})/${partOf(part[1] ?? "half")}`;
    else break;
    words = words.slice((scale ?? part)?.[0].length ?? 0);
  }
  const scaled = value !== split.value;
  if (/^(?:\S+ ){0,2}below zero$/i.test(words)) {
    value = `-(${value})`;
    words = words.replace(/\s*below zero$/i, "");
  }
  if (words === "") return { value, left: "nothing" };
  const power = /^(?:squared|cubed)$/i.exec(words)?.[0];
  if (power !== undefined) return { value: `(${value})^${power.toLowerCase() === "squared" ? 2 : 3}`, left: "nothing" };
  if (/^(?:percentage points?|percent|per cent)$/i.test(words)) return { value: `${value}\\%`, left: "nothing" };
  if (/^[A-Z]$/.test(words) && /\(\s?[A-Z]\s?\)/.test(text)) return { value: text, left: "unknown" };
  if (readUnit(words, true) !== null) return { value, left: "unit" };
  const things = words.replace(/\s?\^\s?\{?[23]\}?$/, "");
  if (silentForm.test(things.toLowerCase())) return { value, left: "nothing" };
  if (isCounted(words, split.value)) return { value, left: "counted" };
  return { value: scaled ? text : value, left: "unknown" };
}

function partOf(word: string): number {
  if (word === "half" || word === "halve") return 2;
  if (word === "quarter") return 4;
  if (word === "hundredth") return 100;
  return word === "thousandth" ? 1000 : parts.indexOf(word) + 3;
}

/** The value without words that may be left out; the text itself if it has none or others. */
export function withoutUnit(text: string): string {
  const found = tailed(text);
  return found === null || found.left === "unknown" ? text : found.value;
}
