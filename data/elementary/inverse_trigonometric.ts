/**
 * Arc sine, arc cosine and arc tangent, correctly rounded. Each is the angle of a point (x, y). In the first half quadrant arctan(y / x) =
 * arctan c + arctan((y - c x) / (x + c y)), with c a multiple of 1/128 from a table and a series for the remainder.
 */
import { type DoubleDouble, twoProduct, twoSum } from "./double_double.ts";
import { fixed, pair, pi, sinCosOf, smallSeries, squareRoot } from "./fixed_point.ts";
import { highWord, nearlySame, powerOfTwo, scale } from "./float_bits.ts";
import { refined, settled } from "./rounding.ts";

const size = 128;

/** arctan(j / 128) for j = 0 … 128, as a float64 plus a remainder. */
const arcs = (() => {
  const bits = 192;
  const high = new Float64Array(size + 1), low = new Float64Array(size + 1);
  let units = 0n;
  for (let j = 0; j <= size; j++) {
    [high[j], low[j]] = pair({ units, bits });
    const step = (BigInt(size) << BigInt(bits)) / BigInt(size * size + j * (j + 1));
    units += smallSeries(step, bits, 2);
  }
  return { high, low };
})();

const [piHigh, piLow] = pair({ units: pi(192), bits: 192 });
/** An upper bound of the relative error; the largest measured is 2^-69.1. */
const relative = powerOfTwo(-66);
const tiny = powerOfTwo(-60);

/** a - c b; `c` has few bits. */
function less(a: DoubleDouble, c: number, b: DoubleDouble): DoubleDouble {
  const product = twoProduct(c, b.high);
  const sum = twoSum(a.high, -product.high);
  return { high: sum.high, low: sum.low - product.low + (a.low - c * b.low) };
}

/** arctan(y / x) for 0 <= y <= x. */
function arc(y: DoubleDouble, x: DoubleDouble): DoubleDouble {
  const j = Math.floor(y.high / x.high * size + 0.5);
  const top = less(y, j / size, x), bottom = less(x, -j / size, y);
  const u = top.high / bottom.high;
  const product = twoProduct(u, bottom.high);
  const rest = (top.high - product.high - product.low + top.low - u * bottom.low) / bottom.high;
  const s = u * u;
  const cubic = u * s * (-1 / 3 + s * (1 / 5 + s * (-1 / 7 + s * (1 / 9 + s * (-1 / 11)))));
  const sum = twoSum(arcs.high[j], u);
  return { high: sum.high, low: sum.low + (arcs.low[j] + (rest - rest * s + cubic)) };
}

/** The angle of a point with y >= 0. */
function angle(y: DoubleDouble, x: DoubleDouble): DoubleDouble {
  const isLeft = x.high < 0;
  const across = isLeft ? { high: -x.high, low: -x.low } : x;
  const isSteep = y.high > across.high;
  const part = isSteep ? arc(across, y) : arc(y, across);
  // π / 2 - part, π - part or π / 2 + part
  if (!isSteep && !isLeft) return part;
  const [base, baseLow] = isSteep ? [piHigh / 2, piLow / 2] : [piHigh, piLow];
  const sign = isSteep === isLeft ? 1 : -1;
  const sum = twoSum(base, sign * part.high);
  return { high: sum.high, low: sum.low + (baseLow + sign * part.low) };
}

/** The angle of a point of length about 1, given a float64 near the angle. */
function angleFixed(y: bigint, x: bigint, near: number, w: number): bigint {
  const shift = BigInt(w);
  const start = fixed(near, w);
  // Beyond π / 2 the sine series would be long, so the point is rotated.
  const turn = near > 1.6 ? pi(w) >> 1n : 0n;
  const [upper, across] = turn === 0n ? [y, x] : [-x, y];
  const [sin, cos] = sinCosOf(start - turn, w);
  const ratio = ((upper * cos - across * sin) << shift) / (across * cos + upper * sin);
  return start + smallSeries(ratio, w, 2);
}

function settle({ high, low }: DoubleDouble, exact: (near: number, w: number) => bigint): number {
  const value = settled(high, low, Math.abs(high) * relative);
  return Number.isNaN(value) ? refined((bits) => ({ units: exact(high, bits + 16) >> 16n, bits })) : value;
}

/** sqrt(1 - x^2). */
function beside(x: number): DoubleDouble {
  const minus = twoSum(1, -x), plus = twoSum(1, x);
  const product = twoProduct(minus.high, plus.high);
  const high = Math.sqrt(product.high);
  if (high === 0) return { high, low: 0 };
  const square = twoProduct(high, high);
  const left = product.high - square.high - square.low +
    (product.low + (minus.high * plus.low + minus.low * plus.high));
  return { high, low: left / (2 * high) };
}

function besideFixed(x: bigint, w: number): bigint {
  return squareRoot((1n << BigInt(2 * w)) - x * x);
}

/** The arc sine. */
export function asin(x: number): number {
  const size = Math.abs(x);
  if (!(size <= 1)) return NaN;
  if (size < 1e-8) return x;
  const value = settle(
    angle({ high: size, low: 0 }, beside(size)),
    (near, w) => angleFixed(fixed(size, w), besideFixed(fixed(size, w), w), near, w),
  );
  return x < 0 ? -value : value;
}

/** The arc cosine. */
export function acos(x: number): number {
  if (!(Math.abs(x) <= 1)) return NaN;
  if (x === 1) return 0;
  return settle(
    angle(beside(x), { high: x, low: 0 }),
    (near, w) => angleFixed(besideFixed(fixed(x, w), w), fixed(x, w), near, w),
  );
}

/** The arc tangent. Below 2^-26 it is x, as in V8, although x - x^3 / 3 rounds differently from 2^-27 on. */
export const atan = (x: number): number => Math.abs(x) < 1.4901161193847656e-8 ? nearlySame(x) : atan2(x, 1);

/** The angle of the point (x, y), from -π to π. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(y) || Number.isNaN(x)) return NaN;
  // Here the angle rounds as the quotient does; adding 0 drops the sign of zero, as V8 does.
  if (x < Infinity && Math.abs(y) < x * tiny && y !== 0) return y / x + 0;
  const isDown = y < 0 || Object.is(y, -0);
  const value = upperAngle(Math.abs(y), x);
  return isDown ? -value : value;
}

function upperAngle(y: number, x: number): number {
  if (y === 0) return x < 0 || Object.is(x, -0) ? piHigh : 0;
  if (y === Infinity || Math.abs(x) === Infinity) {
    const infinite = (z: number) => Math.abs(z) === Infinity ? Math.sign(z) : 0;
    return upperAngle(infinite(y), infinite(x));
  }
  const exponent = exponentOf(Math.max(y, Math.abs(x)));
  const [up, across] = [scale(y, -exponent), scale(x, -exponent)];
  const exact = (near: number, w: number): bigint => {
    // Both coordinates exactly, as fractions of the larger one.
    const [a, b] = [fixed(y, 1100), fixed(x, 1100)];
    const length = fixed(Math.max(y, Math.abs(x)), 1100);
    return angleFixed((a << BigInt(w)) / length, (b << BigInt(w)) / length, near, w);
  };
  return settle(angle({ high: up, low: 0 }, { high: across, low: 0 }), exact);
}

const exponentOf = (x: number): number => ((highWord(x) >>> 20) & 0x7ff) - 1023;
