/**
 * What kind of thing an answer is: a formula, a list (`1, 2 and 3`), a set, a tuple or interval in brackets, a union of
 * intervals, a matrix, or a relation. Parts stay text and are read in their turn when they are compared.
 */
import { isEnclosed, joinThousands, setOpen, splitTop, squeeze } from "./latex.ts";

/** One interval; a single number is an interval closed on both sides. */
export interface Interval {
  readonly low: string;
  readonly high: string;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

/** `=`, an order, or one of the LaTeX commands without the backslash. */
export type Relation = "=" | "<" | ">" | "le" | "ge" | "ne" | "approx" | "equiv" | "sim";

/** A chain `a = b < c`: one more side than relations. */
export interface Chain {
  readonly kind: "relation";
  readonly sides: ReadonlyArray<string>;
  readonly relations: ReadonlyArray<Relation>;
}

/** An answer by its kind. `tuple` covers points, vectors and, with two items, intervals. */
export type Answer =
  | { readonly kind: "matrix"; readonly rows: ReadonlyArray<ReadonlyArray<string>> }
  | { readonly kind: "tuple"; readonly open: string; readonly close: string; readonly items: ReadonlyArray<string> }
  | { readonly kind: "set" | "list"; readonly items: ReadonlyArray<string> }
  | { readonly kind: "intervals"; readonly parts: ReadonlyArray<Interval> }
  | Chain
  | { readonly kind: "formula"; readonly text: string };

const matrixForm =
  /^[(\[]?\s*\\begin\{([pbvBV]?matrix|array|smallmatrix)\}(?:\{[^{}]*\})?([\s\S]*?)\\end\{\1\}\s*[)\]]?$/;
const joiningText = /\\(?:text|mbox|mathrm)\s{0,8}\{\s{0,8},?\s{0,8}(?:and|or|,)?\s{0,8},?\s{0,8}\}/g;
const joiningWord = /(?<=[\d}\w)\]\ue001])\s{0,8},?\s{1,8}(?:and|or)\s+(?=[-\\\d.(a-z\[{\ue000])/g;
const member =
  /^(?!\\(?:text|frac|sqrt))(?:[a-zA-Z]|\\[a-zA-Z]+)(?:_\{?\w+\}?)?(?:\([a-z,\s]*\))?\s*\\in(?![a-zA-Z])\s*([\s\S]*)$/;

/** Reads a normalised answer that is not empty. */
export function readAnswer(text: string): Answer {
  const matrix = matrixForm.exec(text);
  if (matrix !== null) return { kind: "matrix", rows: matrixRows(matrix[2]) };
  const listed = text.replace(joiningText, ",").replace(joiningWord, ",").replace(/,\s*(?:and|or)\s+/g, ",")
    .replace(/,\s*,/g, ",");
  const value = (member.exec(listed)?.[1] ?? listed).trim();
  return (
    intervalUnion(value) ?? bracketed(value) ?? separated(value, text) ?? chain(joinThousands(value)) ??
      { kind: "formula", text: joinThousands(value) }
  );
}

function matrixRows(body: string): ReadonlyArray<ReadonlyArray<string>> {
  const rows = body.split(/\\\\|\\cr(?![a-zA-Z])/).map((row) => row.trim()).filter((row) => row !== "");
  return rows.map((row) => row.split("&").map((entry) => entry.trim()));
}

function intervalUnion(text: string): Answer | null {
  if (text === "\\mathbb{R}") {
    const all: Interval = { low: "-\\infty", high: "\\infty", lowClosed: false, highClosed: false };
    return { kind: "intervals", parts: [all] };
  }
  const members = text.split(/\\cup(?![a-zA-Z])/).map((part) => part.trim());
  if (members.length === 1) return null;
  const parts = members.map((part) => intervalOf(part) ?? pointsOf(part));
  return parts.every((part) => part !== null) ? { kind: "intervals", parts: parts.flat() } : null;
}

function intervalOf(text: string): ReadonlyArray<Interval> | null {
  if (!/^[(\[][\s\S]*[)\]]$/.test(text) || !isEnclosed(text)) return null;
  const ends = splitTop(text.slice(1, -1), ",");
  if (ends.length !== 2) return null;
  return [{ low: ends[0], high: ends[1], lowClosed: text[0] === "[", highClosed: text.endsWith("]") }];
}

function pointsOf(text: string): ReadonlyArray<Interval> | null {
  if (!text.startsWith(setOpen) || !isEnclosed(text)) return null;
  return splitTop(text.slice(1, -1), ",").map((x) => ({ low: x, high: x, lowClosed: true, highClosed: true }));
}

/** A set or tuple; brackets around a single formula are only grouping. */
function bracketed(text: string): Answer | null {
  if (/\\(?:emptyset|varnothing)(?![a-zA-Z])/.test(text) && squeeze(text).length < 13) {
    return { kind: "set", items: [] };
  }
  if (text.length < 2 || !isEnclosed(text)) return null;
  const open = text[0];
  const inner = text.slice(1, -1).trim();
  const items = inner === "" ? [] : splitTop(inner, ",");
  if (open === setOpen) return { kind: "set", items };
  if (open === "{") return items.length > 1 ? { kind: "set", items } : inner === "" ? null : readAnswer(inner);
  return items.length > 1 ? { kind: "tuple", open, close: text[text.length - 1], items } : null;
}

/** Items between commas; conditions joined by "or" are a union of intervals. */
function separated(text: string, written: string): Answer | null {
  const items = splitTop(joinThousands(text), ",");
  if (items.length === 1 || items.some((item) => item === "")) return null;
  if (/\bor\b|\\lor(?![a-zA-Z])/.test(written)) {
    const parts = items.map((item) => {
      const read = chain(item);
      return read === null ? null : solutionOf(read);
    });
    if (parts.every((part) => part !== null)) return { kind: "intervals", parts };
  }
  return { kind: "list", items };
}

const relationAt = /\\(le|ge|ne|approx|equiv|sim)(?![a-zA-Z])/y;

/** A chain of relations outside all brackets, or null where there is none or a side is empty. */
export function chain(text: string): Chain | null {
  const sides: Array<string> = [];
  const relations: Array<Relation> = [];
  let depth = 0;
  let from = 0;
  const cut = (relation: Relation, at: number, width: number) => {
    sides.push(text.slice(from, at).trim());
    relations.push(relation);
    from = at + width;
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "\\") {
      relationAt.lastIndex = at;
      const found = relationAt.exec(text);
      if (found !== null && depth === 0) {
        cut(found[1] as Relation, at, found[0].length);
        at += found[0].length - 1;
      } else at++;
    } else if ("([{\ue000".includes(sign)) depth++;
    else if (")]}\ue001".includes(sign)) depth--;
    else if (depth === 0 && (sign === "=" || sign === "<" || sign === ">")) cut(sign, at, 1);
  }
  sides.push(text.slice(from).trim());
  return relations.length === 0 || sides.includes("") ? null : { kind: "relation", sides, relations };
}

const variable = /^(?:[a-zA-Z]|\\[a-z]+)(?:_\{?\w+\}?)?(?:\([a-z]\))?$/;

/** The interval that `x < 3`, `2 \le x` or `1 < x \le 5` describes, or null. */
export function solutionOf({ sides, relations }: Chain): Interval | null {
  const [first, second] = relations;
  const ascending = (relation: Relation) => relation === "<" || relation === "le";
  const descending = (relation: Relation) => relation === ">" || relation === "ge";
  const interval = (low: string, lowClosed: boolean, high: string, highClosed: boolean): Interval => ({
    low,
    high,
    lowClosed,
    highClosed,
  });
  if (relations.length === 1 && (ascending(first) || descending(first))) {
    const [left, right] = sides;
    if (variable.test(left) === variable.test(right)) return null;
    const bound = variable.test(left) ? right : left;
    const closed = first === "le" || first === "ge";
    const above = variable.test(left) === descending(first);
    return above ? interval(bound, closed, "\\infty", false) : interval("-\\infty", false, bound, closed);
  }
  if (relations.length !== 2 || !variable.test(sides[1])) return null;
  if (ascending(first) && ascending(second)) return interval(sides[0], first === "le", sides[2], second === "le");
  if (descending(first) && descending(second)) return interval(sides[2], second === "ge", sides[0], first === "ge");
  return null;
}
