/**
 * Values during compilation: code that leaves a number, and its known properties. `vec4` is one v128. `vec2`, `vec3` and structs are separate
 * values, since extracting a lane of a v128 costs more than reading a local.
 */
import {
  type Code,
  f32Const,
  i32Const,
  type Instruction,
  instruction,
  localGet,
  v128Const,
  type ValueType,
} from "./assembler.ts";
import type { Type } from "../wgsl/types.ts";

/** Code that leaves one number or vector. */
export interface Single {
  readonly type: ValueType;
  readonly code: Code;
  /** Whether the code may be evaluated twice: a local or a constant. */
  readonly cheap: boolean;
  readonly constant?: number;
  /** Elements of a constant vector. */
  readonly numbers?: ReadonlyArray<number>;
  /** The local that the code reads. */
  readonly local?: number;
  /** Terms of a u32 sum, and its constant. */
  readonly sum?: { readonly terms: ReadonlyArray<Single>; readonly constant: number };
  /** Operands of `left < right`. */
  readonly below?: { readonly left: Single; readonly right: Single };
  /** The vector and lane of an extracted element. */
  readonly lane?: { readonly of: Single; readonly lane: number };
}

export type Value = Single | ReadonlyArray<Value>;

export const isSingle = (value: Value): value is Single => !Array.isArray(value);

/** The value as a `Single`; only for types held as one. */
export const single = (value: Value): Single => {
  if (isSingle(value)) return value;
  throw new Error("a value of several parts stands where one is expected");
};

export const valueParts = (value: Value): ReadonlyArray<Value> => {
  if (!isSingle(value)) return value;
  throw new Error("one value stands where several parts are expected");
};

/** Whether a value may be evaluated twice. */
export const isCheap = (value: Value): boolean => isSingle(value) ? value.cheap : value.every(isCheap);

export const ofCode = (type: ValueType, code: Code): Single => ({ type, code, cheap: false });
export const ofLocal = (type: ValueType, local: number): Single => ({
  type,
  code: localGet(local),
  cheap: true,
  local,
});
export const whole = (value: number): Single => ({
  type: "i32",
  code: i32Const(value),
  cheap: true,
  constant: value | 0,
});
export const float = (value: number): Single => ({ type: "f32", code: f32Const(value), cheap: true, constant: value });
export const four = (numbers: ReadonlyArray<number>, isFloat: boolean): Single => ({
  type: "v128",
  code: v128Const(numbers, isFloat),
  cheap: true,
  numbers,
});

/** An instruction after its operands. */
export const apply = (type: ValueType, name: Instruction, ...operands: ReadonlyArray<Single>): Single =>
  ofCode(type, [operands.map(({ code }) => code), instruction(name)]);

/** How a type is held: one WebAssembly type, or one per part. */
export type Shape = ValueType | ReadonlyArray<Shape>;

/** The shape of values of a type; undefined for types held only in memory. */
export const shapeOf = (type: Type): Shape | undefined => {
  switch (type.kind) {
    case "scalar":
      return type.of === "f32" ? "f32" : type.of === "f16" ? undefined : "i32";
    case "vector": {
      if (type.of === "f16") return undefined;
      return type.size === 4 ? "v128" : Array.from({ length: type.size }, () => type.of === "f32" ? "f32" : "i32");
    }
    case "struct": {
      const shapes = type.fields.map((field) => shapeOf(field.type));
      return shapes.every((shape) => shape !== undefined) ? shapes : undefined;
    }
    default:
      return undefined;
  }
};

/** The value of a type that is zero in each part. */
export const zeroOf = (shape: Shape): Value =>
  typeof shape !== "string"
    ? shape.map(zeroOf)
    : shape === "f32"
    ? float(0)
    : shape === "v128"
    ? four([0, 0, 0, 0], false)
    : whole(0);
