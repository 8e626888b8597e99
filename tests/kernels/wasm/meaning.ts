/** What a piece of WGSL means: the body of a kernel, and the words that it must leave. */

/** The bits of a float32. */
export const bits = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0];

/** A body that reads `given` and writes `result`. */
export interface Meaning {
  readonly name: string;
  /** Declarations before `main`. */
  readonly before?: string;
  readonly given?: ReadonlyArray<number>;
  readonly body: string;
  readonly expected: ReadonlyArray<number>;
}
