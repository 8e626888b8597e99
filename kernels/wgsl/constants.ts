/** Constant arithmetic as WGSL defines it: abstract numbers are exact (float64), `i32` and `u32` wrap, `f32` rounds after every step. */
import type { Scalar } from "./types.ts";

/** A number converted to a type. */
export const roundedConstant = (value: number, of: Scalar): number => {
  switch (of) {
    case "f32":
      return Math.fround(value);
    case "f16":
      return Float16Array.of(value)[0];
    case "u32":
      return value >>> 0;
    case "i32":
      return value | 0;
    default:
      return value;
  }
};

/** Whether a number is representable in a type; floats may round. */
export const fits = (value: number, of: Scalar): boolean =>
  of === "u32"
    ? value >= 0 && value < 2 ** 32
    : of === "i32"
    ? value >= -(2 ** 31) && value < 2 ** 31
    : Number.isFinite(roundedConstant(value, of));

const isWhole = (of: Scalar): boolean => of === "i32" || of === "u32" || of === "int";

/** left operator right; undefined for a division by zero, a shift by 32 or more, or a float overflow. */
export const computed = (operator: string, left: number, right: number, of: Scalar): number | undefined => {
  if ((operator === "<<" || operator === ">>") && right >= 32 && of !== "int") return undefined;
  const value = result(operator, left, right, of);
  return value !== undefined && Number.isFinite(value) ? value : undefined;
};

const result = (operator: string, left: number, right: number, of: Scalar): number | undefined => {
  switch (operator) {
    case "+":
      return roundedConstant(left + right, of);
    case "-":
      return roundedConstant(left - right, of);
    case "*":
      return of === "u32" || of === "i32"
        ? roundedConstant(Math.imul(left, right), of)
        : roundedConstant(left * right, of);
    case "/":
      if (!isWhole(of)) return roundedConstant(left / right, of);
      return right === 0 ? undefined : roundedConstant(Math.trunc(left / right), of);
    case "%":
      return right === 0 && isWhole(of) ? undefined : roundedConstant(left % right, of);
    case "&":
      return roundedConstant(left & right, of);
    case "|":
      return roundedConstant(left | right, of);
    case "^":
      return roundedConstant(left ^ right, of);
    case "<<":
      return roundedConstant(of === "int" ? Number(BigInt(left) << BigInt(right)) : left << right, of);
    case ">>":
      return of === "u32" ? left >>> right : roundedConstant(left >> right, of);
  }
  return undefined;
};

/** The comparison left operator right. */
export const compared = (operator: string, left: number | boolean, right: number | boolean): boolean | undefined => {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case ">":
      return left > right;
    case "<=":
      return left <= right;
    case ">=":
      return left >= right;
  }
  return undefined;
};

/** A literal's value and type. */
export const literal = (text: string): { readonly value: number; readonly of: Scalar } => {
  const isHex = /^0x/i.test(text);
  const suffix = /[iu]$/.exec(text)?.[0] ?? (isHex ? undefined : /[fh]$/.exec(text)?.[0]);
  const digits = suffix === undefined ? text : text.slice(0, -1);
  const value = Number(digits);
  if (suffix === "f") return { value: Math.fround(value), of: "f32" };
  if (suffix === "h") return { value: roundedConstant(value, "f16"), of: "f16" };
  if (suffix === "i") return { value, of: "i32" };
  if (suffix === "u") return { value, of: "u32" };
  return { value, of: !isHex && /[.eE]/.test(digits) ? "float" : "int" };
};
