/**
 * The device of the tests: `wasm`, so that everyone's results are the same, unless `SIGNUM_ADAPTER` names another. Importing this file is enough;
 * processes that a test starts inherit it.
 */
import { type KernelChoice, kernelNames } from "../kernels/gpu/chosen_kernels.ts";

/** Which adapter this run of the tests uses. */
export const adapterOfTests = Deno.env.get("SIGNUM_ADAPTER") || "wasm";

Deno.env.set("SIGNUM_ADAPTER", adapterOfTests);

/** The kernels of this run of the tests, in this process alone: what stands behind `deno test … -- --kernels`. */
export const kernelsOfTests: KernelChoice | undefined = Deno.args.includes("--kernels")
  ? kernelNames.filter((name) => Deno.args[Deno.args.indexOf("--kernels") + 1]?.split(",").includes(name))
  : undefined;
