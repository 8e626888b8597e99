/**
 * Sine and cosine, correctly rounded. With x = k π / 256 + r, the sine of k π / 256 comes from a table, and that of r, below 1/162, from a
 * series whose terms up to r^2 keep twice the precision. From 2^40 on, k and r are computed in integers.
 */
import { twoProduct, twoSum } from "./double_double.ts";
import { cut, type Fixed, fixed, pair, pi, sinCosOf } from "./fixed_point.ts";
import { highWord, nearlySame, powerOfTwo } from "./float_bits.ts";
import { refined, settled } from "./rounding.ts";

const quarter = 128;

/** sin(j π / 256) for j = 0 … 128, as a float64 plus a remainder. */
const sines = (() => {
  const bits = 192, shift = 192n;
  const high = new Float64Array(quarter + 1), low = new Float64Array(quarter + 1);
  const [turnSin, turnCos] = sinCosOf(pi(bits) / 256n, bits);
  let [sin, cos] = [0n, 1n << shift];
  for (let j = 0; j <= quarter; j++) {
    [high[j], low[j]] = pair({ units: sin, bits });
    [sin, cos] = [(sin * turnCos + cos * turnSin) >> shift, (cos * turnCos - sin * turnSin) >> shift];
  }
  return { high, low };
})();

/** π / 256 as a sum of three float64. */
const [step1, step2, step3] = cut({ units: pi(320), bits: 320 + 8 }, 53, 53);
const perStep = 256 / Math.PI;
const farthest = 2 ** 40;
/** Bounds of the error; the largest measured relative error is 2^-68.5. */
const relative = powerOfTwo(-66);
const absolute = powerOfTwo(-104);

/** The sine of x + turns π / 2 for 0 <= x < 2^40; NaN if the rounding is undecided. */
function near(x: number, turns: 0 | 1): number {
  const k = Math.floor(x * perStep + 0.5);
  const one = twoProduct(k, step1), two = twoProduct(k, step2);
  const coarse = twoSum(x - one.high, -one.low);
  const fine = twoSum(coarse.high, -two.high);
  return ofParts(
    k - 512 * Math.floor(k / 512) + turns * quarter,
    fine.high,
    fine.low + (coarse.low - (two.low + k * step3)),
  );
}

/** As `near`, for any finite x > 0. */
function far(x: number, turns: 0 | 1): number {
  const bits = 160;
  const step = pi(bits + exponentOf(x)) >> 8n;
  const units = fixed(x, bits + exponentOf(x));
  const k = (2n * units + step) / (2n * step);
  const [r, rest] = pair({ units: units - k * step, bits: bits + exponentOf(x) });
  return ofParts(Number(k & 511n) + turns * quarter, r, rest);
}

/** sin(at π / 256 + r + rest). */
function ofParts(at: number, r: number, rest: number): number {
  const j = at & (quarter - 1);
  const isCosine = (at & quarter) !== 0;
  const a = isCosine ? quarter - j : j;
  const b = quarter - a;
  const sin = sines.high[a], sinLow = sines.low[a];
  const cos = isCosine ? -sines.high[b] : sines.high[b], cosLow = isCosine ? -sines.low[b] : sines.low[b];
  // sin r = r + sinRest, cos r = 1 + cosHigh + cosRest
  const square = twoProduct(r, r);
  const s = square.high;
  const sinRest = r * s * (-1 / 6 + s * (1 / 120 + s * (-1 / 5040 + s * (1 / 362880)))) + (rest - 0.5 * rest * s);
  const cosHigh = -0.5 * s;
  const cosRest = s * s * (1 / 24 + s * (-1 / 720 + s * (1 / 40320))) - (0.5 * square.low + r * rest);
  const one = twoProduct(sin, cosHigh), two = twoProduct(cos, r);
  const parts = twoSum(two.high, one.high);
  const total = twoSum(sin, parts.high);
  const low = total.low +
    (parts.low + (one.low + two.low + (sinLow + sin * cosRest + cos * sinRest + cosLow * r + sinLow * cosHigh)));
  const value = settled(total.high, low, Math.abs(total.high) * relative + absolute);
  return (at & (2 * quarter)) === 0 ? value : -value;
}

/** The sine of x + turns π / 2 for any finite x > 0. */
function sineFixed(x: number, turns: 0 | 1, bits: number): Fixed {
  const w = bits + 16;
  const wide = w + exponentOf(x);
  const half = pi(wide) >> 1n;
  const units = fixed(x, wide);
  const k = (2n * units + half) / (2n * half);
  const [sin, cos] = sinCosOf((units - k * half) >> BigInt(wide - w), w);
  const quadrant = Number(k & 3n) + turns;
  const value = (quadrant & 1) === 1 ? cos : sin;
  return { units: ((quadrant & 2) === 0 ? value : -value) >> 16n, bits };
}

/** An exponent e >= 0 of a positive number with x < 2^e. */
const exponentOf = (x: number): number => Math.max(0, (highWord(x) >>> 20) - 1022);

function sine(x: number, turns: 0 | 1): number {
  if (!(x < Infinity)) return NaN;
  const value = x < farthest ? near(x, turns) : far(x, turns);
  return Number.isNaN(value) ? refined((bits) => sineFixed(x, turns, bits)) : value;
}

/** The sine. */
export function sin(x: number): number {
  if (Math.abs(x) < 1e-8) return nearlySame(x);
  return x < 0 ? -sine(-x, 0) : sine(x, 0);
}

/** The cosine. */
export function cos(x: number): number {
  if (Math.abs(x) < 5e-9) return 1;
  return sine(Math.abs(x), 1);
}
