/** The four lanes of a v128: extract, splat, build. Lanes of known vectors are combined by shuffles. */
import { extractLane, replaceLane, shuffle } from "./assembler.ts";
import type { Frame } from "./frame.ts";
import { apply, four, ofCode, type Single, whole } from "./values.ts";
import type { Scalar, Type } from "../wgsl/types.ts";

/** Whether values of a type are held in a v128. */
export const isFour = (type: Type): boolean => type.kind === "vector" && type.size === 4;

/** The four elements of a vector as separate values. */
export const lanesOf = (frame: Frame, value: Single, isFloat: boolean): ReadonlyArray<Single> => {
  const kept = frame.keptSingle(value);
  return [0, 1, 2, 3].map((lane) => laneOf(kept, lane, isFloat));
};

export const laneOf = (vector: Single, lane: number, isFloat: boolean): Single => ({
  ...ofCode(isFloat ? "f32" : "i32", [vector.code, extractLane(isFloat ? "f32" : "i32", lane)]),
  ...(vector.cheap ? { lane: { of: vector, lane } } : {}),
});

/** An element of a vector. Booleans, all ones in a lane, become 0 or 1. */
export const elementOf = (vector: Single, lane: number, of: Scalar | undefined): Single =>
  of === "bool" ? apply("i32", "i32.and", laneOf(vector, lane, false), whole(1)) : laneOf(vector, lane, of === "f32");

/** An element in its form within a lane. */
export const asElement = (value: Single, of: Scalar | undefined): Single =>
  of !== "bool"
    ? value
    : value.constant === undefined
    ? apply("i32", "i32.sub", whole(0), value)
    : whole(-value.constant);

/** The same number in all four lanes. */
export const splat = (value: Single): Single => {
  if (value.constant !== undefined) {
    return four(
      [0, 0, 0, 0].map(() => value.type === "f32" ? value.constant! : value.constant! >>> 0),
      value.type === "f32",
    );
  }
  if (value.lane !== undefined) {
    const { of, lane } = value.lane;
    return ofCode("v128", [of.code, of.code, shuffle([lane, lane, lane, lane])]);
  }
  return apply("v128", value.type === "f32" ? "f32x4.splat" : "i32x4.splat", value);
};

export const fourOf = (values: ReadonlyArray<Single>): Single => {
  const isFloat = values[0].type === "f32";
  if (values.every(({ constant }) => constant !== undefined)) {
    return four(values.map(({ constant }) => isFloat ? constant! : constant! >>> 0), isFloat);
  }
  const [a, b, c, d] = values.map(({ lane }) => lane);
  if (a !== undefined && b !== undefined && c !== undefined && d !== undefined) {
    if (values.every(({ lane }) => lane!.of.local !== undefined && lane!.of.local === a.of.local)) {
      return ofCode("v128", [a.of.code, a.of.code, shuffle([a.lane, b.lane, c.lane, d.lane])]);
    }
    // A transposition takes one lane of each of four vectors: two results share the shuffles of the first step.
    const sources = [...new Set([a, b, c, d].map(({ of }) => of.local))];
    if (sources.length === 2 && sources.every((local) => local !== undefined)) {
      const second = [a, b, c, d].find(({ of }) => of.local === sources[1])!;
      const lanes = [a, b, c, d].map(({ of, lane }) => of.local === sources[0] ? lane : lane + 4);
      return ofCode("v128", [a.of.code, second.of.code, shuffle(lanes)]);
    }
    const half = a.lane & 2;
    if (b.lane === a.lane && c.lane === a.lane && d.lane === a.lane) {
      const pair = [half, half + 4, half + 1, half + 5];
      const low = [a.of.code, b.of.code, shuffle(pair)];
      const high = [c.of.code, d.of.code, shuffle(pair)];
      return ofCode("v128", [low, high, shuffle(a.lane === half ? [0, 1, 4, 5] : [2, 3, 6, 7])]);
    }
  }
  const type = isFloat ? "f32" : "i32";
  const rest = values.slice(1).map(({ code }, i) => [code, replaceLane(type, i + 1)]);
  return ofCode("v128", [splat(values[0]).code, rest]);
};
