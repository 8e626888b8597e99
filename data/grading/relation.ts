/**
 * Relations: `x = 5` answers what is asked as `5` does, `a = b = c` as its last side, and two equations are the same if their
 * differences of sides are proportional, as `2x + 4y = 6` and `y = -x/2 + 3/2` are.
 */
import type { Chain } from "./answer.ts";
import * as C from "./complex.ts";
import type { Expression } from "./expression.ts";
import { squeeze } from "./latex.ts";
import { evaluate, point, variables } from "./symbolic.ts";
import { formula } from "./value.ts";
import { isName, withoutUnit } from "./words.ts";

const isEquality = ({ relations }: Chain) => relations.every((relation) => relation === "=" || relation === "approx");

const isConstant = (text: string) => {
  const read = formula(withoutUnit(text));
  return read !== null && variables(read).size === 0;
};

/**
 * The text that a chain of equalities gives as its value, or null: the right side of a name, the last side of a chain of
 * constants. A side that is only approximately equal is passed over. `other` is the formula it will be compared with.
 */
export function valueOfChain(chain: Chain, other: string | null): string | null {
  if (!isEquality(chain)) return null;
  const { sides, relations } = chain;
  const last = sides[sides.length - 1];
  const beforeRounding = relations.indexOf("approx");
  if (isName(sides[0])) return beforeRounding > 0 ? sides[beforeRounding] : last;
  if (other === null) return null;
  if (sides.every(isConstant)) return beforeRounding >= 0 ? sides[beforeRounding] : last;
  const derived = relations[0] === "=" && !/^[-+]?\d/.test(sides[0]) && last !== "0";
  return derived && isConstant(other) && isConstant(last) ? last : null;
}

/** Whether two relations say the same. */
export function sameRelation(gold: Chain, answer: Chain, pair: (a: string, b: string) => boolean): boolean {
  if (!isEquality(gold) || !isEquality(answer)) {
    return gold.relations.join() === answer.relations.join() &&
      squeeze(gold.sides.join("|")) === squeeze(answer.sides.join("|"));
  }
  const [g, a] = [endsOf(gold), endsOf(answer)];
  const bothNamed = isName(g.left) && isName(a.left);
  if (bothNamed && squeeze(g.left) === squeeze(a.left)) return pair(g.right, a.right);
  const read = [g.left, g.right, a.left, a.right].map(formula);
  const [goldLeft, goldRight, left, right] = read;
  if (goldLeft === null || goldRight === null || left === null || right === null) {
    return bothNamed && pair(g.right, a.right);
  }
  const difference = (x: Expression, y: Expression): Expression => ({ kind: "subtract", left: x, right: y });
  return proportional(difference(goldLeft, goldRight), difference(left, right), bothNamed);
}

function endsOf({ sides }: Chain): { readonly left: string; readonly right: string } {
  return { left: sides[0], right: sides[sides.length - 1] };
}

/** Whether one formula is a constant multiple of the other at every point compared. `x = 5` and `y = 5` are not. */
function proportional(a: Expression, b: Expression, bothNamed: boolean): boolean {
  const names = [...variables(b, variables(a))].sort();
  if (names.length === 0 || (bothNamed && names.length === 1)) return false;
  let ratio: C.Complex | null = null;
  let compared = 0;
  for (let t = 0; t < 16 && compared < 5; t++) {
    const environment = point(t, names);
    const [x, y] = [evaluate(a, environment), evaluate(b, environment)];
    if (!C.isFiniteComplex(x) || !C.isFiniteComplex(y) || C.modulus(x) < 1e-9 || C.modulus(y) < 1e-9) continue;
    const here = C.divide(x, y);
    if (ratio !== null && C.modulus(C.subtract(here, ratio)) > 1e-6 * C.modulus(ratio)) return false;
    ratio ??= here;
    compared++;
  }
  return compared >= 3;
}
