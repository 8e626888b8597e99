/**
 * Elementary functions to any number of bits in integer arithmetic: slow, with the accuracy the caller asks for. They fill the tables of
 * the fast functions and round the cases that those cannot. A number is `units` times 2^-bits. Each result is within `slack` units of the
 * true value.
 */
import { highWord, lowWord, scale } from "./float_bits.ts";

export interface Fixed {
  readonly units: bigint;
  readonly bits: number;
}

/** An upper bound of the error of every function here, in units. */
export const slack = 1n << 20n;

const one = (bits: number): bigint => 1n << BigInt(bits);

/** A finite float64 as m 2^exponent with integer m. */
export function mantissaAndExponent(x: number): { readonly m: bigint; readonly exponent: number } {
  const high = highWord(x);
  const field = (high >>> 20) & 0x7ff;
  const m = (BigInt(high & 0xfffff) << 32n) + BigInt(lowWord(x)) + (field === 0 ? 0n : 1n << 52n);
  return { m: x < 0 ? -m : m, exponent: Math.max(field, 1) - 1075 };
}

/** units 2^by, rounded down. */
export const shifted = (units: bigint, by: number): bigint => by >= 0 ? units << BigInt(by) : units >> BigInt(-by);

/** A finite float64 in units of 2^-bits, rounded down. */
export function fixed(x: number, bits: number): bigint {
  const { m, exponent } = mantissaAndExponent(x);
  return shifted(m, exponent + bits);
}

const lengthOf = (units: bigint): number => {
  const digits = units.toString(16);
  return 4 * (digits.length - 1) + (32 - Math.clz32(parseInt(digits[0], 16)));
};

/** The float64 nearest to a number, a tie to the even one. */
export function nearest({ units, bits }: Fixed): number {
  const size = units < 0n ? -units : units;
  const drop = Math.max(lengthOf(size) - 53, bits - 1074, 0);
  const whole = size >> BigInt(drop);
  const rest = 2n * (size - (whole << BigInt(drop)));
  const half = one(drop);
  const up = drop > 0 && (rest > half || (rest === half && (whole & 1n) === 1n));
  const value = scale(Number(up ? whole + 1n : whole), drop - bits);
  return units < 0n ? -value : value;
}

/** A number as a float64 plus the float64 of the remainder. */
export function pair({ units, bits }: Fixed): readonly [number, number] {
  const high = nearest({ units, bits });
  return [high, nearest({ units: units - fixed(high, bits), bits })];
}

/** A number between 0 and 1 as a sum of float64 of the given widths in bits; the last is the remainder. */
export function cut({ units, bits }: Fixed, ...widths: ReadonlyArray<number>): ReadonlyArray<number> {
  const pieces: Array<number> = [];
  let left = units;
  for (const width of widths) {
    const drop = BigInt(lengthOf(left) - width);
    const piece = (left >> drop) << drop;
    pieces.push(nearest({ units: piece, bits }));
    left -= piece;
  }
  return [...pieces, nearest({ units: left, bits })];
}

/** artanh(1 / n), or arctan(1 / n) if `alternate`. */
export function inverseSeries(n: bigint, bits: number, alternate: boolean): bigint {
  const square = alternate ? -n * n : n * n;
  let term = one(bits) / n;
  let sum = term;
  for (let k = 3n; term !== 0n; k += 2n) {
    term /= square;
    sum += term / k;
  }
  return sum;
}

const guard = 32;

/** π (Machin 1706). */
function makePi(bits: number): bigint {
  const w = bits + guard;
  return (16n * inverseSeries(5n, w, true) - 4n * inverseSeries(239n, w, true)) >> BigInt(guard);
}

/** log 2. */
function makeLn2(bits: number): bigint {
  const w = bits + guard;
  const [a, b, c] = [26n, 4801n, 8749n].map((n) => inverseSeries(n, w, false));
  return (18n * a - 2n * b + 8n * c) >> BigInt(guard);
}

const kept = 1536;
const keptPi = makePi(kept);
const keptLn2 = makeLn2(kept);

export const pi = (bits: number): bigint => bits <= kept ? keptPi >> BigInt(kept - bits) : makePi(bits);

export const ln2 = (bits: number): bigint => bits <= kept ? keptLn2 >> BigInt(kept - bits) : makeLn2(bits);

/** e^x for |x| < 1: the series at x / 256, squared eight times. */
export function expOf(x: bigint, bits: number): bigint {
  const shift = BigInt(bits + guard);
  const r = x << BigInt(guard - 8);
  let term = 1n << shift;
  let sum = term;
  for (let k = 1n; term !== 0n && term !== -1n; k++) {
    term = (term * r >> shift) / k;
    sum += term;
  }
  for (let i = 0; i < 8; i++) sum = sum * sum >> shift;
  return sum >> BigInt(guard);
}

/** sin x and cos x for |x| < 2. */
export function sinCosOf(x: bigint, bits: number): readonly [bigint, bigint] {
  const shift = BigInt(bits);
  const square = x * x >> shift;
  const series = (first: bigint, start: bigint): bigint => {
    let term = first;
    let sum = term;
    for (let k = start; term !== 0n && term !== -1n; k += 2n) {
      term = -(term * square >> shift) / (k * (k + 1n));
      sum += term;
    }
    return sum;
  };
  return [series(x, 2n), series(one(bits), 1n)];
}

/** log(1 + x), or arctan x if `step` is 2, for |x| < 1/2. */
export function smallSeries(x: bigint, bits: number, step: 1 | 2): bigint {
  const shift = BigInt(bits);
  const factor = step === 1 ? x : x * x >> shift;
  let power = x;
  let sum = x;
  for (let k = 1n + BigInt(step), sign = -1n; power !== 0n && power !== -1n; k += BigInt(step), sign = -sign) {
    power = power * factor >> shift;
    sum += sign * (power / k);
  }
  return sum;
}

/** The integer square root, rounded down. */
export function squareRoot(x: bigint): bigint {
  if (x === 0n) return 0n;
  let root = 1n << BigInt((lengthOf(x) + 1) >> 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
