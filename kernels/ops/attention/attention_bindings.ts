/** What the attention kernels have in common, whether a row has a lane or a subgroup: what they work on, their bindings and `Params`. */
import type { Access } from "../../gpu/kernel.ts";
import { readAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { pageRows } from "../kv_cache/pages.ts";

/** Where each query row finds its keys: `spans` vec4u [N] (attention.wgsl), `ends` u32 [1, N] of its own sequence (training only). */
export interface AttentionRows {
  readonly spans: Tensor;
  /** Pages of the cache by the entries that spans count, u32 from the first word of its buffer; without them spans count rows of k and v. */
  readonly pages?: Tensor | undefined;
  readonly ends?: Tensor;
  /** The most keys that a row sees, where the host knows it: long contexts of few rows are then shared out by chunks of keys. */
  readonly most?: number | undefined;
}

/** Queries [N, H·D], keys and values [S, K·D], the result [N, H·D] and its log Σ exp [N, H]. */
export interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly out: Tensor;
  readonly lse: Tensor;
  readonly headWidth: number;
}

/** How the kernels read q, k and v where those have 16 bits. */
export const readOperands = ({ q, k, v }: Pick<Operands, "q" | "k" | "v">): Constants => ({
  ...readAs("q", q, 4, "qOf"),
  ...readAs("k", k, 4, "kOf"),
  ...readAs("v", v, 4, "vOf"),
});

/** The gradient that arrived for the result, and those of q, k and v, which are overwritten. */
export type Gradients = Readonly<Record<"dout" | "dq" | "dk" | "dv", Tensor>>;

/** Query heads of a group of `GROUP` that are served together, `size` vec4s each: as many as leaves their sums in registers. */
export const sharedHeads = (GROUP: number, size: number): number => {
  let heads = GROUP;
  while (heads > 1 && (GROUP % heads > 0 || heads * size > 8)) heads--;
  return heads;
};

/** Constants of a forward kernel that looks rows up in pages, where there are any. */
export const pageConstants = ({ pages }: AttentionRows): Constants =>
  pages === undefined ? {} : { PAGED: 1, PAGE: pageRows };

const reads = (count: number): ReadonlyArray<Access> => Array.from({ length: count }, () => "read");

/** q, k, v, spans and pages in, out and log Σ exp out. */
export const forwardBindings: ReadonlyArray<Access> = [...reads(5), "read_write", "read_write"];

/** Of both backward kernels: seven tensors in, two out. */
export const backwardBindings: ReadonlyArray<Access> = [...reads(7), "read_write", "read_write"];

/** Of the forward kernels. */
export const forwardParams =
  "N qOffset qStride kOffset kStride vOffset vStride spanOffset outOffset outStride lseOffset scale:f32";

/** Of the kernels that give dq. */
export const queryParams =
  "N qOffset qStride kOffset kStride vOffset vStride outOffset outStride doutOffset doutStride dqOffset dqStride scale:f32";

/** Of the kernels that give dk and dv. */
export const keyValueParams =
  "N qOffset qStride kOffset kStride vOffset vStride doutOffset doutStride dkOffset dkStride dvOffset dvStride scale:f32";
