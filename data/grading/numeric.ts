/**
 * Exact arithmetic on formulas without variables, in fractions of integers of any size, so that 1/2004! and 1/2006! differ. Every result is
 * bounded in bits before it is computed; a value that is too large, irrational or undefined is null.
 */
import type { Expression } from "./expression.ts";

/** A fraction in lowest terms; the denominator is positive. */
export interface Fraction {
  readonly n: bigint;
  readonly d: bigint;
}

const mostBits = 8192;
const mostDigits = 2400;

const magnitude = (x: bigint) => x < 0n ? -x : x;
const bitsOf = (x: bigint) => magnitude(x).toString(16).length * 4;

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [magnitude(a), magnitude(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** n/d in lowest terms, or null if d is 0 or the result is longer than 8,192 bits. */
export function fraction(n: bigint, d = 1n): Fraction | null {
  if (d === 0n || bitsOf(n) > 2 * mostBits || bitsOf(d) > 2 * mostBits) return null;
  const common = greatestCommonDivisor(n, d) * (d < 0n ? -1n : 1n);
  const lowest = { n: n / common, d: d / common };
  return bitsOf(lowest.n) > mostBits || bitsOf(lowest.d) > mostBits ? null : lowest;
}

/** The value of a decimal such as `3`, `.25` or `12.50`. */
export function decimal(text: string): Fraction | null {
  if (text.length > mostDigits) return null;
  const [whole, part = ""] = text.split(".");
  return fraction(BigInt(whole + part || "0"), 10n ** BigInt(part.length));
}

/** The nearest float64 of a fraction, correct even if numerator and denominator both overflow. */
export function toNumber({ n, d }: Fraction): number {
  const shift = BigInt(Math.max(0, Math.max(bitsOf(n), bitsOf(d)) - 900));
  return Number(n >> shift) / Number(d >> shift);
}

/** The exact value of a formula, or null if it is irrational, undefined or too large. */
export function exact(of: Expression): Fraction | null {
  switch (of.kind) {
    case "number":
      return decimal(of.text);
    case "repeating":
      return repeating(of.text, of.period);
    case "based":
      return based(of.digits, of.base);
    case "negate":
      return with1(of.of, (a) => ({ n: -a.n, d: a.d }));
    case "percent":
      return with1(of.of, (a) => fraction(a.n, a.d * 100n));
    case "degrees":
      return exact(of.of);
    case "factorial":
      return with1(of.of, (a) => a.d === 1n && a.n >= 0n && a.n <= 1000n ? fraction(factorial(a.n)) : null);
    case "root":
      return of.index === null ? with1(of.of, squareRoot) : null;
    case "add":
      return with2(of, (a, b) => fraction(a.n * b.d + b.n * a.d, a.d * b.d));
    case "subtract":
      return with2(of, (a, b) => fraction(a.n * b.d - b.n * a.d, a.d * b.d));
    case "multiply":
      return with2(of, (a, b) => fraction(a.n * b.n, a.d * b.d));
    case "divide":
      return with2(of, (a, b) => fraction(a.n * b.d, a.d * b.n));
    case "power":
      return with2(of, power);
    case "binomial":
      return with2(of, binomial);
    default:
      return null;
  }
}

function with1(of: Expression, rule: (a: Fraction) => Fraction | null): Fraction | null {
  const a = exact(of);
  return a === null ? null : rule(a);
}

function with2(
  of: { readonly left: Expression; readonly right: Expression },
  rule: (a: Fraction, b: Fraction) => Fraction | null,
): Fraction | null {
  const a = exact(of.left);
  const b = a === null ? null : exact(of.right);
  return a === null || b === null ? null : rule(a, b);
}

function factorial(n: bigint): bigint {
  let product = 1n;
  for (let i = 2n; i <= n; i++) product *= i;
  return product;
}

function binomial(a: Fraction, b: Fraction): Fraction | null {
  if (a.d !== 1n || b.d !== 1n || b.n < 0n || a.n < b.n || a.n > 1000n) return null;
  let product = 1n;
  for (let i = 0n; i < b.n; i++) product = product * (a.n - i) / (i + 1n);
  return fraction(product);
}

function power(base: Fraction, exponent: Fraction): Fraction | null {
  if (exponent.d !== 1n) return null;
  const times = magnitude(exponent.n);
  const longest = BigInt(Math.max(bitsOf(base.n), bitsOf(base.d)));
  const trivial = base.d === 1n && magnitude(base.n) <= 1n;
  if (!trivial && times * longest > BigInt(2 * mostBits)) return null;
  if (trivial && times > 1n) {
    if (base.n === 0n) return exponent.n < 0n ? null : base;
    return { n: times % 2n === 0n ? 1n : base.n, d: 1n };
  }
  if (base.n === 0n && times === 0n) return null;
  const [n, d] = [BigInt(base.n) ** times, BigInt(base.d) ** times];
  return exponent.n < 0n ? fraction(d, n) : fraction(n, d);
}

/** `0.1\overline{6}`: the fixed part plus the period over as many nines. */
function repeating(text: string, period: string): Fraction | null {
  const fixed = decimal(text);
  if (fixed === null || !/^\d{1,200}$/.test(period)) return null;
  const places = BigInt(text.split(".")[1]?.length ?? 0);
  const rest = fraction(BigInt(period), (10n ** BigInt(period.length) - 1n) * 10n ** places);
  return rest === null ? null : fraction(fixed.n * rest.d + rest.n * fixed.d, fixed.d * rest.d);
}

/** `2516_8`: digits in a base from 2 to 36. */
function based(digits: string, base: number): Fraction | null {
  if (base < 2 || base > 36 || digits.length > 400) return null;
  let value = 0n;
  for (const digit of digits) {
    const worth = parseInt(digit, 36);
    if (!(worth < base)) return null;
    value = value * BigInt(base) + BigInt(worth);
  }
  return fraction(value);
}

function squareRoot({ n, d }: Fraction): Fraction | null {
  if (n < 0n) return null;
  const [top, bottom] = [wholeRoot(n), wholeRoot(d)];
  return top === null || bottom === null ? null : fraction(top, bottom);
}

/** The integer square root of a perfect square (Newton's method), or null. */
function wholeRoot(square: bigint): bigint | null {
  if (square < 2n) return square;
  let root = 1n << BigInt(Math.ceil(bitsOf(square) / 2) + 1);
  for (let next = (root + square / root) >> 1n; next < root; next = (root + square / root) >> 1n) root = next;
  return root * root === square ? root : null;
}
