/**
 * A kernel's fault on the emulated card: one line with the kernel, its source line, the variable and the index. A boundary file: a fault is thrown
 * to end its dispatch, and caught by the caller of the dispatch.
 */

/** A fault in a kernel or in its use. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** Ends the dispatch with a fault. */
export const stop = (message: string): never => {
  throw new Fault(message);
};

/** The message of the error that `run` throws; undefined if it throws none. */
export const faultOf = (run: () => void): string | undefined => {
  try {
    run();
    return undefined;
  } catch (cause) {
    // Only unexpected errors are reported with their stack.
    if (cause instanceof Fault || (cause instanceof Error && cause.name === "WgslError")) return cause.message;
    return cause instanceof Error ? `The emulated card failed: ${cause.stack ?? cause.message}` : String(cause);
  }
};
