/**
 * Real constants to 50 digits, in integer multiples of 10^-60, for constants that are equal in float64 but have no exact value:
 * `\ln(10^{20} + 1)` differs from `\ln 10^{20}`. Complex values, other functions, and formulas of many functions have no such value.
 */
import type { Expression } from "./expression.ts";
import { exact } from "./numeric.ts";

const digits = 60, agreed = 45;
const one = 10n ** BigInt(digits);
const largest = 10n ** BigInt(digits + 60);
const mostFunctions = 24;

const times = (a: bigint, b: bigint) => a * b / one;
const size = (a: bigint) => a < 0n ? -a : a;

/** The integer root of an integer (Newton's method). */
function wholeRoot(of: bigint, index: bigint): bigint {
  if (of < 2n) return of;
  let root = 1n << BigInt(Math.ceil(of.toString(2).length / Number(index)) + 1);
  for (;;) {
    const next = ((index - 1n) * root + of / root ** BigInt(index - 1n)) / index;
    if (next >= root) return root;
    root = next;
  }
}

/** A power series; each term is computed from the previous one. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  for (let term = first, n = 1n; term !== 0n && n < 400n; term = next(term, n), n++) sum += term;
  return sum;
}

/** artanh(1/n) or arctan(1/n), by the sign. */
const inverse = (n: bigint, sign: bigint) => {
  let [sum, power] = [0n, one / n];
  for (let k = 1n; power !== 0n; k += 2n, power = sign * power / (n * n)) sum += power / k;
  return sum;
};

const ln2 = 2n * inverse(3n, 1n);
const pi = 16n * inverse(5n, -1n) - 4n * inverse(239n, -1n);

function exp(x: bigint): bigint | null {
  if (size(x) > 100n * one) return null;
  const halvings = 12n;
  let value = series(one, (term, n) => times(term, x >> halvings) / n);
  for (let i = 0n; i < halvings; i++) value = times(value, value);
  return value;
}

/** ln x = k ln 2 + 2 artanh((m - 1)/(m + 1)) for m between 2/3 and 4/3. */
function ln(x: bigint): bigint | null {
  if (x <= 0n) return null;
  let [m, k] = [x, 0n];
  for (; 3n * m > 4n * one; k++) m >>= 1n;
  for (; 3n * m < 2n * one; k--) m <<= 1n;
  const t = (m - one) * one / (m + one);
  let [sum, power] = [0n, t];
  for (let n = 1n; power !== 0n; n += 2n, power = times(power, times(t, t))) sum += power / n;
  return k * ln2 + 2n * sum;
}

function sin(x: bigint): bigint {
  const turned = x % (2n * pi);
  const square = times(turned, turned);
  return series(turned, (term, n) => -times(term, square) / (2n * n * (2n * n + 1n)));
}

const angles = new Set(["sin", "cos", "tan"]);

function call(name: string, x: bigint): bigint | null {
  switch (name) {
    case "sin":
      return sin(x);
    case "cos":
      return sin(x + pi / 2n);
    case "tan": {
      const below = sin(x + pi / 2n);
      return size(below) < one / 10n ** 20n ? null : sin(x) * one / below;
    }
    case "ln":
      return ln(x);
    case "exp":
      return exp(x);
    case "log":
    case "lg": {
      const value = ln(x);
      return value === null ? null : value * one / (ln(10n * one) ?? one);
    }
    case "abs":
      return size(x);
    default:
      return null;
  }
}

/** Evaluates a formula; `left` counts the function evaluations that remain. */
function read(of: Expression, left: { functions: number }, inAngle = false): bigint | null {
  const fraction = of.kind === "degrees" ? null : exact(of);
  if (fraction !== null) return bounded(fraction.n * one / fraction.d);
  if (of.kind === "call" || of.kind === "power" || of.kind === "root") {
    if (--left.functions < 0) return null;
  }
  const part = (inner: Expression) => read(inner, left, inAngle);
  const both = (a: Expression, b: Expression, rule: (x: bigint, y: bigint) => bigint | null) => {
    const x = part(a);
    const y = x === null ? null : part(b);
    return x === null || y === null ? null : bounded(rule(x, y));
  };
  switch (of.kind) {
    case "pi":
      return pi;
    case "name":
      return of.name === "e" ? exp(one) : null;
    case "negate": {
      const value = part(of.of);
      return value === null ? null : -value;
    }
    case "degrees": {
      const value = part(of.of);
      return value === null ? null : inAngle ? times(value, pi / 180n) : value;
    }
    case "add":
      return both(of.left, of.right, (x, y) => x + y);
    case "subtract":
      return both(of.left, of.right, (x, y) => x - y);
    case "multiply":
      return both(of.left, of.right, times);
    case "divide":
      return both(of.left, of.right, (x, y) => size(y) < one / 10n ** 30n ? null : x * one / y);
    case "power":
      return both(of.left, of.right, (x, y) => {
        const log = ln(x);
        return log === null ? null : exp(times(log, y));
      });
    case "root": {
      const index = of.index === null ? 2n : exact(of.index)?.n ?? 0n;
      const value = index < 2n || index > 12n ? null : part(of.of);
      if (value === null || (value < 0n && index % 2n === 0n)) return null;
      const root = wholeRoot(size(value) * one ** BigInt(index - 1n), index);
      return value < 0n ? -root : root;
    }
    case "call": {
      const value = of.base === null ? read(of.of, left, angles.has(of.name)) : null;
      return value === null ? null : bounded(call(of.name, value));
    }
    default:
      return null;
  }
}

const bounded = (value: bigint | null) => value === null || size(value) > largest ? null : value;

/** Whether two constants agree to 45 digits; null if one has no such value. */
export function sameDigits(a: Expression, b: Expression): boolean | null {
  const left = { functions: mostFunctions };
  const x = read(a, left);
  const y = x === null ? null : read(b, left);
  if (x === null || y === null) return null;
  const greatest = size(x) > size(y) ? size(x) : size(y);
  return size(x - y) <= (greatest > one ? greatest : one) / 10n ** BigInt(agreed);
}
