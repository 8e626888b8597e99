/**
 * Counts the work of a dispatch from its shapes: floating-point operations (multiplications, additions, exponentials and roots count as one, so a
 * product has 2·M·N·K) and the bytes of its tensors, moved once in each direction. Repeated loads are not counted; they are a cost of the kernel.
 * Attention counts only its products, with `keys` keys per row on average.
 */
import type { Dispatch } from "../gpu/encoder.ts";
import { type Kernel, signatureOf } from "../gpu/kernel.ts";
import { blockRows } from "../ops/kv_cache/blocks.ts";
import { elementBytes, type Tensor } from "../gpu/tensor.ts";

/** Operations (undefined if not known for a kernel) and bytes. */
export interface Work {
  readonly flops: number | undefined;
  readonly bytes: number;
}

interface Rule {
  readonly flops: (dispatch: Dispatch, keys: number) => number;
  /** Bindings that are both read and written. */
  readonly grown?: ReadonlyArray<number>;
  /** Rows of a binding that are accessed, if not all. */
  readonly rows?: (dispatch: Dispatch, keys: number) => Readonly<Record<number, number>>;
}

const elements = ({ rows, cols }: Tensor): number => rows * cols;

/** `operations` per element of a binding. */
const each = (operations: number, binding: number, more: Omit<Rule, "flops"> = {}): Rule => ({
  flops: ({ tensors }) => operations * elements(tensors[binding]),
  ...more,
});

/** A product with a gated activation counts as two products. */
const product: Rule = {
  flops: ({ params: { M, N, K }, constants }) => 2 * M * N * K * (constants?.SWIGLU === 1 ? 2 : 1),
};

/** `operations` per channel of a query head and pair of positions. Keys and values that no row sees are not counted. */
const pairs = (operations: number, more: Omit<Rule, "flops"> = {}): Rule => ({
  flops: ({ tensors: [q], params: { N } }, keys) => operations * N * keys * q.cols,
  rows: ({ params: { N } }, keys) => ({ 1: N * keys, 2: N * keys }),
  ...more,
});

/** Rules by prefix of the kernel's name. The longest match counts, so that a faster variant counts like the plain kernel. */
const rules: Readonly<Record<string, Rule>> = {
  matmul: product,
  matmul_tn: { ...product, grown: [2] },
  matmul_largest: each(1, 0),
  matmul_join: each(1, 0),
  row_sums: each(1, 0, { grown: [1] }),
  embedding: { flops: () => 0, rows: ({ tensors: [, , out] }) => ({ 1: out.rows }) },
  embedding_backward: each(1, 2, { grown: [3], rows: ({ params: { U } }) => ({ 3: U }) }),
  rms_norm: each(4, 0),
  rms_norm_backward: each(6, 0),
  rms_norm_weight_backward: each(3, 0, { grown: [3] }),
  rope_cache: each(3, 0, { rows: ({ tensors: [k] }) => ({ 4: k.rows, 5: k.rows, 6: k.rows }) }),
  rope: { ...each(3, 0), rows: ({ tensors: [x] }) => ({ 2: x.rows }) },
  // The block table counts one entry per block that a row reads.
  attention: pairs(4, {
    rows: ({ params: { N } }, keys) => ({ 1: N * keys, 2: N * keys, 4: Math.ceil(N * keys / blockRows) }),
  }),
  attention_merge: each(2, 0),
  attention_backward_query: pairs(6),
  attention_backward_key_value: pairs(8),
  swiglu: each(5, 1),
  swiglu_backward: each(12, 1),
  add: each(1, 2),
  token_log_probs: each(7, 0),
  token_log_probs_backward: each(11, 0, { grown: [0] }),
  sample_token: each(4, 0),
  append_token: { flops: () => 0 },
  decode_rows: { flops: () => 0, rows: ({ params: { R } }) => ({ 3: R }) },
  global_norm: each(2, 0),
  adamw: { flops: ({ params: { n } }) => 15 * n, grown: [1, 2, 3] },
  cast: { flops: () => 0 },
};

const beginnings = Object.keys(rules).sort((a, b) => b.length - a.length);

export const isProduct = ({ name }: Pick<Kernel, "name">): boolean => ruleOf(name)?.flops === product.flops;

/** The entry of `rules` that counts a kernel, by its name; undefined for one that is counted by its bytes alone. */
export const countedAs = (name: string): string | undefined =>
  beginnings.find((one) => name === one || name.startsWith(`${one}_`));

const ruleOf = (name: string): Rule | undefined => {
  const beginning = countedAs(name);
  return beginning === undefined ? undefined : rules[beginning];
};

const sameTensor = (a: Tensor, b: Tensor): boolean =>
  a.storage.id === b.storage.id && a.offset === b.offset && a.rows === b.rows && a.cols === b.cols;

/** The work of one dispatch whose rows attend to `keys` keys on average. */
export const workOf = (kernel: Kernel, dispatch: Dispatch, keys = 0): Work => {
  const { tensors, constants = {} } = dispatch;
  const rule = ruleOf(kernel.name);
  const touched = rule?.rows?.(dispatch, keys) ?? {};
  const accumulates = constants.ACCUMULATE === 1 || dispatch.params.accumulate === 1
    ? [signatureOf(kernel).bindings.findLastIndex(({ access }) => access === "read_write")]
    : [];
  const grown = [...rule?.grown ?? [], ...accumulates];
  let bytes = 0;
  tensors.forEach((tensor, i) => {
    // An unused binding repeats another tensor and is not counted.
    if (tensors.findIndex((other) => sameTensor(other, tensor)) < i) return;
    const rows = Math.min(tensor.rows, touched[i] ?? Infinity);
    bytes += rows * tensor.cols * elementBytes(tensor) * (grown.includes(i) ? 2 : 1);
  });
  return { flops: rule?.flops(dispatch, keys), bytes };
};
