/** Attention where invocations run one after the other: a lane for each row and few heads, four keys at a time in the lanes of a vec4. */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import { byRows, readAs, writeAs } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import keyValueSource from "./attention_backward_key_value_fours.wgsl" with { type: "text" };
import querySource from "./attention_backward_query_fours.wgsl" with { type: "text" };
import { type AttentionRows, type Gradients, type Operands, pageConstants, readOperands } from "./operands.ts";
import source from "./attention_fours.wgsl" with { type: "text" };

/** Forward kernel and the two backward ones. */
export const kernels = {
  forward: make(source),
  query: make(querySource),
  keyValue: make(keyValueSource),
};

/** Whether the device takes these kernels, for heads of this width. */
export const usesFours = ({ info }: Encoder, headWidth: number): boolean => info.serial === true && headWidth % 4 === 0;

const shapeOf = ({ q, k, headWidth }: Operands) => {
  const [H, KV] = [q.cols / headWidth, k.cols / headWidth];
  const GROUP = H / KV;
  // Two heads have eight sums of products, which leaves vector registers for what is loaded.
  const HEADS = GROUP % 2 === 0 ? 2 : 1;
  const D4 = headWidth / 4;
  const shape = { GROUP, D4, STEP: D4 % 4 === 0 ? 4 : 1 };
  return { H, KV, HEADS, shape, scale: 1 / Math.sqrt(headWidth) };
};

/** Fills `out` and `lse`. */
export const forwardFours = (encoder: Encoder, operands: Operands, rows: AttentionRows): void => {
  const { spans, pages = spans } = rows;
  const { k, v } = operands;
  const { H, HEADS, shape, scale } = shapeOf(operands);
  const constants = { H, HEADS, ...shape, ...pageConstants(rows), ...readOperands(operands) };
  byRows(
    encoder,
    operands.q.rows,
    [operands.q, operands.out, operands.lse, spans],
    ([q, out, lse, span], _, N) =>
      encoder.dispatch(kernels.forward, {
        constants: { ...constants, ...writeAs("out", out) },
        tensors: [q, k, v, span, pages, out, lse],
        params: { N, scale },
        groups: spread(N * H / HEADS),
      }),
  );
};

/** Gradients of q, k and v; all rows are of the pass itself. */
export const backwardFours = (
  encoder: Encoder,
  operands: Operands,
  { dout, dq, dk, dv }: Gradients,
  spans: Tensor,
  ends: Tensor,
): void => {
  const { q, k, v, out, lse } = operands;
  const { H, KV, shape, scale } = shapeOf(operands);
  const N = q.rows;
  const delta = encoder.tensor(N, H);
  const read = readOperands(operands);
  encoder.dispatch(kernels.query, {
    constants: { H, ...shape, ...read, ...readAs("out", out, 4, "outOf") },
    tensors: [q, k, v, spans, out, lse, dout, dq, delta],
    params: { N, scale },
    groups: spread(N * H),
  });
  encoder.dispatch(kernels.keyValue, {
    constants: { KV, ...shape, ...read },
    tensors: [q, k, v, ends, lse, delta, dout, dk, dv],
    params: { N, scale },
    groups: spread(N * KV),
  });
  encoder.release(delta);
};
