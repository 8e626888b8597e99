/**
 * Unions of intervals and what is written otherwise but is one: `x < 3`, `x \ne 3`, `1 < x` and `x < 5`, all real numbers but some.
 */
import { type Chain, isVariable, type Relation } from "./chain.ts";
import * as C from "./complex.ts";
import { isEnclosed, setOpen, splitTop } from "./latex.ts";
import { evaluate, variables } from "./symbolic.ts";
import { formula } from "./value.ts";
import { wordsOf } from "./words.ts";

/** One interval; a single number is an interval closed on both sides. */
export interface Interval {
  readonly low: string;
  readonly high: string;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

const everything: Interval = { low: "-\\infty", high: "\\infty", lowClosed: false, highClosed: false };

const exception =
  /^(?:\\mathbb\{R\}|\(\s*-\s*\\infty\s*,\s*\+?\s*\\infty\s*\))\s*(?:\\(?:setminus|backslash|smallsetminus)(?![a-zA-Z])|-)\s*([\s\S]*)$/;

/** The intervals that a text writes as such, with `\\cup` between them or as all real numbers but some; else null. */
export function intervalsIn(text: string): ReadonlyArray<Interval> | null {
  if (text === "\\mathbb{R}" || /^(?:all|the|any) reals?(?: numbers?)?$/.test(wordsOf(text))) return [everything];
  const without = exception.exec(text);
  if (without !== null) {
    const points = pointsOf(without[1]);
    return points === null ? null : allBut(points.map(({ low }) => low));
  }
  const members = text.split(/\\cup(?![a-zA-Z])/).map((part) => part.trim());
  if (members.length === 1) return null;
  const parts = members.map((part) => intervalOf(part) ?? pointsOf(part));
  return parts.every((part) => part !== null) ? parts.flat() : null;
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

/** The real line without some points; null where one of them is no real number. */
function allBut(points: ReadonlyArray<string>): ReadonlyArray<Interval> | null {
  const placed = points.map((text) => {
    const read = formula(text);
    const at = read === null || variables(read).size > 0 ? C.undefinedValue : evaluate(read, C.noVariables);
    return { text, at: at.im === 0 ? at.re : NaN };
  });
  if (placed.length === 0 || placed.length > 64 || !placed.every(({ at }) => Number.isFinite(at))) return null;
  const sorted = placed.sort((a, b) => a.at - b.at).map(({ text }) => text);
  const ends = ["-\\infty", ...sorted, "\\infty"];
  return ends.slice(1).map((high, i) => ({ low: ends[i], high, lowClosed: false, highClosed: false }));
}

/** What conditions on one variable describe together, joined by "and" or by "or"; null where that is no union of intervals. */
export function solutionsOf(chains: ReadonlyArray<Chain>, joint: "and" | "or"): ReadonlyArray<Interval> | null {
  const distance = chains.length === 1 ? withinDistance(chains[0]) : null;
  if (distance !== null) return distance;
  const subjects = new Set(chains.map(({ sides }) => sides.find(isVariable)));
  if (subjects.size !== 1 || subjects.has(undefined)) return null;
  const excluded = chains.map(({ sides, relations }) =>
    relations.length === 1 && relations[0] === "ne" && isVariable(sides[0]) ? sides[1] : null
  );
  if (excluded.every((point) => point !== null)) return joint === "or" && chains.length > 1 ? null : allBut(excluded);
  const parts = chains.map(solutionOf);
  if (!parts.every((part) => part !== null)) return null;
  if (joint === "or" || parts.length === 1) return parts;
  const [above, below] = parts[0].high === "\\infty" ? parts : [parts[1], parts[0]];
  return parts.length === 2 && above.high === "\\infty" && below.low === "-\\infty"
    ? [{ low: above.low, lowClosed: above.lowClosed, high: below.high, highClosed: below.highClosed }]
    : null;
}

const modulus = /^\|\s?([a-vxy])\s?(?:([+-])\s?([^|+-]{1,20}))?\|$/;

/** What `|x - a| < b` describes; `z` and `w` may be complex and are left alone. */
function withinDistance({ sides, relations }: Chain): ReadonlyArray<Interval> | null {
  const [, name, sign, shift] = modulus.exec(sides[0]) ?? [];
  const [relation] = relations;
  if (name === undefined || relations.length !== 1 || !/^[\d./]+$|^\\frac\{\d+\}\{\d+\}$/.test(sides[1])) return null;
  const center = shift === undefined ? "0" : sign === "-" ? shift : `-(${shift})`;
  const [low, high] = [`${center}-(${sides[1]})`, `${center}+${sides[1]}`];
  const closed = relation === "le" || relation === "ge";
  if (relation === "<" || relation === "le") return [{ low, high, lowClosed: closed, highClosed: closed }];
  if (relation !== ">" && relation !== "ge") return null;
  return [
    { low: "-\\infty", high: low, lowClosed: false, highClosed: closed },
    { low: high, high: "\\infty", lowClosed: closed, highClosed: false },
  ];
}

/** The interval that `x < 3`, `2 \le x` or `1 < x \le 5` describes, or null. */
function solutionOf({ sides, relations }: Chain): Interval | null {
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
    if (isVariable(left) === isVariable(right)) return null;
    const bound = isVariable(left) ? right : left;
    const closed = first === "le" || first === "ge";
    const above = isVariable(left) === descending(first);
    return above ? interval(bound, closed, "\\infty", false) : interval("-\\infty", false, bound, closed);
  }
  if (relations.length !== 2 || !isVariable(sides[1])) return null;
  if (ascending(first) && ascending(second)) return interval(sides[0], first === "le", sides[2], second === "le");
  if (descending(first) && descending(second)) return interval(sides[2], second === "ge", sides[0], first === "ge");
  return null;
}
