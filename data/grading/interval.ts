/**
 * Unions of intervals and their other spellings: `x < 3`, `x
 * e 3`, `1 < x` and `x < 5`, all real numbers except some.
 */
import { type Chain, isVariable, type Relation } from "./chain.ts";
import * as C from "./complex.ts";
import { isEnclosed, setOpen, splitTop } from "./latex.ts";
import { evaluate, variables } from "./symbolic.ts";
import { formula } from "./value.ts";
import { wordsOf } from "./words.ts";

/** One interval; a number is an interval closed on both sides. */
export interface Interval {
  readonly low: string;
  readonly high: string;
  readonly lowClosed: boolean;
  readonly highClosed: boolean;
}

const everything: Interval = { low: "-\\infty", high: "\\infty", lowClosed: false, highClosed: false };

const exception =
  /^([\s\S]+?)\s*(?:\\(?:setminus|backslash|smallsetminus)(?![a-zA-Z])|(?<=[\])}])\s?-)\s*(\ue000[\s\S]*)$/;

const half = (above: boolean, closed: boolean): Interval =>
  above
    ? { low: "0", high: "\\infty", lowClosed: closed, highClosed: false }
    : { low: "-\\infty", high: "0", lowClosed: false, highClosed: closed };

const halfLine = /^\\mathbb\{R\}\s?(?:\^\s?\{?\s?([+-])\s?\}?|_\s?\{?\s?(>|<|\\ge|\\le|[+-])\s?0?\s?\}?)$/;
const allReals = /^(?:x is )?(?:all|the|any|every) real(?:s| numbers?| values?)?(?: (?:of|for))?(?: [a-z])?$/;

/** The intervals of a text that writes them out, joined by `\\cup` or as all real numbers except some; else null. */
export function intervalsIn(text: string): ReadonlyArray<Interval> | null {
  if (text === "\\mathbb{R}" || allReals.test(wordsOf(text))) return [everything];
  const [, raised, lowered] = halfLine.exec(text) ?? [];
  const sign = raised ?? lowered;
  if (sign !== undefined) return [half(["+", ">", "\\ge"].includes(sign), sign.startsWith("\\"))];
  const without = exception.exec(text);
  if (without !== null) {
    const points = pointsOf(without[2]);
    const parts = intervalsIn(without[1].trim()) ?? intervalOf(without[1].trim());
    return points === null || parts === null ? null : withoutPoints(parts, points.map(({ low }) => low));
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

const endless = /^([+-]?)\s*\\infty$/;

/** The real value of an end; NaN if it has none. */
export function placeOf(end: string): number {
  const sign = endless.exec(end.trim())?.[1];
  if (sign !== undefined) return sign === "-" ? -Infinity : Infinity;
  const read = formula(end);
  const at = read === null || variables(read).size > 0 ? C.undefinedValue : evaluate(read, C.noVariables);
  return at.im === 0 ? at.re : NaN;
}

/** The real line without some points; null if one of them is not real. */
const allBut = (points: ReadonlyArray<string>) => withoutPoints([everything], points);

/** Intervals without some points; null if a point or an end is not real. */
function withoutPoints(parts: ReadonlyArray<Interval>, points: ReadonlyArray<string>): ReadonlyArray<Interval> | null {
  if (points.length === 0 || points.length > 64 || parts.length > 64) return null;
  let left: ReadonlyArray<Interval> = parts;
  for (const point of points) {
    const at = placeOf(point);
    const ends = left.map(({ low, high }) => [placeOf(low), placeOf(high)] as const);
    if (!Number.isFinite(at) || ends.some(([low, high]) => Number.isNaN(low) || Number.isNaN(high))) return null;
    left = left.flatMap((part, i) => {
      const [low, high] = ends[i];
      if (at < low || at > high) return [part];
      const [below, above] = [{ ...part, high: point, highClosed: false }, { ...part, low: point, lowClosed: false }];
      return at === low ? (at === high ? [] : [above]) : at === high ? [below] : [below, above];
    });
  }
  return left;
}

/** Merges intervals that overlap or touch and sorts them; leaves them as they are if an end is not real. */
export function merged(parts: ReadonlyArray<Interval>): ReadonlyArray<Interval> {
  const placed = parts.map((part) => ({ part, low: placeOf(part.low), high: placeOf(part.high) }));
  if (parts.length > 64 || placed.some(({ low, high }) => Number.isNaN(low) || Number.isNaN(high) || low > high)) {
    return parts;
  }
  placed.sort((a, b) => a.low - b.low || Number(b.part.lowClosed) - Number(a.part.lowClosed));
  const joined: Array<{ part: Interval; low: number; high: number }> = [];
  for (const next of placed) {
    const last = joined.at(-1);
    const touches = last !== undefined &&
      (next.low < last.high || (next.low === last.high && (next.part.lowClosed || last.part.highClosed)));
    if (last === undefined || !touches) joined.push(next);
    else {
      const further = next.high > last.high;
      const highClosed = further
        ? next.part.highClosed
        : last.part.highClosed || (next.high === last.high && next.part.highClosed);
      const part = { ...last.part, high: further ? next.part.high : last.part.high, highClosed };
      joined[joined.length - 1] = { part, low: last.low, high: Math.max(last.high, next.high) };
    }
  }
  return joined.map(({ part }) => part);
}

/**
 * The solutions of conditions on one variable joined by "and", by "or", or by a comma (the intersection if it is not empty, else the
 * union); null if they are no union of intervals.
 */
export function solutionsOf(
  chains: ReadonlyArray<Chain>,
  joint: "and" | "or" | "comma",
): ReadonlyArray<Interval> | null {
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
  const apart = joint === "comma" && placeOf(above.low) >= placeOf(below.high);
  if (joint === "comma" && (apart || Number.isNaN(placeOf(above.low) + placeOf(below.high)))) {
    return apart ? parts : null;
  }
  return parts.length === 2 && above.high === "\\infty" && below.low === "-\\infty"
    ? [{ low: above.low, lowClosed: above.lowClosed, high: below.high, highClosed: below.highClosed }]
    : null;
}

const modulus = /^\|\s?([a-vxy])\s?(?:([+-])\s?([^|+-]{1,20}))?\|$/;

/** The solutions of `|x - a| < b`; null for `z` and `w`, which may be complex. */
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

/** The solutions of `x < 3`, `2 \le x` or `1 < x \le 5`, or null. */
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
