/**
 * Places of values: locals or memory. Storage and uniform bindings start at addresses from the command; workgroup variables and local arrays are in
 * the thread's scratch memory. Each term of an index sum is added to the address separately. This assumes that the sum does not wrap around 2^32;
 * if it does, the address is outside the memory and the access ends the dispatch.
 */
import { type Code, i64Const, instruction, load, localGet, localSet, store } from "./assembler.ts";
import type { Frame } from "./frame.ts";
import { float, isSingle, ofCode, type Single, single, type Value, whole } from "./values.ts";
import { alignOf, byteSize, strideOf, type Type, typeName } from "../wgsl/types.ts";

/** A place in memory: an i64 address that is cheap to evaluate twice, and a constant offset. */
export interface MemoryPlace {
  readonly kind: "memory";
  readonly type: Type;
  readonly address: Code;
  readonly offset: number;
  /** For a runtime-sized array: the local with its number of elements, and the binding's name. */
  readonly length?: number;
  readonly name: string;
}

export interface LocalPlace {
  readonly kind: "local";
  readonly type: Type;
  readonly slots: Value;
}

export type Place = MemoryPlace | LocalPlace;

/** Largest offset encoded in an instruction. */
const farthest = 1 << 24;

/** An element of an array in memory; `check` writes the bounds check. */
export const elementPlace = (
  frame: Frame,
  place: MemoryPlace,
  given: Single,
  check?: (index: Single, size: Single) => void,
): MemoryPlace => {
  if (place.type.kind !== "array") throw new Error(`${typeName(place.type)} has no elements`);
  const { of, size } = place.type;
  const stride = strideOf(of);
  let index = given;
  if (check !== undefined) {
    index = frame.keptSingle(given);
    const length = size !== undefined
      ? whole(size)
      : place.length === undefined
      ? undefined
      : ofCode("i32", localGet(place.length));
    if (length !== undefined) check(index, length);
  }
  const step = { ...place, type: of, length: undefined };
  if (index.constant !== undefined && index.constant >= 0 && index.constant * stride < farthest) {
    return { ...step, offset: place.offset + index.constant * stride };
  }
  const sum = index.sum ?? { terms: [index], constant: 0 };
  const folds = sum.constant * stride < farthest;
  const shift = 31 - Math.clz32(stride);
  const scale: Code = stride === 1 << shift
    ? [i64Const(shift), instruction("i64.shl")]
    : [i64Const(stride), instruction("i64.mul")];
  const terms = folds ? sum.terms : [...sum.terms, whole(sum.constant)];
  // Term by term, so that loop-invariant parts are computed outside the loop.
  const address = terms.reduce<Code>(
    (before, { code }) => [before, code, instruction("i64.extend_i32_u"), scale, instruction("i64.add")],
    place.address,
  );
  return { ...step, address, offset: place.offset + (folds ? sum.constant * stride : 0) };
};

/** A field of a struct, or an element of a vector, in memory. */
export const partPlace = (place: MemoryPlace, type: Type, offset: number): MemoryPlace => ({
  ...place,
  type,
  offset: place.offset + offset,
});

/** The same place with its address in a local, for repeated use. */
export const held = (frame: Frame, place: MemoryPlace): MemoryPlace => {
  if (place.address[0] === 0x20) return place;
  const local = frame.local("i64");
  frame.emit(place.address, localSet(local));
  return { ...place, address: localGet(local) };
};

const isWhole = (type: Type) =>
  type.kind === "scalar" || type.kind === "atomic" || (type.kind === "vector" && type.size === 4);

const valueTypeOf = (type: Type) =>
  type.kind === "vector"
    ? "v128" as const
    : type.kind === "scalar" && type.of === "f32"
    ? "f32" as const
    : "i32" as const;

/** The parts of a struct or a short vector, and their offsets. */
const partsOf = (type: Type): ReadonlyArray<{ readonly type: Type; readonly offset: number }> =>
  type.kind === "struct"
    ? type.fields
    : type.kind === "vector"
    ? Array.from({ length: type.size }, (_, i) => ({ type: { kind: "scalar" as const, of: type.of }, offset: 4 * i }))
    : [];

/** Reads a place. */
export const readPlace = (frame: Frame, place: Place): Value => {
  if (place.kind === "local") return place.slots;
  if (isWhole(place.type)) {
    const type = valueTypeOf(place.type);
    return ofCode(type, [place.address, load(type, place.offset)]);
  }
  const base = held(frame, place);
  return partsOf(place.type).map(({ type, offset }) => readPlace(frame, partPlace(base, type, offset)));
};

/** Writes a value to a place. */
export const writePlace = (frame: Frame, place: Place, value: Value): void => {
  if (place.kind === "local") {
    // A part may depend on another that is written before it.
    frame.set(place.slots, isSingle(value) ? value : value.map((part) => frame.copied(part)));
  } else if (isWhole(place.type)) {
    const one = single(value);
    frame.emit(place.address, one.code, store(one.type, place.offset));
  } else {
    const base = held(frame, place);
    const kept = frame.kept(value) as ReadonlyArray<Value>;
    partsOf(place.type).forEach(({ type, offset }, i) => writePlace(frame, partPlace(base, type, offset), kept[i]));
  }
};

export const clear = (frame: Frame, place: MemoryPlace): void => {
  const { type } = place;
  if (type.kind !== "array" || type.size === undefined) {
    if (isWhole(type)) {
      const zero = valueTypeOf(type);
      writePlace(
        frame,
        place,
        zero === "f32" ? float(0) : zero === "i32" ? whole(0) : ofCode("v128", [0xfd, 0x0c, Array(16).fill(0)]),
      );
    } else partsOf(type).forEach((part) => clear(frame, partPlace(place, part.type, part.offset)));
    return;
  }
  const stride = strideOf(type.of);
  for (let i = 0; i < type.size; i++) clear(frame, partPlace(place, type.of, i * stride));
};

/** Allocates variables in scratch memory, one after the other. */
export class Scratch {
  bytes = 0;

  place(name: string, type: Type, address: Code): MemoryPlace {
    const align = Math.max(16, alignOf(type));
    const offset = Math.ceil(this.bytes / align) * align;
    this.bytes = offset + byteSize(type);
    return { kind: "memory", type, address, offset, name };
  }
}
