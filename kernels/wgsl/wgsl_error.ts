/** Why a shader cannot be compiled: what is not understood, and where it stands. */

/** A fault in WGSL text, or a construct that this compiler does not know. Lines count from 1 in the text as it was compiled. */
export class WgslError extends Error {
  override readonly name = "WgslError";

  constructor(readonly problem: string, readonly line: number) {
    super(`line ${line}: ${problem}`);
  }
}
