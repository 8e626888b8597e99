/** Hyperbolic sine and cosine by the formulas of fdlibm (Sun Microsystems 1993) over this folder's exponentials; error below two units. */
import { exp, expm1 } from "./exponential.ts";

/** Above this e^x overflows, so e^(x / 2) is squared instead. */
const logOfMost = 709.7822265625;
const overflow = 710.4758600739439;

/** The hyperbolic sine. */
export function sinh(x: number): number {
  const size = Math.abs(x);
  const half = x < 0 ? -0.5 : 0.5;
  if (size < 22) {
    if (size < 3.725290298461914e-9) return x;
    const t = expm1(size);
    return size < 1 ? half * (2 * t - t * t / (t + 1)) : half * (t + t / (t + 1));
  }
  return halfOfExponential(size, half);
}

/** The hyperbolic cosine. */
export function cosh(x: number): number {
  const size = Math.abs(x);
  if (size < 0.34657) {
    const t = expm1(size);
    const w = 1 + t;
    return size < 2.7755575615628914e-17 ? w : 1 + (t * t) / (w + w);
  }
  if (size < 22) {
    const t = exp(size);
    return 0.5 * t + 0.5 / t;
  }
  return halfOfExponential(size, 0.5);
}

function halfOfExponential(size: number, half: number): number {
  if (size < logOfMost) return half * exp(size);
  if (size > overflow) return half * Infinity;
  const root = exp(0.5 * size);
  return half * root * root;
}
