/**
 * The folder for what can be fetched or made again: models, data sets, artifacts, studies. SwiftShader has its own (`kernels/device/swiftshader.ts`),
 * because it belongs to the machine and not to the folder that somebody works in.
 */

/** Where the folder is when nothing names another. */
export const defaultHome = ".signum";

/** The folder that `SIGNUM_HOME` names, else `.signum` in the working folder. */
export const home = (): string => Deno.env.get("SIGNUM_HOME") || defaultHome;
