/**
 * Builtin functions of numbers that take a few instructions, element by element. `min` and `max` of NaN and a number return their first argument.
 */
import { type Instruction, instruction, selectV128 } from "./assembler.ts";
import type { Frame } from "./frame.ts";
import { isFour, laneOf, lanesOf, splat } from "./lanes.ts";
import { binary, each, instructionOf, one } from "./operators.ts";
import { apply, float, four, isSingle, ofCode, type Single, single, type Value, whole } from "./values.ts";
import { type Scalar, scalarOf, type Type } from "../wgsl/types.ts";

const direct = ["abs", "sqrt", "floor", "ceil", "trunc"];

/** abs of integers. */
const absolute = (frame: Frame, x: Single, of: Scalar): Single => {
  if (of === "u32") return x;
  if (x.type === "v128") return apply("v128", "i32x4.abs", x);
  const kept = frame.keptSingle(x);
  const minus = apply("i32", "i32.sub", whole(0), kept);
  const isNegative = apply("i32", "i32.lt_s", kept, whole(0));
  return ofCode("i32", [minus.code, kept.code, isNegative.code, instruction("select")]);
};

/** The value of such a function; undefined for any other name. */
export const numeric = (
  frame: Frame,
  name: string,
  args: ReadonlyArray<Value>,
  types: ReadonlyArray<Type>,
): Value | undefined => {
  const of = scalarOf(types[0]) as Scalar;
  if (name === "select") return selected(frame, args, types);
  if (name === "any" || name === "all") {
    const [value] = args;
    if (!isSingle(value)) {
      return value.map(single).reduce((a, b) => apply("i32", name === "any" ? "i32.or" : "i32.and", a, b));
    }
    return value.type === "v128" ? apply("i32", name === "any" ? "v128.any_true" : "i32x4.all_true", value) : value;
  }
  if (name === "dot") {
    const product = binary(frame, "*", args[0], args[1], types[0], types[1]);
    const numbers = isSingle(product) ? lanesOf(frame, product, true) : product.map(single);
    return numbers.reduce((a, b) => apply("f32", "f32.add", a, b));
  }
  const operations: Readonly<Record<string, (x: ReadonlyArray<Single>) => Single | undefined>> = {
    fma: ([a, b, c]) => one(frame, "+", one(frame, "*", a, b, of), c, of),
    min: ([a, b]) => least(frame, "min", a, b, of),
    max: ([a, b]) => least(frame, "max", a, b, of),
    clamp: ([x, low, high]) => least(frame, "min", least(frame, "max", x, low, of), high, of),
    round: ([x]) => apply(x.type, x.type === "v128" ? "f32x4.nearest" : "f32.nearest", x),
    inverseSqrt: ([x]) => {
      const unit = x.type === "v128" ? four([1, 1, 1, 1], true) : float(1);
      return one(frame, "/", unit, apply(x.type, x.type === "v128" ? "f32x4.sqrt" : "f32.sqrt", x), of);
    },
  };
  const made = operations[name] ??
    (direct.includes(name) && of === "f32"
      ? ([x]: ReadonlyArray<Single>) => apply(x.type, instructionOf(name, of, x.type === "v128")!, x)
      : name === "abs"
      ? ([x]: ReadonlyArray<Single>) => absolute(frame, x, of)
      : undefined);
  return made === undefined ? undefined : each(types[0], args, (x) => made(x)!);
};

const least = (frame: Frame, name: "min" | "max", a: Single, b: Single, of: Scalar): Single => {
  // Pseudo-minimum and -maximum: one instruction each, while WebAssembly's own float minimum takes many. With NaN they return the first argument.
  if (of === "f32") {
    const chosen_: Instruction = name === "min" ? "f32x4.pmin" : "f32x4.pmax";
    return a.type === "v128"
      ? apply("v128", chosen_, a, b)
      : laneOf(apply("v128", chosen_, splat(a), splat(b)), 0, true);
  }
  const known = instructionOf(name, of, a.type === "v128");
  if (known !== undefined) return apply(a.type, known, a, b);
  const [x, y] = [frame.keptSingle(a), frame.keptSingle(b)];
  const chosen = apply("i32", instructionOf(name === "min" ? "lt" : "gt", of, false)!, x, y);
  return ofCode("i32", [x.code, y.code, chosen.code, instruction("select")]);
};

/** `select(a, b, a < b)` and `select(a, b, b < a)` of vectors, as one minimum or maximum instruction. */
const chosen = (no: Single, yes: Single, { below }: Single): Single | undefined => {
  if (no.type !== "v128" || below === undefined || no.local === undefined || yes.local === undefined) return undefined;
  const is = (a: Single, b: Single) => a.local !== undefined && a.local === b.local;
  if (is(below.left, no) && is(below.right, yes)) return apply("v128", "f32x4.pmax", no, yes);
  if (is(below.left, yes) && is(below.right, no)) return apply("v128", "f32x4.pmin", no, yes);
  return undefined;
};

const selected = (frame: Frame, args: ReadonlyArray<Value>, types: ReadonlyArray<Type>): Value => {
  const [no, yes, condition] = args;
  const least = isSingle(no) && isSingle(yes) && isSingle(condition) ? chosen(no, yes, condition) : undefined;
  if (least !== undefined) return least;
  if (isFour(types[2])) {
    return ofCode("v128", [single(yes).code, single(no).code, single(condition).code, instruction("v128.bitselect")]);
  }
  if (isSingle(no)) {
    const code = [single(yes).code, no.code, single(condition).code];
    return ofCode(no.type, [code, no.type === "v128" ? selectV128 : instruction("select")]);
  }
  const kept = isSingle(condition) ? frame.keptSingle(condition) : condition;
  return no.map((part, i) =>
    ofCode(single(part).type, [
      single((yes as ReadonlyArray<Value>)[i]).code,
      single(part).code,
      (isSingle(kept) ? kept : single(kept[i])).code,
      instruction("select"),
    ])
  );
};
