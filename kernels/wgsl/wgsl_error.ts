/** The error of a shader that cannot be compiled, with its line. */

/** Invalid or unsupported WGSL. Lines count from 1 in the compiled text. */
export class WgslError extends Error {
  override readonly name = "WgslError";

  constructor(readonly problem: string, readonly line: number) {
    super(`line ${line}: ${problem}`);
  }
}
