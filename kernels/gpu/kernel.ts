/**
 * A kernel is a WGSL file with its declaration: which bindings it has and with what access, and which numbers its `Params` holds. File,
 * entry point and name agree. Compiling happens on first use, per variant, and is cached by the encoder.
 */
import type { Constants } from "./specialize.ts";

/** How a kernel reads or writes one binding; `uniform` is always the last, added by the encoder. */
export type Access = "read" | "read_write";

/** One number of `struct Params`, in order: `u32` sizes and offsets first, `f32` scalars after. */
export type ParamType = "u32" | "f32";

/** What the host must know of a WGSL file. */
export interface Kernel {
  readonly name: string;
  readonly source: string;
  readonly bindings: ReadonlyArray<Access>;
  readonly params: ReadonlyArray<readonly [name: string, type: ParamType]>;
}

/** Values of `Params` by name. */
export type ParamValues = Readonly<Record<string, number>>;

/** One variant of a kernel, ready to be recorded. */
export interface Variant {
  readonly kernel: Kernel;
  readonly constants: Constants;
}

/** Declares a kernel; `params` is written as `"M N K, scale:f32"`-like words, `u32` where no type is given. */
export const make = (name: string, source: string, bindings: ReadonlyArray<Access>, params: string): Kernel => ({
  name,
  source,
  bindings,
  params: params.split(" ").filter((word) => word !== "").map((word) => {
    const [param, type] = word.split(":");
    return [param, type === "f32" ? "f32" : "u32"] as const;
  }),
});
