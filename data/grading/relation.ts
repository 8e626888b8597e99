/**
 * Relations: `x = 5` equals `5`, `a = b = c` equals its last side, and two equations are equal if the differences of their sides are
 * proportional, as for `2x + 4y = 6` and `y = -x/2 + 3/2`.
 */
import { type Chain, isVariable, type Relation } from "./chain.ts";
import * as C from "./complex.ts";
import type { Expression } from "./expression.ts";
import { squeeze } from "./latex.ts";
import { quotientResidue, type Residue, residue, sameResidue } from "./field.ts";
import { fewestPoints, mostPoints, point, realmOf } from "./points.ts";
import { evaluate, variables } from "./symbolic.ts";
import { formula } from "./value.ts";
import { isName } from "./words.ts";
import { withoutUnit } from "./tail.ts";
import { costOfPair, spend, type Work } from "./work.ts";

const isEquality = ({ relations }: Chain) => relations.every((relation) => relation === "=" || relation === "approx");

const isConstant = (text: string) => {
  const read = formula(withoutUnit(text));
  return read !== null && variables(read).size === 0;
};

/**
 * The text of the value of a chain of equalities, or null: the right side of a name, the last side of a chain of constants. Sides that are
 * only approximately equal are skipped. `other` is the formula to compare with.
 */
export function valueOfChain(chain: Chain, other: string | null): string | null {
  if (!isEquality(chain)) return null;
  const { sides, relations } = chain;
  const last = sides[sides.length - 1];
  const beforeRounding = relations.indexOf("approx");
  if (sides.length === 2 && isVariable(last) && !isVariable(sides[0]) && isConstant(sides[0])) return sides[0];
  if (isName(sides[0])) return beforeRounding > 0 ? sides[beforeRounding] : last;
  if (other === null) return null;
  if (sides.every(isConstant)) return beforeRounding >= 0 ? sides[beforeRounding] : last;
  const derived = relations[0] === "=" && !/^[-+]?\d/.test(sides[0]) && last !== "0";
  return derived && isConstant(other) && isConstant(last) ? last : null;
}

/** Whether two relations are equivalent. */
export function sameRelation(gold: Chain, answer: Chain, pair: (a: string, b: string) => boolean, work: Work): boolean {
  if (!isEquality(gold) || !isEquality(answer)) {
    return sameOrder(gold, answer, work) || sameChain(ascending(gold), ascending(answer), pair);
  }
  const [g, a] = [endsOf(gold), endsOf(answer)];
  const bothNamed = isName(g.left) && isName(a.left);
  if (bothNamed && squeeze(g.left) === squeeze(a.left)) return pair(g.right, a.right);
  if (isFunction(g.left) && a.left === "y" || isFunction(a.left) && g.left === "y") return pair(g.right, a.right);
  if ([g.left, g.right, a.left, a.right].some((side) => formula(side) === null)) {
    return bothNamed && pair(g.right, a.right);
  }
  if (ratioOf(gold, answer, work, bothNamed) !== null) return true;
  const [x, y] = [differenceOf(gold), differenceOf(answer)];
  const names = x === null || y === null ? 0 : variables(y, variables(x)).size;
  return x !== null && y !== null && names > 1 && sameZeros(x, y);
}

/** A descending chain reversed, so that it ascends. */
function ascending(chain: Chain): Chain {
  if (!chain.relations.every((relation) => relation === ">" || relation === "ge")) return chain;
  return {
    kind: "relation",
    sides: [...chain.sides].reverse(),
    relations: [...chain.relations].reverse().map((relation) => relation === ">" ? "<" : "le"),
  };
}

const sameChain = (gold: Chain, answer: Chain, pair: (a: string, b: string) => boolean) =>
  gold.relations.join() === answer.relations.join() &&
  (squeeze(gold.sides.join("|")) === squeeze(answer.sides.join("|")) ||
    gold.sides.every((side, i) => pair(side, answer.sides[i])));

/** `f(x)`, which may also be called y. */
const isFunction = (text: string) => /^[a-zA-Z]\s?\([a-z]\)$/.test(text);

