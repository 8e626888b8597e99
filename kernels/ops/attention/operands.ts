/** What attention works on, whatever its form, and how kernels read it. */
import { readAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { blockRows } from "../kv_cache/blocks.ts";

/** Where each query row finds its keys: `spans` vec4u [N] (attention.wgsl), `ends` u32 [1, N] of its own sequence (training only). */
export interface AttentionRows {
  readonly spans: Tensor;
  /** Blocks of the cache by the entries that spans count, u32 from the first word of its buffer; without them spans count rows of k and v. */
  readonly blockTables?: Tensor | undefined;
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

/** Constants of a forward kernel that looks rows up in blocks, where there are any. */
export const blockConstants = ({ blockTables }: AttentionRows): Constants =>
  blockTables === undefined ? {} : { PAGED: 1, BLOCK: blockRows };
