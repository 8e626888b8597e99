/**
 * Operators and functions of numbers as instructions, element by element. Integers wrap; x / 0 is x, and x % 0 is 0. `fma` is a multiplication,
 * then an addition, so that bits do not depend on the processor.
 */
import { type Instruction, instruction, isInstruction, truncated } from "./assembler.ts";
import type { Frame } from "./frame.ts";
import { fourOf, isFour, lanesOf, splat } from "./lanes.ts";
import { apply, float, four, isSingle, ofCode, type Single, single, type Value, whole } from "./values.ts";
import { type Scalar, scalarOf, type Type } from "../wgsl/types.ts";

const names: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "%": "rem",
  "&": "and",
  "|": "or",
  "^": "xor",
  "<<": "shl",
  ">>": "shr",
  "==": "eq",
  "!=": "ne",
  "<": "lt",
  ">": "gt",
  "<=": "le",
  ">=": "ge",
};

/** Instructions whose names end in the signedness of integers. */
const signed = new Set(["div", "rem", "shr", "lt", "gt", "le", "ge", "min", "max"]);

/** The instruction of an operation on elements of a type, if there is one. */
export const instructionOf = (name: string, of: Scalar, isVector: boolean): Instruction | undefined => {
  const isFloat = of === "f32";
  const suffix = !isFloat && signed.has(name) ? (of === "u32" ? "_u" : "_s") : "";
  const bitwise = isVector && ["and", "or", "xor", "not"].includes(name);
  const found = `${
    bitwise ? "v128" : isFloat ? (isVector ? "f32x4" : "f32") : isVector ? "i32x4" : "i32"
  }.${name}${suffix}`;
  return isInstruction(found) ? found : undefined;
};

/** left operator right for two numbers or two vectors of four. */
export const one = (frame: Frame, operator: string, left: Single, right: Single, of: Scalar): Single => {
  const isVector = left.type === "v128";
  const type = isVector ? "v128" : /^[=!<>]=?$/.test(operator) ? "i32" : left.type;
  const name = names[operator];
  const isFloat = of === "f32";
  if (operator === "<<" || operator === ">>") return shifted(frame, name, left, right, of);
  if (operator === "/" && !isFloat) return divided(frame, name, left, right, of);
  if (operator === "%") {
    if (!isFloat) return divided(frame, name, left, right, of);
    const [a, b] = [frame.keptSingle(left), frame.keptSingle(right)];
    const dot = isVector ? "f32x4" : "f32";
    return apply(
      type,
      `${dot}.sub`,
      a,
      apply(type, `${dot}.mul`, b, apply(type, `${dot}.trunc`, apply(type, `${dot}.div`, a, b))),
    );
  }
  const known = instructionOf(name, of, isVector);
  if (known === undefined) throw new Error(`no instruction for ${operator} of ${of}`);
  if (
    !isVector && left.constant !== undefined && right.constant === undefined && (operator === "+" || operator === "*")
  ) {
    return one(frame, operator, right, left, of);
  }
  if (!isVector && !isFloat) {
    if ((operator === "+" && right.constant === 0) || (operator === "*" && right.constant === 1)) return left;
    if (operator === "+" && of === "u32") return added(left, right);
  }
  return { ...apply(type, known, left, right), ...(operator === "<" && isFloat ? { below: { left, right } } : {}) };
};

/** A u32 sum that keeps its terms; constants are merged and added last. */
const added = (left: Single, right: Single): Single => {
  const sumOf = (one: Single) =>
    one.sum ??
      (one.constant === undefined ? { terms: [one], constant: 0 } : { terms: [], constant: one.constant >>> 0 });
  const [a, b] = [sumOf(left), sumOf(right)];
  const sum = { terms: [...a.terms, ...b.terms], constant: (a.constant + b.constant) >>> 0 };
  const whole_ = [...sum.terms, ...(sum.constant === 0 ? [] : [whole(sum.constant)])];
  return { ...whole_.slice(1).reduce((all, one) => apply("i32", "i32.add", all, one), whole_[0]), sum };
};

const shifted = (frame: Frame, name: string, left: Single, right: Single, of: Scalar): Single => {
  const known = instructionOf(name, of, left.type === "v128")!;
  if (left.type !== "v128") return apply(left.type, known, left, right);
  const bits = shiftOf(right);
  if (bits !== undefined) return apply("v128", known, left, bits);
  const [lanes, counts] = [lanesOf(frame, left, false), lanesOf(frame, right, false)];
  return fourOf(lanes.map((lane, i) => apply("i32", instructionOf(name, of, false)!, lane, counts[i])));
};

/** The shift count of all lanes, if it is known to be equal. */
const shiftOf = ({ numbers }: Single): Single | undefined =>
  numbers !== undefined && numbers.every((number) => number === numbers[0]) ? whole(numbers[0]) : undefined;

