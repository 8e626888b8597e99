/** How generated JavaScript represents a WGSL value: one scalar per slot, in memory order. */
import { byteSize, strideOf, type Type } from "../../wgsl/types.ts";

/** The kind of a slot. A subgroup matrix is one slot: an array of numbers shared by the subgroup. */
export type Kind = "f32" | "f16" | "u32" | "i32" | "bool" | "matrix";

/** A slot's kind, and its offset in bytes from the start of the value. */
export interface MemorySlot {
  readonly kind: Kind;
  readonly offset: number;
}

/** The slots of a value of this type, with their offsets in memory. */
export const memorySlotsOf = (type: Type, offset = 0): ReadonlyArray<MemorySlot> => {
  switch (type.kind) {
    case "scalar":
      return [{ kind: kindOf(type.of), offset }];
    case "vector": {
      const size = bytesOf(kindOf(type.of));
      return Array.from({ length: type.size }, (_, i) => ({ kind: kindOf(type.of), offset: offset + i * size }));
    }
    case "array":
      return Array.from({ length: type.size ?? 0 }, (_, i) => memorySlotsOf(type.of, offset + i * strideOf(type.of)))
        .flat();
    case "struct":
      return type.fields.flatMap((field) => memorySlotsOf(field.type, offset + field.offset));
    case "atomic":
      return [{ kind: type.of, offset }];
    case "matrix":
      return [{ kind: "matrix", offset }];
    default:
      return [];
  }
};

/** The kinds of the slots of a value of this type. */
export const kindsOf = (type: Type): ReadonlyArray<Kind> => memorySlotsOf(type).map(({ kind }) => kind);

/** Number of slots of a value. */
export const slotCount = (type: Type): number => {
  switch (type.kind) {
    case "array":
      return (type.size ?? 0) * slotCount(type.of);
    case "struct":
      return type.fields.reduce((sum, field) => sum + slotCount(field.type), 0);
    case "vector":
      return type.size;
    case "none":
    case "pointer":
      return 0;
    default:
      return 1;
  }
};

/** Whether a value has indexable elements and so needs an array of slots. */
export const holdsArray = (type: Type): boolean =>
  type.kind === "array" || (type.kind === "struct" && type.fields.some((field) => holdsArray(field.type)));

/** Bytes of a slot in memory. */
export const bytesOf = (kind: Kind): number => kind === "f16" ? 2 : 4;

/** Bytes of the unit in which accesses are recorded: 2 for types with float16 elements, else 4. */
export const unitOf = (type: Type): 2 | 4 => memorySlotsOf(elementOf(type)).some(({ kind }) => kind === "f16") ? 2 : 4;

/** Fewest bytes of a variable; a runtime-sized array counts one element. */
export const leastBytes = (type: Type): number =>
  type.kind === "array" && type.size === undefined ? strideOf(type.of) : byteSize(type);

const elementOf = (type: Type): Type => type.kind === "array" ? elementOf(type.of) : type;

const kindOf = (of: string): Kind => of === "int" ? "i32" : of === "float" ? "f32" : of as Kind;
