/**
 * The grader of the paper's authors (arXiv 2506.01347), for comparison with their numbers. It extracts the last box, else the text after
 * "the answer is", else the last number; then compares normal forms of strings, then numbers to a relative 1e-4, also times or divided by a
 * hundred, then formulas. Written anew from the behaviour of their `grader.py`: our parser replaces sympy, so nothing hangs. It accepts
 * more than our verifier and shares the errors of theirs: `7` equals `700`, and `3.3333` equals `10/3`. AIME and AMC answers are compared
 * as strings, as in their training.
 */
import { noVariables } from "./complex.ts";
import type { Expression } from "./expression.ts";
import { parseFormula } from "./parser.ts";
import { equal, evaluate, variables } from "./symbolic.ts";
import { costOf, dearest } from "./work.ts";

/** The answer that the authors' extraction finds, in their normal form; empty if there is none. */
export function paperAnswer(text: string): string {
  const box = text.lastIndexOf("boxed");
  if (box >= 0) return paperForm(firstLine(contentBehind(text.slice(box + "boxed".length))));
  const stated = text.lastIndexOf("he answer is");
  if (stated >= 0) return paperForm(firstLine(text.slice(stated + "he answer is".length).trim()));
  return paperForm(text.replaceAll(",", "").match(/-?(?:\d*\.)?\d+/g)?.at(-1) ?? "");
}

/** The content of a brace that opens at once, to its end or the end of the text; else all up to a dollar sign. */
function contentBehind(text: string): string {
  if (!text.startsWith("{")) return text.split("$", 1)[0].trim();
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return text.slice(1, i);
  }
  return text.slice(1);
}

const firstLine = (text: string) => text.split("\n", 1)[0].replace(/^:/, "").replace(/\.$/, "").replace(/\/$/, "");

type Step = readonly [pattern: RegExp, replacement: string];

const before: ReadonlyArray<Step> = [
  [/\n/g, ""],
  [/(?<!\.)\.+$/, ""],
  [/\\!/g, ""],
  [/\\ /g, ""],
  [/\\\\/g, "\\"],
  [/\\\\/g, "\\"],
  [/[td]frac/g, "frac"],
  [/\\left|\\right/g, ""],
];

const after: ReadonlyArray<Step> = [
  [/\^\{\\circ\}|\^\\circ/g, ""],
  [/\\?\$/g, ""],
  [/\\text/g, ""],
  [/x\\in/g, ""],
  [/\\?%/g, ""],
  [/ \./g, " 0."],
  [/\{\./g, "{0."],
  [/\\cdot/g, ""],
  [/infinity/g, "\\infty"],
];

const last: ReadonlyArray<Step> = [
  [/and/g, ""],
  [/\\mathbf/g, ""],
  [/\\mbox\{[^}\n]{0,400}\}/g, ""],
];

const apply = (text: string, steps: ReadonlyArray<Step>) =>
  steps.reduce((now, [pattern, replacement]) => now.replace(pattern, replacement), text);

/** The authors' normal form of an answer. */
export function paperForm(answer: string): string {
  let text = apply(answer.trim(), before);
  const unit = text.indexOf("\\text{");
  if (unit >= 0 && text.endsWith("}") && text.slice(0, unit).trim() !== "") text = text.slice(0, unit).trim();
  text = apply(text, after);
  if (!text.includes("\\infty")) text = text.replaceAll("inf", "\\infty");
  text = apply(text, last);
  if (text.includes("j") && !text.includes("i")) text = text.replaceAll("j", "i");
  text = text.replace(/(?<=\d)\.0+(?!\d)/g, "");
  if (text.startsWith(".")) text = `0${text}`;
  const sides = text.split("=");
  if (sides.length === 2 && sides[0].length <= 2) text = sides[1];
  return slashed(fractions(text.replace(/\\sqrt(\w+)/g, "\\sqrt{$1}").replaceAll(" ", "")));
}

/** `\frac1b` and `\frac1{72}` with braces added; unchanged if a fraction is incomplete. */
function fractions(text: string): string {
  const [head, ...parts] = text.split("\\frac");
  if (parts.some((part) => !part.startsWith("{") && part.length < 2)) return text;
  const whole = (part: string) =>
    part.startsWith("{") ? part : `{${part[0]}}${part[1] === "{" ? part.slice(1) : `{${part[1]}}${part.slice(2)}`}`;
  return [head, ...parts.map(whole)].join("\\frac");
}

/** `3/4` as a fraction if the text holds nothing else. */
function slashed(text: string): string {
  const parts = text.split("/");
  const fits = (part: string) => part.includes("sqrt") || /^-?(?:0|[1-9]\d*)$/.test(part);
  return parts.length === 2 && parts.every(fits) ? `\\frac{${parts[0]}}{${parts[1]}}` : text;
}

