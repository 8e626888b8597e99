/**
 * A kernel is a WGSL file, named after the file and its entry point. Its bindings and the fields of its `Params` are read from the text once. The
 * encoder compiles each variant at first use and caches it.
 */
import { type Binding, interfaceOf, type ParamField } from "../wgsl/interface.ts";
import { boundOffset } from "./binding_window.ts";
import type { DeviceInfo } from "./device_info.ts";
import type { Tensor } from "./tensor.ts";

export interface Kernel {
  readonly name: string;
  readonly source: string;
}

/** Values of `Params`, by name. */
export type ParamValues = Readonly<Record<string, number>>;

export const makeKernel = (source: string): Kernel => ({
  name: /@compute[^]*?\bfn (\w+)/.exec(source)?.[1] ?? "main",
  source,
});

/** A field of `Params`. `tensor` is the index of the binding whose offset or stride it defaults to. */
export interface Param extends ParamField {
  readonly tensor: number | undefined;
  readonly isStride: boolean;
}

/** A kernel's bindings in order, and the fields of its `Params`. */
export interface Signature {
  readonly bindings: ReadonlyArray<Binding>;
  readonly params: ReadonlyArray<Param>;
  /** Why the text cannot be parsed. */
  readonly problem?: string;
}

/** The signature of a kernel, cached. */
export const signatureOf = (kernel: Kernel): Signature => {
  const known = signatures.get(kernel);
  if (known !== undefined) return known;
  const read = interfaceOf(kernel.source);
  const made = typeof read === "string"
    ? { bindings: [], params: [], problem: read }
    : { bindings: read.bindings, params: read.fields.map((field) => paramOf(field, read.bindings)) };
  signatures.set(kernel, made);
  return made;
};
const signatures = new WeakMap<Kernel, Signature>();

/** `xOffset` and `xStride` belong to the binding `x`, `X` or `xs`. */
const paramOf = (field: ParamField, bindings: ReadonlyArray<Binding>): Param => {
  const [, name, part] = /^(\w+)(Offset|Stride)$/.exec(field.name) ?? [];
  const names = name === undefined ? [] : [name, name[0].toUpperCase() + name.slice(1), `${name}s`];
  const tensor = bindings.findIndex((binding) => names.includes(binding.name));
  return { ...field, tensor: tensor < 0 ? undefined : tensor, isStride: part === "Stride" };
};

/** Writes `Params` from word `at` on. Returns what is wrong with the call, or undefined. */
export const writeParams = (
  { bindings, params, problem }: Signature,
  tensors: ReadonlyArray<Tensor>,
  values: ParamValues,
  info: DeviceInfo,
  { words, floats }: { readonly words: Uint32Array; readonly floats: Float32Array },
  at: number,
): string | undefined => {
  if (problem !== undefined) return problem;
  if (tensors.length !== bindings.length) return `expected ${bindings.length} bindings, found ${tensors.length}`;
  let given = 0;
  for (let i = 0; i < params.length; i++) {
    const { name, type, tensor, isStride } = params[i];
    let value = values[name];
    if (value !== undefined) given++;
    else if (tensor === undefined) return `"${name}" has no value`;
    else value = isStride ? tensors[tensor].stride : boundOffset(tensors[tensor], info);
    if (type === "f32") floats[at + i] = value;
    else words[at + i] = value;
  }
  for (const _ in values) given--;
  if (given === 0) return undefined;
  const unknown = Object.keys(values).find((name) => params.every((param) => param.name !== name));
  return `it has no parameter "${unknown}"`;
};
