/**
 * Elementary functions with the same bits on every machine, built from arithmetic, square roots and the bits of float64. (`Math`'s versions
 * depend on the engine, the processor and the C library; the linter forbids them.) `exp` to `atan2` are correctly rounded, except `atan`
 * between 2^-27 and 2^-26; `sinh`, `cosh` and `hypot` are within two units, `pow` within 0.52. All equal V8 15 on x86-64 Linux, except for
 * about one arc tangent in 100,000 that V8 rounds wrongly.
 */
export { exp, expm1 } from "./exponential.ts";
export { log, log10, log2 } from "./logarithm.ts";
export { cos, sin } from "./trigonometric.ts";
export { acos, asin, atan, atan2 } from "./inverse_trigonometric.ts";
export { cosh, sinh } from "./hyperbolic.ts";
export { hypot } from "./hypot.ts";
export { pow } from "./pow.ts";
