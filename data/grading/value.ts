/**
 * Equality of two texts that should be formulas: handles units, percent and number bases around the arithmetic of `symbolic.ts`. A decimal
 * must be exact: `0.33` differs from `1/3`. Only a decimal of twelve or more digits may be a rounded value.
 */
import * as Elementary from "../elementary/mod.ts";
import * as C from "./complex.ts";
import type { Expression } from "./expression.ts";
import { squeeze } from "./latex.ts";
import { parseFormula } from "./parser.ts";
import { equal, evaluate, variables } from "./symbolic.ts";
import { isSentence, numberWord } from "./words.ts";
import { withoutUnit } from "./tail.ts";
import { costOf, costOfPair, dearest, spend, type Work } from "./work.ts";

/** The formula of a text, or the number that it spells out; null for sentences, unparsable text and formulas too expensive to evaluate. */
export function formula(text: string): Expression | null {
  const spelled = numberWord(text);
  if (spelled !== null) return { kind: "number", text: `${spelled}` };
  const inner = /^\\(?:text|mbox|mathrm)\s?\{([^{}]*)\}$/.exec(text)?.[1] ?? text;
  const read = isSentence(inner) ? null : parseFormula(inner);
  if (read === null) return null;
  const { once, each } = costOf(read);
  return once + each > dearest ? null : read;
}

/** Whether two texts are equal formulas; null if one is no formula. */
export function formulasEqual(gold: string, answer: string, work: Work): boolean | null {
  const same = sameReading(gold, answer, work);
  if (same === true || !longPower.test(`${gold} ${answer}`)) return same;
  return sameReading(gold.replace(longPowers, "^{$1}"), answer.replace(longPowers, "^{$1}"), work) ?? same;
}

/** In TeX `2^10` is 2^1 0, but writers mean 2^{10}: both readings count. */
const longPower = /\^\d\d/, longPowers = /\^(\d{2,})/g;

function sameReading(gold: string, answer: string, work: Work): boolean | null {
  if (squeeze(gold) === squeeze(answer) && gold !== "") return true;
  const [a, b] = readPair(gold, answer);
  if (a === null || b === null) return null;
  const [x, y] = [percentOf(a), percentOf(b)];
  if (x === null && y === null) return equalFormulas(a, b, work);
  if (equalFormulas(a, b, work) === true) return true;
  if (x === null) return y !== null && isAboveOne(a) && equalFormulas(a, y, work) === true;
  return equalFormulas(x, y ?? b, work) === true;
}

/** The value before a percent sign, or null. */
function percentOf(of: Expression): Expression | null {
  if (of.kind === "percent") return of.of;
  const inner = of.kind === "negate" ? percentOf(of.of) : null;
  return inner === null ? null : { kind: "negate", of: inner };
}

/** If a question asks for percents, a gold answer without the sign is above 1; `0.75` differs from `0.75\%`. */
const isAboveOne = (of: Expression) =>
  of.kind !== "divide" && of.kind !== "negate" && variables(of).size === 0 &&
  C.modulus(evaluate(of, C.noVariables)) > 1;

/** Both formulas. A unit is dropped if it prevents parsing, or if it gives only one side variables. */
function readPair(gold: string, answer: string): readonly [Expression | null, Expression | null] {
  const read = (text: string) => formula(text) ?? formula(withoutUnit(text));
  const [a, b] = [read(gold), read(answer)];
  if (a === null || b === null) return [a, b];
  const [freeA, freeB] = [variables(a).size > 0, variables(b).size > 0];
  if (!freeA && freeB) return [a, formula(withoutUnit(answer)) ?? b];
  if (freeA && !freeB) return [formula(withoutUnit(gold)) ?? a, b];
  return [a, b];
}

/** Equality of formulas without ±. `2516_8` equals `2516`. */
export function equalFormulas(a: Expression, b: Expression, work: Work): boolean | null {
  if (!spend(work, costOfPair(a, b, variables(b, variables(a)).size > 0))) return false;
  if (a.kind === "based" && b.kind === "number") return a.digits === b.text || equal(a, b);
  if (b.kind === "based" && a.kind === "number") return b.digits === a.text || equal(a, b);
  const same = equal(a, b);
  return same === false ? rounded(a, b) || rounded(b, a) : same;
}

/** Whether `long` is a decimal of at least twelve significant digits that `of` rounds to. */
function rounded(long: Expression, of: Expression): boolean {
  const bare = long.kind === "negate" ? long.of : long;
  if (bare.kind !== "number" || !bare.text.includes(".") || bare.text.replace(/^[0.]+|\./g, "").length < 12) {
    return false;
  }
  if (variables(of).size > 0) return false;
  const places = bare.text.split(".")[1].length;
  const [x, y] = [evaluate(long, C.noVariables), evaluate(of, C.noVariables)];
  return y.im === 0 && Math.abs(x.re - y.re) <= Elementary.pow(10, -places) + 2e-16 * Math.abs(y.re);
}
