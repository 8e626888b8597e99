/** A formula as a tree. `parser.ts` builds it; `numeric.ts` and `symbolic.ts` evaluate it. */

/** Operators with two operands. */
export type Joint = "add" | "subtract" | "multiply" | "divide" | "power" | "plusMinus" | "binomial" | "mod";

/** A sum, product, integral or limit. `index` is its bound variable. */
export interface Quantified {
  readonly kind: "quantified";
  readonly name: string;
  readonly index: string | null;
  readonly lower: Expression | null;
  readonly upper: Expression | null;
  readonly of: Expression;
}

/**
 * A function of one or more arguments. `known` ones can be evaluated, such as `\gcd`; any other, such as `f` in `f(x)`, is opaque: equal
 * names with equal arguments are equal.
 */
export interface Applied {
  readonly kind: "apply";
  readonly name: string;
  readonly args: ReadonlyArray<Expression>;
  readonly known: boolean;
}

/** A formula. `fraction` marks a quotient written with `\frac`. */
export type Expression =
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "repeating"; readonly text: string; readonly period: string }
  | { readonly kind: "based"; readonly digits: string; readonly base: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "pi" | "infinity" }
  | { readonly kind: "negate" | "factorial" | "percent" | "degrees"; readonly of: Expression }
  | { readonly kind: Joint; readonly left: Expression; readonly right: Expression; readonly fraction?: true }
  | { readonly kind: "root"; readonly of: Expression; readonly index: Expression | null }
  | Quantified
  | Applied
  | { readonly kind: "call"; readonly name: string; readonly of: Expression; readonly base: Expression | null };

/** The formulas directly inside a formula. */
export function children(of: Expression): ReadonlyArray<Expression> {
  switch (of.kind) {
    case "negate":
    case "factorial":
    case "percent":
    case "degrees":
      return [of.of];
    case "root":
      return of.index === null ? [of.of] : [of.of, of.index];
    case "call":
      return of.base === null ? [of.of] : [of.of, of.base];
    case "quantified":
      return [of.of, of.lower, of.upper].filter((part) => part !== null);
    case "apply":
      return of.args;
    case "number":
    case "repeating":
    case "based":
    case "name":
    case "pi":
    case "infinity":
      return [];
    default:
      return [of.left, of.right];
  }
}

/** Whether a formula contains a node of this kind. */
export function contains(of: Expression, kind: Expression["kind"]): boolean {
  return of.kind === kind || children(of).some((child) => contains(child, kind));
}

const isWhole = (of: Expression) => of.kind === "number" && /^\d+$/.test(of.text);
const isPart = (of: Expression) => of.kind === "divide" && of.fraction && isWhole(of.left) && isWhole(of.right);

/** Two adjacent formulas: `2\frac13` is a mixed number, `2x` a product, `2 3` invalid (null). */
export function juxtaposed(left: Expression, right: Expression): Expression | null {
  if (isWhole(left) && isPart(right)) return { kind: "add", left, right };
  if (isWhole(left) && right.kind === "percent" && isPart(right.of)) {
    return { kind: "percent", of: { kind: "add", left, right: right.of } };
  }
  return left.kind === "number" && right.kind === "number" ? null : { kind: "multiply", left, right };
}
