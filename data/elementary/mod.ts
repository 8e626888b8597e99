/**
 * Elementary functions with the same bits on every machine, made of arithmetic, square roots and the bits of float64; what `Math` has of them
 * depends on the engine, the processor and the C library. `exp` to `atan2` are correctly rounded (but for `atan` between 2^-27 and 2^-26);
 * `sinh`, `cosh` and `hypot` are within two units, `pow` within 0.52. On x86-64 Linux all have the bits of V8 15, except where V8 rounds an
 * arc tangent wrongly, once in some hundred thousand. The linter forbids what `Math` has instead.
 */
export { exp, expm1 } from "./exponential.ts";
export { log, log10, log2 } from "./logarithm.ts";
export { cos, sin } from "./trigonometric.ts";
export { acos, asin, atan, atan2 } from "./inverse_trigonometric.ts";
export { cosh, sinh } from "./hyperbolic.ts";
export { hypot } from "./hypot.ts";
export { pow } from "./pow.ts";
