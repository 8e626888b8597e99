/**
 * A graded response as text for a terminal: the prompt, the gold answer and the extracted one with their difference marked, the reason of
 * the verdict, and the response or its last lines. Control characters are shown as symbols, so no model output can control the terminal.
 */
import { unfitSigns } from "../../files/plain_text.ts";
import { differenceOf } from "./answer_difference.ts";
import type { ShownRecord } from "./shown_record.ts";

/** The shown fields of a record; absent fields are left out. */
export interface Shown extends Omit<ShownRecord, "responseTokens" | "responseLength"> {
  readonly tokens?: number;
}

/** The format: with or without colours, the response whole or its last lines. */
export interface Showing {
  readonly colours: boolean;
  readonly whole: boolean;
}

/** The largest number of lines and of characters of a shortened response. */
const lastLines = 12;
const lastCharacters = 1200;

const style = (on: number, off: number) => (text: string) => text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`;
const plain = (text: string) => text;

const stylesOf = (colours: boolean) =>
  colours
    ? { right: style(32, 39), wrong: style(31, 39), bold: style(1, 22), faint: style(2, 22), marked: style(7, 27) }
    : { right: plain, wrong: plain, bold: plain, faint: plain, marked: plain };

/** A model's text with control characters as their Unicode symbols, except tabs and line ends. */
export const harmless = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(unfitSigns, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });

/** The end of a text: its last lines, limited in characters; says how much is left out. */
const endOf = (text: string): readonly [string, string] => {
  const lines = text.split("\n");
  const end = lines.slice(-lastLines).join("\n");
  const kept = end.length > lastCharacters ? end.slice(-lastCharacters) : end;
  const before = text.length - kept.length;
  return before === 0 ? ["", kept] : [`… ${before} characters before (--whole shows them)`, kept];
};

const width = 10;

/** A field: its name and its text, with continuation lines aligned. */
const field = (name: string, text: string): string =>
  `${name.padEnd(width)}${text.replaceAll("\n", `\n${" ".repeat(width)}`)}`;

/** The lines of one response, with an empty one at the end. */
export const responseText = (shown: Shown, { colours, whole }: Showing): string => {
  const { right, wrong, bold, faint, marked } = stylesOf(colours);
  const { problemId, sampleIndex, question, goldAnswer, answer, correct, reason, finish, tokens } = shown;
  const verdict = correct === undefined ? faint("not graded") : correct ? right("✓ correct") : wrong("✗ incorrect");
  const more = [
    shown.level ?? [],
    shown.type ?? [],
    tokens === undefined ? [] : `${tokens} tokens`,
    finish === "length" ? "cut off" : [],
  ].flat().map(harmless).join(", ");
  const name = `${harmless(problemId)}${sampleIndex === undefined ? "" : ` #${sampleIndex}`}`;
  const [before, text] = whole ? ["", harmless(shown.responseText)] : endOf(harmless(shown.responseText));
  return [
    `${bold(name)}  ${verdict}${more === "" ? "" : faint(`  ${more}`)}`,
    ...(question === undefined ? [] : [field("question", harmless(question))]),
    ...answersOf(goldAnswer, answer, correct, marked),
    ...(reason === undefined ? [] : [field("reason", harmless(reason))]),
    field("response", `${before === "" ? "" : `${faint(before)}\n`}${text}`),
    "",
    "",
  ].join("\n");
};

/** The gold answer and the extracted one; their difference is marked, without colours by carets below. */
const answersOf = (
  gold: string | undefined,
  answer: string | null | undefined,
  correct: boolean | undefined,
  marked: (text: string) => string,
): ReadonlyArray<string> => {
  const written = (text: string) => harmless(text).replaceAll("\n", "⏎");
  const goldText = gold === undefined ? undefined : written(gold);
  const goldRow = goldText === undefined ? [] : [field("gold", goldText)];
  if (answer === undefined) return goldRow;
  if (answer === null) return [...goldRow, field("answer", "none found")];
  const answerText = written(answer);
  if (goldText === undefined) return [field("answer", answerText)];
  if (correct === true || goldText === answerText) return [field("gold", goldText), field("answer", answerText)];
  const [a, b] = differenceOf(goldText, answerText);
  // If the answers have nothing in common, marking all of both shows nothing.
  if (a.begin === "" && a.end === "") return [field("gold", goldText), field("answer", answerText)];
  const row = (name: string, { begin, own, end }: typeof a) => {
    const line = field(name, `${begin}${marked(own)}${end}`);
    if (marked !== plain || own === "") return [line];
    return [line, field("", `${" ".repeat(Array.from(begin).length)}${"^".repeat(Array.from(own).length)}`)];
  };
  return [...row("gold", a), ...row("answer", b)];
};
