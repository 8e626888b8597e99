/**
 * The device of the tests: `wasm`, so that everyone's results are the same, unless `SIGNUM_ADAPTER` names another. Importing this file is enough;
 * processes that a test starts inherit it.
 */

/** Which adapter this run of the tests uses. */
export const adapterOfTests = Deno.env.get("SIGNUM_ADAPTER") || "wasm";

Deno.env.set("SIGNUM_ADAPTER", adapterOfTests);
