/** WGSL's types: names, sizes and alignment in memory. */

/** Scalars; `int` and `float` are the abstract types of literals without a suffix. */
export type Scalar = "bool" | "i32" | "u32" | "f32" | "f16" | "int" | "float";

/** A field of a struct, `offset` bytes from its start. */
export interface StructField {
  readonly name: string;
  readonly type: Type;
  readonly offset: number;
}

/** A type. `size` is undefined for runtime-sized arrays. */
export type Type =
  | { readonly kind: "scalar"; readonly of: Scalar }
  | { readonly kind: "vector"; readonly size: 2 | 3 | 4; readonly of: Scalar }
  | { readonly kind: "array"; readonly of: Type; readonly size: number | undefined }
  | { readonly kind: "struct"; readonly name: string; readonly fields: ReadonlyArray<StructField> }
  | { readonly kind: "atomic"; readonly of: "i32" | "u32" }
  | {
    readonly kind: "matrix";
    readonly role: "left" | "right" | "result";
    readonly of: Scalar;
    readonly columns: number;
    readonly rows: number;
  }
  | { readonly kind: "pointer"; readonly to: Type }
  | { readonly kind: "none" };

export const scalar = (of: Scalar): Type => ({ kind: "scalar", of });
export const vector = (size: 2 | 3 | 4, of: Scalar): Type => ({ kind: "vector", size, of });
export const none: Type = { kind: "none" };
export const bool = scalar("bool");
export const u32 = scalar("u32");

/** The element type of a scalar or a vector; undefined for other types. */
export const scalarOf = (type: Type): Scalar | undefined =>
  type.kind === "scalar" || type.kind === "vector" ? type.of : undefined;

/** The same shape with another element type. */
export const withScalar = (type: Type, of: Scalar): Type => type.kind === "vector" ? vector(type.size, of) : scalar(of);

/** A type's name in WGSL; equal for equal types. */
export const typeName = (type: Type): string => {
  switch (type.kind) {
    case "scalar":
      return type.of;
    case "vector":
      return `vec${type.size}<${type.of}>`;
    case "array":
      return `array<${typeName(type.of)}${type.size === undefined ? "" : `, ${type.size}`}>`;
    case "struct":
      return type.name;
    case "atomic":
      return `atomic<${type.of}>`;
    case "matrix":
      return `subgroup_matrix_${type.role}<${type.of}, ${type.columns}, ${type.rows}>`;
    case "pointer":
      return `a pointer to ${typeName(type.to)}`;
    case "none":
      return "no value";
  }
};

/** Whether two types are equal. */
export const isSame = (a: Type, b: Type): boolean => typeName(a) === typeName(b);

/** Bytes of a value in memory, without padding after it. */
export const byteSize = (type: Type): number => {
  switch (type.kind) {
    case "scalar":
      return type.of === "f16" ? 2 : 4;
    case "vector":
      return type.size * (type.of === "f16" ? 2 : 4);
    case "array":
      return strideOf(type.of) * (type.size ?? 0);
    case "struct": {
      const last = type.fields.at(-1);
      return last === undefined ? 0 : roundUp(last.offset + byteSize(last.type), alignOf(type));
    }
    case "atomic":
      return 4;
    default:
      return 0;
  }
};

/** The alignment of a value in memory, in bytes. */
export const alignOf = (type: Type): number => {
  switch (type.kind) {
    case "vector":
      return (type.size === 2 ? 2 : 4) * (type.of === "f16" ? 2 : 4);
    case "array":
      return alignOf(type.of);
    case "struct":
      return Math.max(1, ...type.fields.map((field) => alignOf(field.type)));
    default:
      return Math.max(1, byteSize(type));
  }
};

/** Bytes from one element of an array to the next. */
export const strideOf = (element: Type): number => roundUp(byteSize(element), alignOf(element));

/** A struct with its fields in order at their alignments. */
export const structOf = (name: string, fields: ReadonlyArray<{ readonly name: string; readonly type: Type }>): Type => {
  let at = 0;
  return {
    kind: "struct",
    name,
    fields: fields.map((field) => {
      const offset = roundUp(at, alignOf(field.type));
      at = offset + byteSize(field.type);
      return { ...field, offset };
    }),
  };
};

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;
