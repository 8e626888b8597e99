/** Attention with a lane for each row and key head: the plain kernels, for vec4 loads and for head widths that do not divide by four. */
import type { Encoder } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import { byRows, lanes, readAs, writeAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import source from "./attention.wgsl" with { type: "text" };
import keyValueSource from "./attention_backward_key_value.wgsl" with { type: "text" };
import keyValueScalarSource from "./attention_backward_key_value_scalar.wgsl" with { type: "text" };
import querySource from "./attention_backward_query.wgsl" with { type: "text" };
import queryScalarSource from "./attention_backward_query_scalar.wgsl" with { type: "text" };
import {
  type AttentionRows,
  type Gradients,
  type Operands,
  pageConstants,
  readOperands,
  sharedHeads,
} from "./operands.ts";
import scalarSource from "./attention_scalar.wgsl" with { type: "text" };

/** Forward kernel and the two backward ones. */
export const kernels = {
  forward: make(source),
  forwardScalar: make(scalarSource),
  query: make(querySource),
  queryScalar: make(queryScalarSource),
  keyValue: make(keyValueSource),
  keyValueScalar: make(keyValueScalarSource),
};

const shapeOf = (operands: Operands) => {
  const { q, k, headWidth } = operands;
  const [H, KV, D4] = [q.cols / headWidth, k.cols / headWidth, headWidth / 4];
  const GROUP = H / KV;
  const isScalar = headWidth % 4 !== 0;
  const HEADS = isScalar ? 1 : sharedHeads(GROUP, D4);
  const constants: Constants = {
    ...isScalar ? { GROUP, D: headWidth } : { GROUP, D4 },
    ...readOperands(operands),
  };
  const heads: Constants = isScalar ? { H } : { H, HEADS };
  return { H, KV, D4, HEADS, isScalar, constants, heads, scale: 1 / Math.sqrt(headWidth) };
};

/** Fills `out` and `lse`. */
export const forwardLanes = (encoder: Encoder, operands: Operands, rows: AttentionRows): void => {
  const { spans, pages = spans } = rows;
  const { k, v } = operands;
  const { H, HEADS, isScalar, constants, heads, scale } = shapeOf(operands);
  byRows(
    encoder,
    operands.q.rows,
    [operands.q, operands.out, operands.lse, spans],
    ([q, out, lse, span], _, N) =>
      encoder.dispatch(isScalar ? kernels.forwardScalar : kernels.forward, {
        constants: { ...constants, ...heads, ...pageConstants(rows), ...writeAs("out", out) },
        tensors: [q, k, v, span, pages, out, lse],
        params: { N, scale },
        groups: lanes(N * H / HEADS, 32),
      }),
  );
};

/** Gradients of q, k and v; all rows are of the pass itself. */
export const backwardLanes = (
  encoder: Encoder,
  operands: Operands,
  { dout, dq, dk, dv }: Gradients,
  spans: Tensor,
  ends: Tensor,
): void => {
  const { q, k, v, out, lse } = operands;
  const { H, KV, D4, HEADS, isScalar, constants, heads, scale } = shapeOf(operands);
  const N = q.rows;
  const delta = encoder.tensor(N, H);
  const ROWS = D4 <= 4 && !isScalar ? 2 : 1;
  encoder.dispatch(isScalar ? kernels.queryScalar : kernels.query, {
    constants: { ...constants, ...heads, ...readAs("out", out, 4, "outOf") },
    tensors: [q, k, v, spans, out, lse, dout, dq, delta],
    params: { N, scale },
    groups: lanes(N * H / HEADS, 32),
  });
  encoder.dispatch(isScalar ? kernels.keyValueScalar : kernels.keyValue, {
    constants: { ...constants, KV, ...(isScalar ? {} : { ROWS }) },
    tensors: [q, k, v, ends, lse, delta, dout, dk, dv],
    params: { N, scale },
    groups: lanes(Math.ceil(N / ROWS) * KV, 32),
  });
  encoder.release(delta);
};
