/**
 * e^x and e^x - 1, correctly rounded. With x = k (log 2) / 128 + r, e^x = 2^(k / 128) e^r: a table of 128 powers and a series for |r| <
 * 1/369, whose first three terms keep twice the precision.
 */
import { twoProduct, twoSum } from "./double_double.ts";
import { cut, expOf, type Fixed, fixed, ln2, nearest, pair } from "./fixed_point.ts";
import { powerOfTwo } from "./float_bits.ts";
import { refined, settled } from "./rounding.ts";

const size = 128;

/** 2^(j / 128) as a float64 plus a remainder; `share` is the remainder divided by that float64, rounded. */
export const powers = (() => {
  const bits = 192;
  const high = new Float64Array(size), low = new Float64Array(size), share = new Float64Array(size);
  const step = expOf(ln2(bits) / BigInt(size), bits);
  let units = 1n << BigInt(bits);
  for (let j = 0; j < size; j++) {
    [high[j], low[j]] = pair({ units, bits });
    const whole = fixed(high[j], bits);
    share[j] = nearest({ units: ((units - whole) << BigInt(bits)) / whole, bits });
    units = units * step >> BigInt(bits);
  }
  return { high, low, share };
})();

const [step1, step2, step3] = cut({ units: ln2(192), bits: 192 + 7 }, 34, 34);
const perStep = size / Math.LN2;
/** Bounds of the relative error. The largest measured are 2^-78.5, and 2^-70 when 1 is subtracted near 0. */
const relative = powerOfTwo(-74);
const relativeNearZero = powerOfTwo(-67);

/** e^x, or e^x - 1 if `less` is 1, for |x| < 708. */
function fast(x: number, less: 0 | 1): number {
  const k = Math.floor(x * perStep + 0.5);
  const reduced = twoSum(x - k * step1, -k * step2);
  const r = reduced.high;
  const rest = reduced.low - k * step3;
  // e^r - 1 = first + second
  const square = twoProduct(r, r);
  const sum = twoSum(r, 0.5 * square.high);
  const cubic = r * square.high *
    (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880)))))));
  const first = sum.high;
  const second = sum.low + (0.5 * square.low + (rest + (r * rest + cubic)));
  if (k === 0 && less === 1) return settled(first, second, Math.abs(first) * relativeNearZero);
  const j = k & (size - 1);
  const power = powers.high[j];
  const product = twoProduct(power, first);
  const total = twoSum(power, product.high);
  const low = total.low + (product.low + (power * second + powers.low[j] * (1 + first)));
  const unit = powerOfTwo((k - j) / size);
  if (less === 0) return settled(total.high, low, total.high * relative) * unit;
  const difference = twoSum(total.high * unit, -1);
  return settled(
    difference.high,
    difference.low + low * unit,
    (Math.abs(difference.high) + total.high * unit) * relative,
  );
}

/** e^x as a fraction of `bits` bits in [1/2, 2) times a power of two. */
function expFixed(x: number, bits: number): Fixed {
  const w = bits + 16;
  const units = fixed(x, w);
  const k = units / ln2(w);
  return { units: expOf(units - k * ln2(w), w) >> 16n, bits: bits - Number(k) };
}

/** e^x. */
export function exp(x: number): number {
  if (Math.abs(x) < 708) {
    if (Math.abs(x) < 5e-17) return 1;
    const value = fast(x, 0);
    return Number.isNaN(value) ? refined((bits) => expFixed(x, bits)) : value;
  }
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  return Number.isNaN(x) ? NaN : refined((bits) => expFixed(x, bits));
}

/** e^x - 1. */
export function expm1(x: number): number {
  if (Math.abs(x) < 708) {
    if (Math.abs(x) < 5e-17) return x;
    if (x < -38) return -1;
    const value = fast(x, 1);
    return Number.isNaN(value) ? refined((bits) => lessOne(expFixed(x, bits))) : value;
  }
  if (x > 710) return Infinity;
  if (x < 0) return -1;
  return Number.isNaN(x) ? NaN : refined((bits) => expFixed(x, bits));
}

const lessOne = ({ units, bits }: Fixed): Fixed =>
  bits >= 0 ? { units: units - (1n << BigInt(bits)), bits } : { units: (units << BigInt(-bits)) - 1n, bits: 0 };