/** The constant ratio between the side differences of two relations, or null. `x = 5` and `y = 5` have none. */
function ratioOf(gold: Chain, answer: Chain, work: Work, bothNamed = false): C.Complex | null {
  const [a, b] = [differenceOf(gold), differenceOf(answer)];
  return a === null || b === null ? null : proportion(a, b, work, bothNamed);
}

function differenceOf(chain: Chain): Expression | null {
  const { left, right } = endsOf(chain);
  const [x, y] = [formula(left), formula(right)];
  return x === null || y === null ? null : { kind: "subtract", left: x, right: y };
}

/** The first and the last side; an approximate side after an exact one is skipped. */
function endsOf({ sides, relations }: Chain): { readonly left: string; readonly right: string } {
  const rounded = relations.indexOf("approx");
  return { left: sides[0], right: sides[rounded > 0 ? rounded : sides.length - 1] };
}

const turned: Readonly<Partial<Record<Relation, Relation>>> = { "<": ">", ">": "<", le: "ge", ge: "le", ne: "ne" };

/** Whether two inequalities of two sides are equivalent: `2x > 6` and `x > 3`, `-x \\ge -1` and `x \\le 1`. */
function sameOrder(gold: Chain, answer: Chain, work: Work): boolean {
  if (gold.relations.length !== 1 || answer.relations.length !== 1) return false;
  const [relation, other] = [gold.relations[0], answer.relations[0]];
  if (turned[relation] === undefined || (other !== relation && other !== turned[relation])) return false;
  const ratio = ratioOf(gold, answer, work);
  if (ratio === null || Math.abs(ratio.im) > 1e-6 * Math.abs(ratio.re)) return false;
  return other === (ratio.re > 0 ? relation : turned[relation]);
}

/** The ratio of two formulas if it is the same at all points, else null. */
function proportion(a: Expression, b: Expression, work: Work, bothNamed: boolean): C.Complex | null {
  const names = [...variables(b, variables(a))].sort();
  if (names.length === 0 || (bothNamed && names.length === 1)) return null;
  if (!spend(work, costOfPair(a, b, true))) return null;
  const exactly = exactProportion(a, b);
  if (exactly === false) return null;
  const realm = realmOf([a, b], names);
  let ratio: C.Complex | null = null;
  let compared = 0;
  for (let t = 0; t < mostPoints && compared < 8; t++) {
    const environment = point(t, names, realm);
    const [x, y] = [evaluate(a, environment), evaluate(b, environment)];
    if (!C.isFiniteComplex(x) || !C.isFiniteComplex(y) || C.modulus(x) < 1e-9 || C.modulus(y) < 1e-9) continue;
    const here = C.divide(x, y);
    if (exactly === true) return here;
    if (ratio !== null && C.modulus(C.subtract(here, ratio)) > 1e-9 * C.modulus(ratio)) return null;
    ratio ??= here;
    compared++;
  }
  return compared >= fewestPoints ? ratio : null;
}

const salts = [1, 2, 3];

/** Whether two formulas are proportional in exact arithmetic; null if a part is not supported. */
function exactProportion(a: Expression, b: Expression): boolean | null {
  const pairs = salts.map((salt) => [residue(a, salt), residue(b, salt)] as const);
  const ratios: Array<Residue> = [];
  for (const [x, y] of pairs) {
    if (x === null || y === null) return null;
    const ratio = quotientResidue(x, y);
    if (ratio === null) return false;
    ratios.push(ratio);
  }
  return ratios.every((ratio) => sameResidue(ratio, ratios[0]));
}

/** Whether the numerators of two formulas are proportional, so that their zeros agree: `xy - 3` and `y - 3/x`. */
function sameZeros(a: Expression, b: Expression): boolean {
  const ratios = salts.map((salt) => {
    const [x, y] = [residue(a, salt), residue(b, salt)];
    return x === null || y === null ? null : quotientResidue({ n: x.n, d: 1n }, { n: y.n, d: 1n });
  });
  const [first] = ratios;
  return first !== null && ratios.every((ratio) => ratio !== null && sameResidue(ratio, first));
}
