/** Writes operators on single slots as JavaScript; results are rounded to WGSL's type after each step. */
import { stop } from "./fault.ts";
import { roundHalf } from "./half_bits.ts";
import type { Kind } from "./slots.ts";

/** Rounds a float to its type. */
export const roundedSource = (expression: string, kind: Kind): string => `${kind === "f16" ? "H" : "F"}(${expression})`;

const isFloat = (kind: Kind): boolean => kind === "f32" || kind === "f16";

/** A number or boolean as a JavaScript literal. */
export const literal = (value: number | boolean, kind: Kind): string => {
  if (typeof value === "boolean") return String(value);
  const held = kind === "f32" ? Math.fround(value) : kind === "f16" ? roundHalf(value) : value;
  return Object.is(held, -0) ? "(-0)" : String(held);
};

/** The initial value of a variable. */
export const zeroOf = (kind: Kind): string => kind === "bool" ? "false" : "0";

/** The exponent of a literal that is a power of two; otherwise undefined. */
const exponentOf = (text: string): number | undefined => {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  return value > 0 && value < 2 ** 31 && (value & (value - 1)) === 0 ? 31 - Math.clz32(value) : undefined;
};

const unsigned = (operator: string, a: string, b: string): string | undefined => {
  const shift = exponentOf(b);
  switch (operator) {
    case "+":
    case "-":
      return `(${a} ${operator} ${b} >>> 0)`;
    case "*":
      return `(Math.imul(${a}, ${b}) >>> 0)`;
    case "/":
      return shift === undefined ? `divideUnsigned(${a}, ${b})` : `(${a} >>> ${shift})`;
    case "%":
      return shift === undefined ? `restUnsigned(${a}, ${b})` : `(${a} & ${Number(b) - 1})`;
    case "&":
    case "|":
    case "^":
      return `((${a} ${operator} ${b}) >>> 0)`;
    case "<<":
      return `(${a} << (${b} & 31) >>> 0)`;
    case ">>":
      return `(${a} >>> (${b} & 31))`;
  }
  return undefined;
};

const signed = (operator: string, a: string, b: string): string | undefined => {
  switch (operator) {
    case "+":
    case "-":
      return `(${a} ${operator} ${b} | 0)`;
    case "*":
      return `Math.imul(${a}, ${b})`;
    case "/":
      return `divideSigned(${a}, ${b})`;
    case "%":
      return `restSigned(${a}, ${b})`;
    case "&":
    case "|":
    case "^":
      return `(${a} ${operator} ${b})`;
    case "<<":
    case ">>":
      return `(${a} ${operator} (${b} & 31))`;
  }
  return undefined;
};

/** a operator b, of the same kind except the count of a shift. */
export const operated = (operator: string, a: string, b: string, kind: Kind): string => {
  switch (operator) {
    case "==":
      return `(${a} === ${b})`;
    case "!=":
      return `(${a} !== ${b})`;
    case "<":
    case ">":
    case "<=":
    case ">=":
      return `(${a} ${operator} ${b})`;
  }
  const text = kind === "u32"
    ? unsigned(operator, a, b)
    : kind === "i32"
    ? signed(operator, a, b)
    : kind === "bool"
    ? `(${a} ${operator}${operator} ${b})`
    : isFloat(kind) && ["+", "-", "*", "/", "%"].includes(operator)
    ? roundedSource(`${a} ${operator} ${b}`, kind)
    : undefined;
  return text ?? stop(`the operator "${operator}" is not understood for ${kind}`);
};

/** operator a. */
export const turned = (operator: "-" | "!" | "~", a: string, kind: Kind): string =>
  operator === "!"
    ? `(!${a})`
    : operator === "~"
    ? kind === "u32" ? `(~${a} >>> 0)` : `(~${a})`
    : kind === "i32"
    ? `(- ${a} | 0)`
    : `(- ${a})`;

/** Converts a value to another kind. */
export const converted = (a: string, from: Kind, to: Kind): string => {
  if (from === to) return a;
  if (to === "bool") return `(${a} !== 0)`;
  if (from === "bool") return `(${a} ? 1 : 0)`;
  if (to === "f32" || to === "f16") return from === "f16" ? a : roundedSource(a, to);
  if (to === "u32") return isFloat(from) ? `toUnsigned(${a})` : `(${a} >>> 0)`;
  return isFloat(from) ? `toSigned(${a})` : `(${a} | 0)`;
};

/** Reinterprets a value's bits as another kind. */
export const reinterpreted = (a: string, from: Kind, to: Kind): string => {
  if (from === "f32" && to === "u32") return `bitsOfFloat(${a})`;
  if (from === "f32" && to === "i32") return `signedBitsOfFloat(${a})`;
  if (to === "f32" && (from === "u32" || from === "i32")) return `floatOfBits(${a})`;
  if (from === "i32" && to === "u32") return `(${a} >>> 0)`;
  if (from === "u32" && to === "i32") return `(${a} | 0)`;
  return stop(`a bitcast of ${from} to ${to} is not understood`);
};