const close = (a: number, b: number) => a === b || Math.abs(a - b) <= 1e-4 * Math.max(Math.abs(a), Math.abs(b));

/** A number in programming syntax, without commas; a percent sign divides by a hundred. */
function digits(text: string): number | null {
  const bare = text.replaceAll(",", "").trim();
  const [, number, percent] = /^([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(\\?%)?$/.exec(bare) ?? [];
  return number === undefined ? null : Number(number) / (percent === undefined ? 1 : 100);
}

const deepest = 4, mostParts = 64;
const bracketed = /^[(\[].+[)\]]$/;
const matrix = /^\\begin\{pmatrix\}([\s\S]*)\\end\{pmatrix\}$/;

/** Whether the authors' grader accepts an answer. Both arguments are in their normal form. */
export function paperEqual(answer: string, gold: string, depth = 0): boolean {
  if (answer === gold) return true;
  const [x, y] = [digits(answer), digits(gold)];
  if (x !== null && y !== null) return [y / 100, y, y * 100].some((value) => close(x, value));
  if (answer === "" || depth > deepest) return false;
  const parted = /^\[.*\]$/.test(answer) && !gold.startsWith("(") || /^\(.*\)$/.test(answer) && !gold.startsWith("[");
  const bare = (text: string) =>
    (parted ? text.replace(/^[[\]()]+|(?<![[\]()])[[\]()]+$/g, "") : text).replace(/[{}()]/g, "").toLowerCase();
  if (bare(answer) === bare(gold)) return true;
  const each = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) =>
    a.length === b.length && a.length <= mostParts && a.every((part, i) => paperEqual(part, b[i], depth + 1));
  if (
    bracketed.test(answer) && bracketed.test(gold) && each(answer.slice(1, -1).split(","), gold.slice(1, -1).split(","))
  ) {
    return true;
  }
  const [rows, goldRows] = [matrix.exec(answer)?.[1], matrix.exec(gold)?.[1]];
  if (rows !== undefined && goldRows !== undefined && each(rows.split("&"), goldRows.split("&"))) return true;
  const [sides, goldSides] = [answer.split("="), gold.split("=")];
  if (sides.length === 2 && goldSides.length === 2) return sameEquation(sides, goldSides);
  if (sides.length === 2 && goldSides.length === 1 && sides[0].trim().length <= 2) {
    return paperEqual(sides[1], gold, depth + 1);
  }
  if (goldSides.length === 2 && sides.length === 1 && goldSides[0].trim().length <= 2) {
    return paperEqual(answer, goldSides[1], depth + 1);
  }
  return sameFormula(symbolic(answer), symbolic(gold));
}

/**
 * A formula as the authors' parser reads it: the longest valid prefix, so that `C) 7` is C and `3, -3` is 3. Every letter is a variable,
 * pi, e and i too; an integer before a fraction is a factor.
 */
function symbolic(text: string): Expression | null {
  const spelled = beginning(text).replace(/(\d)\\frac/g, "$1\\cdot\\frac").replace(
    /\\[a-zA-Z]+|[a-zA-Z]/g,
    (word) => Object.hasOwn(constants, word) ? constants[word] : word.startsWith("\\") ? word : `${word} `,
  );
  const read = parseFormula(spelled);
  if (read === null) return null;
  const { once, each } = costOf(read);
  return once + 16 * each > dearest ? null : read;
}

const constants: Readonly<Record<string, string>> = { i: "\\iota ", e: "\\epsilon ", "\\pi": "\\varrho " };

/** The text up to the first sign that no formula contains: a comma, a colon, a closing bracket without an opening one. */
function beginning(text: string): string {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i])) depth++;
    else if (")]}".includes(text[i]) && --depth < 0) return text.slice(0, i);
    else if (depth === 0 && ",:".includes(text[i])) return text.slice(0, i).replace(/\\$/, "");
  }
  return text;
}

function sameFormula(a: Expression | null, b: Expression | null): boolean {
  if (a === null || b === null) return false;
  if (equal(a, b) === true) return true;
  if (variables(b, variables(a)).size > 0) return false;
  const [x, y] = [evaluate(a, noVariables), evaluate(b, noVariables)];
  return x.im === 0 && y.im === 0 && Number.isFinite(x.re) && close(x.re, y.re);
}

function sameEquation(answer: ReadonlyArray<string>, gold: ReadonlyArray<string>): boolean {
  const [left, right, goldLeft, goldRight] = [...answer, ...gold].map(symbolic);
  if (left === null || right === null || goldLeft === null || goldRight === null) return false;
  const difference = (x: Expression, y: Expression): Expression => ({ kind: "subtract", left: x, right: y });
  const reference = difference(goldLeft, goldRight);
  return sameFormula(difference(left, right), reference) || sameFormula(difference(right, left), reference);
}
