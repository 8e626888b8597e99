/**
 * What a kernel did wrong on the emulated card: one line that names the kernel, the line of its text, the variable and the index. A boundary
 * file: a fault ends the dispatch that it is found in, so it is thrown, and caught where the dispatch was started.
 */

/** A fault in a kernel or in how it is used. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** Ends the dispatch. */
export const stop = (message: string): never => {
  throw new Fault(message);
};

/** The message of a fault or of any other error that `run` ends with; undefined where it ends well. */
export const faultOf = (run: () => void): string | undefined => {
  try {
    run();
    return undefined;
  } catch (cause) {
    // Only what the emulated card itself did not foresee is shown with its stack.
    if (cause instanceof Fault || (cause instanceof Error && cause.name === "WgslError")) return cause.message;
    return cause instanceof Error ? `The emulated card failed: ${cause.stack ?? cause.message}` : String(cause);
  }
};
