/**
 * A graded response for a person's eyes: what was asked, the gold answer and the one that was read, with what differs between them set off, why
 * it counts as right or wrong, and the response or its last lines. Nothing that a model wrote can command the terminal: its control
 * characters are shown as signs.
 */
import { unfitSigns } from "../../files/plain_text.ts";
import { differenceOf } from "./answer_difference.ts";

/** What is shown of a record; fields that are absent are left out. */
export interface Shown {
  readonly problemId: string;
  readonly sampleIndex?: number;
  readonly question?: string;
  readonly goldAnswer?: string;
  readonly answer?: string | null;
  readonly correct?: boolean;
  readonly reason?: string;
  readonly responseText: string;
  readonly finish?: "stop" | "length";
  readonly level?: string;
  readonly type?: string;
  readonly tokens?: number;
}

/** How it is shown: with colours or without, the response whole or its last lines. */
export interface Showing {
  readonly colours: boolean;
  readonly whole: boolean;
}

/** Lines of a response, and characters of a line's worth of text, that are shown of one that is not shown whole. */
const lastLines = 12;
const lastCharacters = 1200;

const style = (on: number, off: number) => (text: string) => text === "" ? "" : `\x1b[${on}m${text}\x1b[${off}m`;
const plain = (text: string) => text;

const stylesOf = (colours: boolean) =>
  colours
    ? { right: style(32, 39), wrong: style(31, 39), bold: style(1, 22), faint: style(2, 22), marked: style(7, 27) }
    : { right: plain, wrong: plain, bold: plain, faint: plain, marked: plain };

/** A model's text without control characters: tabs and line ends stay, the others are the signs that Unicode has for them. */
export const harmless = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(unfitSigns, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
  });

/** The end of a text: its last lines, no more than some characters; says how much stands before. */
const endOf = (text: string): readonly [string, string] => {
  const lines = text.split("\n");
  const end = lines.slice(-lastLines).join("\n");
  const kept = end.length > lastCharacters ? end.slice(-lastCharacters) : end;
  const before = text.length - kept.length;
  return before === 0 ? ["", kept] : [`… ${before} characters before (--whole shows them)`, kept];
};

const width = 10;

/** A field: its name, and its text with the lines below each other. */
const field = (name: string, text: string): string =>
  `${name.padEnd(width)}${text.replaceAll("\n", `\n${" ".repeat(width)}`)}`;

/** Lines for one response, with an empty one at the end. */
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

/** The gold answer and the one that was read; where they differ, what differs is set off, by carets below where there are no colours. */
const answersOf = (
  gold: string | undefined,
  answer: string | null | undefined,
  correct: boolean | undefined,
  marked: (text: string) => string,
): ReadonlyArray<string> => {
  const written = (text: string) => harmless(text).replaceAll("\n", "⏎");
  const goldText = gold === undefined ? undefined : written(gold);
  const rows = (goldRow: ReadonlyArray<string>, answerRow: ReadonlyArray<string>) => [...goldRow, ...answerRow];
  if (answer === undefined) return goldText === undefined ? [] : [field("gold", goldText)];
  if (answer === null) {
    return rows(goldText === undefined ? [] : [field("gold", goldText)], [field("answer", "none found")]);
  }
  const answerText = written(answer);
  if (goldText === undefined) return [field("answer", answerText)];
  if (correct === true || goldText === answerText) return [field("gold", goldText), field("answer", answerText)];
  const [a, b] = differenceOf(goldText, answerText);
  // Answers that have nothing in common differ everywhere, which everybody sees.
  if (a.begin === "" && a.end === "") return [field("gold", goldText), field("answer", answerText)];
  const row = (name: string, { begin, own, end }: typeof a) => {
    const line = field(name, `${begin}${marked(own)}${end}`);
    if (marked !== plain || own === "") return [line];
    return [line, field("", `${" ".repeat(Array.from(begin).length)}${"^".repeat(Array.from(own).length)}`)];
  };
  return rows(row("gold", a), row("answer", b));
};
