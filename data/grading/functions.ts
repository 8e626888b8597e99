/** Functions without a complex extension: factorials, binomial coefficients, remainders, maxima, and unknown functions. */
import * as Elementary from "../elementary/mod.ts";
import { type Complex, complex, undefinedValue } from "./complex.ts";
import type { Applied } from "./expression.ts";

const isWhole = (z: Complex) => z.im === 0 && Number.isInteger(z.re);

/** n! for integers from 0 to 170. */
export function factorial(n: Complex): Complex {
  if (!isWhole(n) || n.re < 0 || n.re > 170) return undefinedValue;
  let product = 1;
  for (let i = 2; i <= n.re; i++) product *= i;
  return complex(product);
}

/** The binomial coefficient for integers 0 <= k <= n. */
export function binomial(n: Complex, k: Complex): Complex {
  if (!isWhole(n) || !isWhole(k) || k.re < 0 || k.re > n.re || n.re > 1000) return undefinedValue;
  let product = 1;
  const short = Math.min(k.re, n.re - k.re);
  for (let i = 0; i < short; i++) product = product * (n.re - i) / (i + 1);
  return complex(product);
}

/** The remainder of an integer divided by a positive one. */
export function remainder(a: Complex, b: Complex): Complex {
  if (!isWhole(a) || !isWhole(b) || b.re <= 0) return undefinedValue;
  return complex(a.re - b.re * Math.floor(a.re / b.re));
}

function divisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

const rules: Readonly<Record<string, (a: number, b: number) => number>> = {
  max: Math.max,
  min: Math.min,
  gcd: divisor,
  lcm: (a, b) => a === 0 || b === 0 ? 0 : Math.abs(a / divisor(a, b) * b),
};

/** The value of a function of several arguments. An unknown function mixes its arguments with its name and `draw`. */
export function applied({ name, known }: Applied, args: ReadonlyArray<Complex>, draw: number): Complex {
  if (!known) return mixed(name, args, draw);
  const needsWhole = name === "gcd" || name === "lcm";
  if (args.length === 0 || !args.every((z) => z.im === 0 && (!needsWhole || isWhole(z)))) return undefinedValue;
  const rule = rules[name];
  return complex(args.map(({ re }) => re).reduce((a, b) => rule(a, b)));
}

/** A smooth function that satisfies no simple identity, different for every name, number of arguments and draw. */
function mixed(name: string, args: ReadonlyArray<Complex>, draw: number): Complex {
  let seed = 0.37 + 0.0577 * draw + 0.11 * args.length;
  for (const sign of name) seed = (seed * 1.618 + (sign.codePointAt(0) ?? 0) * 0.0731) % 1.7;
  let [re, im] = [0, 0];
  args.forEach((z, i) => {
    const rate = 1.31 + seed / (i + 1.3);
    re = re * 1.13 + 2 * Elementary.sin(rate * z.re + 1.9 * i + seed) + 0.21 * rate * z.re / (1 + z.re * z.re) +
      0.17 * z.im;
    im = im * 1.27 + Elementary.cos(rate * z.im + seed) * z.im + 0.19 * z.re * z.im * rate;
  });
  return vectors.has(name) ? complex(re * Elementary.cos(3 * re), re * Elementary.sin(3 * re)) : complex(re, im);
}

/** Vector marks: the length of a vector is not its value. */
const vectors = new Set(["vec", "overrightarrow"]);
