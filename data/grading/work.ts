/**
 * The work limit of a comparison. Time is never measured: each step has a cost, checked before it runs (one unit is about 0.1 µs). All
 * parts of a comparison share one allowance; if it is used up, the answers are not equal.
 */
import * as Elementary from "../elementary/mod.ts";
import { children, type Expression } from "./expression.ts";
import { exact } from "./numeric.ts";

/** The remaining allowance, shared by all parts of one comparison. */
export interface Work {
  left: number;
}

const allowance = 150_000;

/** A formula above this cost is not read. */
export const dearest = 40_000;

/** The allowance of one comparison. */
export const newWork = (): Work => ({ left: allowance });

/** Deducts steps from the allowance; false if too few remain. */
export function spend(work: Work, steps: number): boolean {
  work.left -= steps;
  return work.left >= 0;
}

/** The cost of a formula: `once` for its exact value, `each` for its value at a point; `bits` bounds the length of the exact value. */
export interface Cost {
  readonly once: number;
  readonly each: number;
  readonly bits: number;
}

const longest = 16_384, mostTerms = 100, mostFactors = 20;

export function costOf(of: Expression): Cost {
  const parts = children(of).map(costOf);
  const total = (name: "once" | "each") => parts.reduce((sum, part) => sum + part[name], 0);
  const bits = parts.reduce((sum, part) => sum + part.bits, 0);
  const plain = (once: number, each: number, length: number): Cost => ({
    once: total("once") + once,
    each: total("each") + each,
    bits: Math.min(longest, length),
  });
  switch (of.kind) {
    case "number":
    case "based":
    case "repeating": {
      const digits = of.kind === "based" ? of.digits : of.text;
      return plain(1 + digits.length / 10, 1 + digits.length / 10, bitsOf(digits));
    }
    case "factorial": {
      if (isOpen(of.of)) return plain(1, mostFactors, 0);
      const n = Math.min(1000, whole(of.of) ?? 1000);
      return plain(n, mostFactors, n * Elementary.log2(n + 2));
    }
    case "binomial": {
      if (isOpen(of.right)) return plain(1, mostFactors, 0);
      const k = Math.min(1000, whole(of.right) ?? 1000);
      return plain(k, mostFactors, 10 * k);
    }
    case "mod":
      return plain(1, 2, bits);
    case "power":
      return plain(1 + bits / 10, 8, parts[0].bits * exponentOf(of.right, parts[1]));
    case "add":
    case "subtract":
    case "multiply":
    case "divide": {
      const hundreds = Math.min(longest, bits) / 100;
      return plain(1 + hundreds * hundreds, 1, bits);
    }
    case "quantified":
      return {
        once: 1,
        each: (of.name === "sum" || of.name === "prod" ? mostTerms : 2) * (1 + total("each")),
        bits: 0,
      };
    default:
      return plain(1, 2, bits);
  }
}

/** The bits of a decimal's numerator and denominator. */
function bitsOf(digits: string): number {
  const places = digits.length - 1 - digits.indexOf(".");
  const bits = digits.length < 16 ? Elementary.log2(Number(digits.replace(".", "")) + 1) : digits.length * 3.33;
  return (digits === "2" ? 1 : bits) + (digits.includes(".") ? places * 3.33 : 0);
}

/** The number of multiplications of an exponent; none if it is not an integer, since the power then has no exact value. */
function exponentOf(of: Expression, cost: Cost): number {
  if (cost.once > 100) return longest;
  const value = exact(of);
  return value === null || value.d !== 1n ? 0 : Math.min(longest, Math.abs(Number(value.n)));
}

/** Whether a formula has a variable and therefore no exact value. */
const isOpen = (of: Expression): boolean => of.kind === "name" || children(of).some(isOpen);

const whole = (of: Expression) => of.kind === "number" && /^\d{1,6}$/.test(of.text) ? Number(of.text) : null;

/** The cost of comparing two formulas: exactly, then at one point, or at many if there are variables. */
export function costOfPair(a: Expression, b: Expression, hasVariables: boolean): number {
  const [x, y] = [costOf(a), costOf(b)];
  return x.once + y.once + (x.each + y.each) * (hasVariables ? 24 : 1);
}
