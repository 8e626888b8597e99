/** The operands of attention, and the constants with which kernels read them. */
import { readAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { blockRows } from "../kv_cache/blocks.ts";

/** The keys of each query row: `spans` vec4u [N] (attention.wgsl), `ends` u32 [1, N], one past the row's sequence (training only). */
export interface AttentionRows {
  readonly spans: Tensor;
  /** Block table of the cache, u32 from the first word of its buffer; spans then count its entries. Without it they count rows of k and v. */
  readonly blockTables?: Tensor | undefined;
  readonly ends?: Tensor;
  /** Most keys of any row, if known on the host. Long contexts of few rows are then split by chunks of keys. */
  readonly most?: number | undefined;
}

/** Queries [N, H·D], keys and values [S, K·D], result [N, H·D] and its log Σ exp [N, H]. */
export interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly out: Tensor;
  readonly lse: Tensor;
  readonly headWidth: number;
}

/** Constants for reading q, k and v with 16-bit formats. */
export const readOperands = ({ q, k, v, headWidth }: Omit<Operands, "out" | "lse">): Constants => {
  const width = headWidth % 4 === 0 ? 4 : 1;
  return { ...readAs("q", q, width, "qOf"), ...readAs("k", k, width, "kOf"), ...readAs("v", v, width, "vOf") };
};

/** The gradient of the result, and the gradients of q, k and v, which are overwritten. */
export type Gradients = Readonly<Record<"dout" | "dq" | "dk" | "dv", Tensor>>;

/** Constants of a forward kernel that reads through block tables, if there are any. */
export const blockConstants = ({ blockTables }: AttentionRows): Constants =>
  blockTables === undefined ? {} : { PAGED: 1, BLOCK: blockRows };
