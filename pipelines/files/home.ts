/**
 * The folder of everything that can be downloaded or computed again: models, data sets, artifacts, studies. SwiftShader has its own
 * (`kernels/device/swiftshader.ts`), because it belongs to the machine rather than to the working folder.
 */

/** The default folder. */
export const defaultHome = ".signum";

/** `SIGNUM_HOME`, else `.signum` in the working folder. */
export const home = (): string => Deno.env.get("SIGNUM_HOME") || defaultHome;
