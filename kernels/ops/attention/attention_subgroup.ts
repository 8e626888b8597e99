/**
 * Attention with a subgroup for each row and key head, where `attention_lanes.ts` has a lane: for devices with many lanes (`--kernels cooperative`). Which
 * of the two runs depends on the device and the head width alone, so sampler and trainer always have the same, whose bits are its own.
 */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import { byRows, lanes, readAs, strided, writeAs } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import {
  type AttentionRows,
  backwardBindings,
  forwardBindings,
  forwardParams,
  type Gradients,
  keyValueParams,
  type Operands,
  pageConstants,
  queryParams,
  readOperands,
  sharedHeads,
} from "./attention_bindings.ts";
import keyValueSource from "./attention_backward_key_value_subgroup.wgsl" with { type: "text" };
import querySource from "./attention_backward_query_subgroup.wgsl" with { type: "text" };
import mergeSource from "./attention_merge.wgsl" with { type: "text" };
import source from "./attention_subgroup.wgsl" with { type: "text" };

/** Forward, the join of its chunks, and the two backward kernels. */
export const kernels = {
  forward: make("attention_subgroup", source, forwardBindings, `${forwardParams} chunks`),
  merge: make(
    "attention_merge",
    mergeSource,
    ["read", "read", "read", "read_write", "read_write"],
    "N spanOffset outOffset outStride lseOffset chunks",
  ),
  query: make("attention_backward_query_subgroup", querySource, backwardBindings, queryParams),
  keyValue: make("attention_backward_key_value_subgroup", keyValueSource, backwardBindings, keyValueParams),
};

/** Keys that are summed on their own before the sums are joined, in order; a constant, since it shows in the bits. */
export const chunkKeys = 512;

/** Workgroups that keep a device busy: with fewer, chunks of keys have workgroups of their own, which shows in no bit. */
const enoughGroups = 1024;

/** Whether the device takes these kernels, for heads of this width. */
export const usesSubgroups = ({ info }: Encoder, headWidth: number): boolean =>
  info.cooperative === true && headWidth % 4 === 0;

const shapeOf = (encoder: Encoder, { q, k, headWidth }: Operands) => {
  const [H, KV, D4, LANES] = [q.cols / headWidth, k.cols / headWidth, headWidth / 4, encoder.info.lanes];
  const GROUP = H / KV;
  const HEADS = sharedHeads(GROUP, Math.ceil(D4 / LANES));
  return { H, KV, D4, LANES, GROUP, HEADS, scale: 1 / Math.sqrt(headWidth) };
};

/** Fills `out` and `lse`. */
export const forwardSubgroup = (encoder: Encoder, operands: Operands, rows: AttentionRows): void => {
  const { k, v } = operands;
  const { H, D4, LANES, GROUP, HEADS, scale } = shapeOf(encoder, operands);
  const constants = { H, GROUP, HEADS, D4, LANES, CHUNK: chunkKeys, ...pageConstants(rows), ...readOperands(operands) };
  const { spans, pages = spans } = rows;
  const chunks = Math.ceil((rows.most ?? 0) / chunkKeys);
  byRows(
    encoder,
    operands.q.rows,
    [operands.q, operands.out, operands.lse, spans],
    ([q, out, lse, span], _, N) => {
      const groups = N * H / HEADS;
      const params = { N, scale, chunks, ...strided(encoder, { q, k, v, span, out, lse }) };
      if (chunks < 2 || groups >= enoughGroups) {
        return encoder.dispatch(kernels.forward, {
          constants: { ...constants, ...writeAs("out", out) },
          tensors: [q, k, v, span, pages, out, lse],
          params,
          groups: spread(groups),
        });
      }
      const sums = encoder.tensor(N * chunks, q.cols);
      const parts = encoder.tensor(N * chunks, H * 2);
      encoder.dispatch(kernels.forward, {
        constants: { ...constants, SPLIT: 1 },
        tensors: [q, k, v, span, pages, sums, parts],
        params,
        groups: [groups, 1, chunks],
      });
      encoder.dispatch(kernels.merge, {
        constants: { H, D4, CHUNK: chunkKeys, ...writeAs("out", out) },
        tensors: [sums, parts, span, out, lse],
        params: { N, chunks, ...strided(encoder, { span, out, lse }) },
        groups: lanes(N * H * D4),
      });
      for (const tensor of [sums, parts]) encoder.release(tensor);
    },
  );
};

/** Gradients of q, k and v; all rows are of the pass itself. */
export const backwardSubgroup = (
  encoder: Encoder,
  operands: Operands,
  { dout, dq, dk, dv }: Gradients,
  spans: Tensor,
  ends: Tensor,
): void => {
  const { q, k, v, out, lse } = operands;
  const { H, KV, D4, LANES, GROUP, HEADS, scale } = shapeOf(encoder, operands);
  const N = q.rows;
  const delta = encoder.tensor(N, H);
  encoder.dispatch(kernels.query, {
    constants: { H, GROUP, HEADS, D4, LANES, ...readOperands(operands), ...readAs("out", out, 4, "outOf") },
    tensors: [q, k, v, spans, out, lse, dout, dq, delta],
    params: { N, scale, ...strided(encoder, { q, k, v, out, dout, dq }) },
    groups: spread(N * H / HEADS),
  });
  encoder.dispatch(kernels.keyValue, {
    constants: { KV, GROUP, D4, LANES, ...readOperands(operands) },
    tensors: [q, k, v, ends, lse, delta, dout, dk, dv],
    params: { N, scale, ...strided(encoder, { q, k, v, dout, dk, dv }) },
    groups: spread(N * KV),
  });
  encoder.release(delta);
};
