/**
 * Test cases of an op: its operands, how to run it, and its expected results. The conformance test, gradient check, determinism test and benchmark
 * iterate over them. A reference is written once and run twice: in float64, and with every step rounded to float32, which gives the allowed error
 * of a float32 sum.
 */
import { Key, uniform } from "../../data/random.ts";
import { fromHalves, type HalfFormat, toHalves } from "../gpu/half_precision.ts";
import type { Tape } from "../gpu/tape.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Applied to every intermediate result of a reference: identity, or rounding to float32. */
export type Round = (x: number) => number;

/** Flat row-major numbers, by the name of the operand or result. */
export type NamedValues = Readonly<Record<string, Float64Array>>;

/** An operand: float32 numbers, or u32 words. */
export interface Operand {
  readonly rows: number;
  readonly cols: number;
  /** Words from one row to the next; more than `cols` leaves gaps. */
  readonly stride: number;
  readonly data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  /** 16-bit storage format on the device, if any, and its scale; `data` must be numbers of that format times the scale. */
  readonly format?: HalfFormat | undefined;
  readonly scale?: number | undefined;
  /** `weight`: its gradient is accumulated; `activation`: its gradient is overwritten; `constant`: it has no gradient. */
  readonly role: "weight" | "activation" | "constant";
}

/** One shape of an op. */
export interface OpCase {
  readonly name: string;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Runs the op and names its results. */
  readonly run: (tape: Tape, inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;
  /** Names of results that are u32 words. */
  readonly integers?: ReadonlyArray<string>;
  /** The expected results, every step passed through `round`. */
  readonly reference: (values: NamedValues, round: Round) => NamedValues;
  /** The gradients of Σ cotangent · result with respect to each weight and activation, every step passed through `round`. */
  readonly vjp?: (values: NamedValues, cotangents: NamedValues, round: Round) => NamedValues;
}

/** An op's cases for tests and benchmark. */
export interface OpCases {
  readonly name: string;
  readonly cases: ReadonlyArray<OpCase>;
  /** The same case with N rows, the first ones equal: a row's result must not depend on the others. */
  readonly rows?: (N: number) => OpCase;
  /** A binding limit in bytes under which the cases run again, and whether bits must be equal (sums over rows may differ). */
  readonly windowed?: { readonly binding: number; readonly bits: "equal" | "close" };
}

/** Numbers in [-1, 1) that depend only on name and index. */
export const noise = (name: string, length: number): Float32Array<ArrayBuffer> => {
  const key = Key.fold(Key.make(0), "case", name);
  return Float32Array.from({ length }, (_, i) => 2 * uniform(key, i) - 1);
};

export interface FloatOptions {
  readonly role?: Operand["role"];
  readonly spread?: number;
  readonly center?: number;
  readonly stride?: number;
  readonly format?: HalfFormat | undefined;
  readonly scale?: number | undefined;
}

/** A rows × cols operand of numbers within `spread` of `center`, rounded to the format. */
export const floats = (name: string, rows: number, cols: number, options: FloatOptions = {}): Operand => {
  const { role = "activation", spread = 1, center = 0, stride = cols, format, scale } = options;
  const numbers = noise(name, rows * cols).map((x) => center + spread * x);
  const data = format === undefined ? numbers : inHalves(numbers, format, scale);
  return { rows, cols, stride, role, data, format, scale };
};

/** Numbers divided by `scale` and stored in 16 bits; float16 saturates, as in `half_words.wgsl`. */
export const inHalves = (
  numbers: Float32Array<ArrayBuffer>,
  format: HalfFormat,
  scale = 1,
): Float32Array<ArrayBuffer> => {
  const most = format === "f16" ? 65504 : Infinity;
  const stored = numbers.map((x) => Number.isFinite(x) ? Math.min(most, Math.max(-most, x / scale)) : x);
  return fromHalves(toHalves(stored, format), format).map((x) => x * scale);
};

/** The last step of a reference whose result is stored in `format`: rounds to it, unless the reference is exact. */
export const kept = (round: Round, format: HalfFormat | undefined, scale?: number): Round => {
  const isExact = round(0.1) === 0.1;
  return (x) => isExact || format === undefined ? round(x) : inHalves(Float32Array.of(x), format, scale)[0];
};

/** A rows × cols operand of u32 words, without a gradient. */
export const words = (data: ArrayLike<number>, rows = 1, cols = data.length / rows): Operand => ({
  rows,
  cols,
  stride: cols,
  role: "constant",
  data: Uint32Array.from(data),
});

/** Random integers below `limit`, as words. */
export const indices = (name: string, count: number, limit: number): Operand =>
  words(noise(name, count).map((x) => Math.floor((x + 1) / 2 * limit)));

/** Columns `column … column + cols` of a matrix of `width` columns. */
export const columns = (values: Float64Array, width: number, column: number, cols: number): Float64Array =>
  Float64Array.from(
    { length: values.length / width * cols },
    (_, i) => values[Math.floor(i / cols) * width + column + i % cols],
  );

/** Σ a · b over `count` products in order, with elements `strideA` and `strideB` apart. */
export const dotProduct = (
  round: Round,
  count: number,
  a: Float64Array,
  atA: number,
  strideA: number,
  b: Float64Array,
  atB: number,
  strideB: number,
): number => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum = round(sum + round(a[atA + i * strideA] * b[atB + i * strideB]));
  return sum;
};