const divided = (frame: Frame, name: string, left: Single, right: Single, of: Scalar): Single => {
  if (left.type === "v128") {
    const [lanes, by] = [lanesOf(frame, left, false), lanesOf(frame, right, false)];
    return fourOf(lanes.map((lane, i) => divided(frame, name, lane, by[i], of)));
  }
  const known = instructionOf(name, of, false)!;
  const safe = of === "u32" ? right.constant !== 0 : right.constant !== 0 && right.constant !== -1;
  if (right.constant !== undefined && safe) {
    if (right.constant === 1) return name === "div" ? left : whole(0);
    return apply("i32", known, left, right);
  }
  const [a, b] = [frame.keptSingle(left), frame.keptSingle(right)];
  const isZero = apply("i32", "i32.eqz", b);
  const overflows = apply(
    "i32",
    "i32.and",
    apply("i32", "i32.eq", b, whole(-1)),
    apply("i32", "i32.eq", a, whole(-(2 ** 31))),
  );
  const bad = of === "u32" ? isZero : apply("i32", "i32.or", isZero, overflows);
  return apply("i32", known, a, ofCode("i32", [whole(1).code, b.code, bad.code, instruction("select")]));
};

/** left operator right, element by element; a scalar applies to every element of a vector. */
export const binary = (
  frame: Frame,
  operator: string,
  left: Value,
  right: Value,
  leftType: Type,
  rightType: Type,
): Value => {
  const of = scalarOf(leftType) as Scalar;
  if (isFour(leftType) || isFour(rightType)) {
    const wide = (value: Value, type: Type) => isFour(type) ? single(value) : splat(single(value));
    return one(frame, operator, wide(left, leftType), wide(right, rightType), of);
  }
  if (isSingle(left) && isSingle(right)) return one(frame, operator, left, right, of);
  const size = (isSingle(left) ? right as ReadonlyArray<Value> : left).length;
  const each = (value: Value) => {
    const kept = isSingle(value) ? frame.keptSingle(value) : value;
    return (i: number) => isSingle(kept) ? kept : single(kept[i]);
  };
  const [a, b] = [each(left), each(right)];
  return Array.from({ length: size }, (_, i) => one(frame, operator, a(i), b(i), of));
};

/** Applies a function of numbers to each element. */
export const each = (
  type: Type,
  values: ReadonlyArray<Value>,
  make: (values: ReadonlyArray<Single>) => Single,
): Value =>
  type.kind === "vector" && type.size < 4
    ? Array.from(
      { length: type.size },
      (_, i) => make(values.map((value) => single((value as ReadonlyArray<Value>)[i]))),
    )
    : make(values.map(single));

/** -x, !x, ~x. */
export const unary = (operator: string, value: Value, type: Type): Value => {
  const of = scalarOf(type);
  return each(type, [value], ([x]) => {
    const isVector = x.type === "v128";
    if (operator === "!") return isVector ? apply("v128", "v128.not", x) : apply("i32", "i32.eqz", x);
    if (operator === "~") return isVector ? apply("v128", "v128.not", x) : apply("i32", "i32.xor", x, whole(-1));
    if (of === "f32") return apply(x.type, isVector ? "f32x4.neg" : "f32.neg", x);
    return isVector ? apply("v128", "i32x4.neg", x) : apply("i32", "i32.sub", whole(0), x);
  });
};

/** Converts numbers from one type to another. */
export const converted = (value: Value, from: Type, to: Type): Value | undefined => {
  const [a, b] = [scalarOf(from), scalarOf(to)];
  const known = (x: Single): Single | undefined => {
    const isVector = x.type === "v128";
    if (a === "bool") {
      if (isVector) return apply("v128", "v128.and", x, four([1, 1, 1, 1], b === "f32"));
      return b === "f32" ? apply("f32", "f32.convert_i32_u", x) : x;
    }
    if (b === "bool") {
      return isVector
        ? apply("v128", a === "f32" ? "f32x4.ne" : "i32x4.ne", x, four([0, 0, 0, 0], false))
        : apply("i32", a === "f32" ? "f32.ne" : "i32.ne", x, a === "f32" ? float(0) : whole(0));
    }
    if (a !== "f32" && b !== "f32") return x;
    const sign = (a === "f32" ? b : a) === "u32" ? "u" : "s";
    if (a === "f32") {
      return isVector
        ? apply("v128", `i32x4.trunc_sat_f32x4_${sign}`, x)
        : ofCode("i32", [x.code, truncated(sign === "s")]);
    }
    return isVector ? apply("v128", `f32x4.convert_i32x4_${sign}`, x) : apply("f32", `f32.convert_i32_${sign}`, x);
  };
  if (isSingle(value)) return known(value);
  const made = value.map((part) => known(single(part)));
  return made.every((part) => part !== undefined) ? made : undefined;
};

/** The same bits as another type. */
export const bitcast = (value: Value, to: Type): Value => {
  if (!isSingle(value)) return value.map((part) => bitcast(part, { kind: "scalar", of: scalarOf(to)! }));
  if (value.type === "v128") return value;
  const type = scalarOf(to) === "f32" ? "f32" : "i32";
  if (value.type === type) return value;
  return apply(type, type === "f32" ? "f32.reinterpret_i32" : "i32.reinterpret_f32", value);
};
