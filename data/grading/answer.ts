/**
 * The kind of an answer: a formula, a list (`1, 2 and 3`), a set, a tuple or interval in brackets, a union of intervals, a matrix, or a
 * relation. Parts stay text and are parsed when they are compared.
 */
import { type Chain, chain } from "./chain.ts";
import { type Interval, intervalsIn, solutionsOf } from "./interval.ts";
import { isEnclosed, joinThousands, setOpen, splitTop, squeeze } from "./latex.ts";
import { determinantOf, matrixOf, type Rows } from "./matrix.ts";
import { wordsOf } from "./words.ts";

/** An answer by kind. `tuple` covers points, vectors and, with two items, intervals. */
export type Answer =
  | { readonly kind: "matrix"; readonly rows: Rows }
  | { readonly kind: "tuple"; readonly open: string; readonly close: string; readonly items: ReadonlyArray<string> }
  | { readonly kind: "set" | "list"; readonly items: ReadonlyArray<string> }
  | { readonly kind: "intervals"; readonly parts: ReadonlyArray<Interval> }
  | Chain
  | { readonly kind: "formula"; readonly text: string };

const joiningText = /\\(?:text|mbox|mathrm)\s{0,8}\{\s{0,8},?\s{0,8}(?:and|or|,)?\s{0,8},?\s{0,8}\}/g;
const joiningWord = /(?<=[\d}\w)\]\ue001])\s{0,8},?\s{1,8}(?:and|or)\s+(?=[-\\\d.(a-z\[{\ue000])/g;
const member =
  /^(?!\\(?:text|frac|sqrt))(?:[a-zA-Z]|\\[a-zA-Z]+)(?:_\{?\w+\}?)?(?:\([a-z,\s]*\))?\s*\\in(?![a-zA-Z])\s*([\s\S]*)$/;

const casesForm = /^\\begin\{(cases|aligned|align\*?|gathered|split)\}([\s\S]*)\\end\{\1\}$/;
const isWritten = (text: string) => text.trim() !== "";

/** The greatest depth of nested braces and set builders. */
const deepest = 6;

/** Reads a non-empty normalised answer. */
export function readAnswer(text: string, depth = 0): Answer {
  if (depth > deepest) return { kind: "formula", text };
  const [, environment, body] = casesForm.exec(text) ?? [];
  if (body !== undefined) {
    const lines = body.split(/\\\\/).filter(isWritten);
    if (environment === "cases" && body.includes("&")) return pieces(lines) ?? { kind: "formula", text };
    return readAnswer(lines.map((line) => line.replaceAll("&", " ")).join(", "), depth + 1);
  }
  const determinant = determinantOf(text);
  if (determinant !== null) return { kind: "formula", text: determinant };
  const rows = matrixOf(text);
  if (rows !== null) return { kind: "matrix", rows };
  const named = /^\\text\s?\{([A-Z][a-z]+(?:, [A-Z][a-z]+)*,? and [A-Z][a-z]+|[A-Z][a-z]+(?:, [A-Z][a-z]+)+)\}$/.exec(
    text,
  )?.[1];
  if (named !== undefined) return { kind: "list", items: named.split(/,? and |, /).map((name) => `\\text{${name}}`) };
  const listed = text.replace(joiningText, ",").replace(joiningWord, ",").replace(
    /,\s*(?:and|or)\s+|\\l(?:or|and)(?![a-zA-Z])/g,
    ",",
  )
    .replace(/,\s*,/g, ",");
  const value = (member.exec(listed)?.[1] ?? listed).trim();
  return (
    intervalUnion(value) ?? bracketed(value, depth) ?? separated(value, text) ?? chain(joinThousands(value)) ??
      { kind: "formula", text: joinThousands(value) }
  );
}

const condition = /^(?:,|\\text\s?\{\s?(?:,\s?)?(?:if|for|when|where)\s*\}|(?:if|for|when)\s)\s*/;

/** A piecewise function: a set of values with their conditions, in any order. */
function pieces(lines: ReadonlyArray<string>): Answer | null {
  const items = lines.map((line) => {
    const cells = line.split("&").map((cell) => cell.replace(condition, "").replace(/[,.;]\s*$/, "").trim());
    return cells.length === 2 && cells.every(isWritten) ? `(${cells[0]};${cells[1]})` : null;
  });
  return items.every((item) => item !== null) ? { kind: "set", items } : null;
}

/** A union of intervals, or a set if all of them are points. */
function intervalUnion(text: string): Answer | null {
  const parts = intervalsIn(text);
  if (parts === null) return null;
  const isPoint = ({ low, high, lowClosed }: Interval) => low === high && lowClosed;
  return parts.every(isPoint) ? { kind: "set", items: parts.map(({ low }) => low) } : { kind: "intervals", parts };
}

const nothing = /^(?:there (?:is|are) )?no (?:real )?(?:solutions?|roots?)$|^(?:the )?empty set$|^none$/;
const builder =
  /^[a-zA-Z](?:_\{?\w+\}?)?\s*(?:\\in\s*\\mathbb\{R\}\s*)?(?:\\mid(?![a-zA-Z])|\\vert(?![a-zA-Z])|\||:|\\colon(?![a-zA-Z]))\s*([\s\S]+)$/;

const multiples =
  /^([\s\S]+?)\s*(?:\\mid(?![a-zA-Z])|\||:|\\colon(?![a-zA-Z]))\s*([a-zA-Z])\s?\\in\s?\\mathbb\s?\{Z\}$/;

/** A set or tuple. Brackets around a single formula only group. */
function bracketed(text: string, depth: number): Answer | null {
  if (/\\(?:emptyset|varnothing)(?![a-zA-Z])/.test(text) && squeeze(text).length < 13 || nothing.test(wordsOf(text))) {
    return { kind: "set", items: [] };
  }
  if (text.length < 2 || !isEnclosed(text)) return null;
  const open = text[0];
  const inner = text.slice(1, -1).trim();
  const groups = splitTop(inner, ";");
  if (groups.length > 1 && open === "[" && groups.some((group) => splitTop(group, ",").length > 1)) {
    return { kind: "matrix", rows: groups.map((group) => splitTop(group, ",")) };
  }
  const items = inner === "" ? [] : groups.length > 1 ? groups : splitTop(inner, ",");
  if (open === setOpen) {
    const [, body, index] = multiples.exec(inner) ?? [];
    if (index !== undefined) {
      return { kind: "set", items: [body.replace(new RegExp(`(?<![a-zA-Z\\\\])${index}(?![a-zA-Z])`, "g"), "k")] };
    }
    const condition = items.length === 1 ? builder.exec(inner)?.[1] : undefined;
    const described = condition === undefined ? null : readAnswer(condition, depth + 1);
    return described?.kind === "relation" || described?.kind === "intervals" ? described : { kind: "set", items };
  }
  if (open === "{") {
    return items.length > 1 ? { kind: "list", items } : inner === "" ? null : readAnswer(inner, depth + 1);
  }
  return items.length > 1 ? { kind: "tuple", open, close: text[text.length - 1], items } : null;
}

/** Items between commas or semicolons. Conditions joined by "and" or "or" are a union of intervals. */
function separated(text: string, written: string): Answer | null {
  const groups = splitTop(text, ";").filter((group) => group !== "");
  if (groups.length > 1 && groups.some((group) => splitTop(group, ",").length > 1)) {
    return { kind: "list", items: groups };
  }
  const items = splitTop(joinThousands(groups.join(",")), ",");
  if (items.length === 1 || items.some((item) => item === "")) return null;
  const joint = /\bor\b|\\lor(?![a-zA-Z])/.test(written)
    ? "or"
    : /\band\b|\\land(?![a-zA-Z])/.test(written)
    ? "and"
    : null;
  const chains = items.map(chain);
  if (chains.every((one) => one !== null)) {
    const unequal = chains.every(({ relations }) => relations.join() === "ne");
    const parts = solutionsOf(chains, joint ?? (unequal ? "and" : "comma"));
    if (parts !== null) return { kind: "intervals", parts };
  }
  return { kind: "list", items };
}
