/** Complex numbers in float64, for formulas without an exact value. An undefined result has NaN parts. */
import * as Elementary from "../elementary/mod.ts";

/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}

/**
 * Values of variables by name. With `real`, even roots and logarithms of negative numbers are undefined; `draw` selects the values of
 * unknown functions.
 */
export interface Environment {
  readonly values: ReadonlyMap<string, Complex>;
  readonly real: boolean;
  readonly draw: number;
}

/** No variables, over the complex numbers. */
export const noVariables: Environment = { values: new Map(), real: false, draw: 0 };

/** A complex number from its parts. */
export const complex = (re: number, im = 0): Complex => ({ re, im });

/** The result of an undefined operation. */
export const undefinedValue = complex(NaN, NaN);

/** Whether both parts are finite. */
export const isFiniteComplex = (z: Complex) => Number.isFinite(z.re) && Number.isFinite(z.im);

/** The length |z|. */
export const modulus = (z: Complex) => Elementary.hypot(z.re, z.im);

/** a + b. */
export const add = (a: Complex, b: Complex) => complex(a.re + b.re, a.im + b.im);

/** a - b. */
export const subtract = (a: Complex, b: Complex) => complex(a.re - b.re, a.im - b.im);

/** a b. A real factor keeps a product of reals exactly real. */
export const multiply = (a: Complex, b: Complex) =>
  a.im === 0 && b.im === 0 ? complex(a.re * b.re) : complex(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re);

/** a / b. */
export function divide(a: Complex, b: Complex): Complex {
  if (b.im === 0) return complex(a.re / b.re, a.im === 0 ? 0 : a.im / b.re);
  const size = b.re * b.re + b.im * b.im;
  return complex((a.re * b.re + a.im * b.im) / size, (a.im * b.re - a.re * b.im) / size);
}

/** e^z. */
export function exp(z: Complex): Complex {
  const size = Elementary.exp(z.re);
  return z.im === 0 ? complex(size) : complex(size * Elementary.cos(z.im), size * Elementary.sin(z.im));
}

/** The principal logarithm. */
export const log = (z: Complex) => complex(Elementary.log(modulus(z)), Elementary.atan2(z.im, z.re));

/** a^b: repeated squaring for small integers b, real arithmetic if both are real, else exp and log. */
export function power(a: Complex, b: Complex): Complex {
  if (b.im === 0 && Number.isInteger(b.re) && Math.abs(b.re) <= 64) {
    let product = complex(1);
    for (
      let left = Math.abs(b.re), square = a;
      left > 0;
      left = Math.floor(left / 2), square = multiply(square, square)
    ) {
      if (left % 2 === 1) product = multiply(product, square);
    }
    return b.re < 0 ? divide(complex(1), product) : product;
  }
  if (a.re === 0 && a.im === 0) return b.re > 0 ? complex(0) : undefinedValue;
  return a.im === 0 && b.im === 0 && a.re > 0 ? complex(Elementary.pow(a.re, b.re)) : exp(multiply(b, log(a)));
}

/** The principal square root; of a negative real it is exactly imaginary. */
export function squareRoot(z: Complex): Complex {
  if (z.im !== 0) return power(z, complex(0.5));
  return z.re >= 0 ? complex(Math.sqrt(z.re)) : complex(0, Math.sqrt(-z.re));
}

const imaginary = (z: Complex) => complex(-z.im, z.re);

/** sin z. */
export function sin(z: Complex): Complex {
  if (z.im === 0) return complex(Elementary.sin(z.re));
  return complex(Elementary.sin(z.re) * Elementary.cosh(z.im), Elementary.cos(z.re) * Elementary.sinh(z.im));
}

/** cos z. */
export function cos(z: Complex): Complex {
  if (z.im === 0) return complex(Elementary.cos(z.re));
  return complex(Elementary.cos(z.re) * Elementary.cosh(z.im), -Elementary.sin(z.re) * Elementary.sinh(z.im));
}

/** cos z + i sin z. */
export const cis = (z: Complex) => exp(imaginary(z));

/** sinh z. */
export const sinh = (z: Complex) => divide(subtract(exp(z), exp(complex(-z.re, -z.im))), complex(2));

/** cosh z. */
export const cosh = (z: Complex) => divide(add(exp(z), exp(complex(-z.re, -z.im))), complex(2));
