/**
 * The variants of attention by device. Default: one lane per row and a few of its heads. Serial devices: four keys at a time in a vec4. With
 * `--kernels cooperative`: one subgroup per row and a few of its heads. The variant depends only on the device and the head width, so sampler and
 * trainer use the same. Variants differ in their bits.
 */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { type Kernel, makeKernel } from "../../gpu/kernel.ts";
import { lanes, sumOfFour } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Operands } from "./operands.ts";
import source from "./attention.wgsl" with { type: "text" };
import keyValueSource from "./attention_backward_key_value.wgsl" with { type: "text" };
import keyValueFoursSource from "./attention_backward_key_value_fours.wgsl" with { type: "text" };
import keyValueSubgroupSource from "./attention_backward_key_value_subgroup.wgsl" with { type: "text" };
import querySource from "./attention_backward_query.wgsl" with { type: "text" };
import queryFoursSource from "./attention_backward_query_fours.wgsl" with { type: "text" };
import querySubgroupSource from "./attention_backward_query_subgroup.wgsl" with { type: "text" };
import foursSource from "./attention_fours.wgsl" with { type: "text" };
import mergeSource from "./attention_merge.wgsl" with { type: "text" };
import subgroupSource from "./attention_subgroup.wgsl" with { type: "text" };

const laneKernels = {
  forward: makeKernel(source),
  query: makeKernel(querySource),
  keyValue: makeKernel(keyValueSource),
};
const foursKernels = {
  forward: makeKernel(foursSource),
  query: makeKernel(queryFoursSource),
  keyValue: makeKernel(keyValueFoursSource),
};

/** The subgroup kernels: forward, the merge of its chunks, and the two backward kernels. */
export const subgroupKernels = {
  forward: makeKernel(subgroupSource),
  merge: makeKernel(mergeSource),
  query: makeKernel(querySubgroupSource),
  keyValue: makeKernel(keyValueSubgroupSource),
};

/** A kernel, its constants, and its workgroup counts for N rows. */
export interface Part {
  readonly kernel: Kernel;
  readonly constants: Constants;
  readonly groups: (N: number) => readonly [number, number];
}

/** The kernels for the forward pass, for dq, and for dk and dv; `merge` joins chunks of keys if the forward kernel can split them. */
export interface AttentionForm {
  readonly forward: Part;
  readonly query: Part;
  readonly keyValue: Part;
  readonly merge?: Part;
}

/** Keys per partial sum; partial sums are joined in order. A constant, since it affects bits. */
export const chunkKeys = 512;

/** Heads per lane among a group of `GROUP` heads of `size` vec4s: as many as fit in registers. */
const sharedHeads = (GROUP: number, size: number): number => {
  let heads = GROUP;
  while (heads > 1 && (GROUP % heads > 0 || heads * size > 8)) heads--;
  return heads;
};

interface Shape {
  readonly H: number;
  readonly KV: number;
  readonly GROUP: number;
  readonly D: number;
}

const lanesForm = ({ H, KV, GROUP, D }: Shape): AttentionForm => {
  const isPacked = D % 4 === 0;
  const HEADS = isPacked ? sharedHeads(GROUP, D / 4) : 1;
  const ROWS = isPacked && D <= 16 ? 2 : 1;
  const shape: Constants = { GROUP, D, ...(isPacked ? { Elem: "vec4f", PACK: 4, sumOf: sumOfFour } : {}) };
  const rows = { constants: { ...shape, H, HEADS }, groups: (N: number) => lanes(N * H / HEADS, 32) };
  return {
    forward: { kernel: laneKernels.forward, ...rows },
    query: { kernel: laneKernels.query, ...rows },
    keyValue: {
      kernel: laneKernels.keyValue,
      constants: { ...shape, KV, ROWS },
      groups: (N) => lanes(Math.ceil(N / ROWS) * KV, 32),
    },
  };
};

const foursForm = ({ H, KV, GROUP, D }: Shape): AttentionForm => {
  // Two heads have eight sums, which leaves vector registers for loads.
  const HEADS = GROUP % 2 === 0 ? 2 : 1;
  const shape = { GROUP, D4: D / 4, STEP: D % 16 === 0 ? 4 : 1 };
  const { forward, query, keyValue } = foursKernels;
  return {
    forward: { kernel: forward, constants: { ...shape, H, HEADS }, groups: (N) => spread(N * H / HEADS) },
    query: { kernel: query, constants: { ...shape, H }, groups: (N) => spread(N * H) },
    keyValue: { kernel: keyValue, constants: { ...shape, KV }, groups: (N) => spread(N * KV) },
  };
};

const subgroupForm = ({ H, KV, GROUP, D }: Shape, LANES: number): AttentionForm => {
  const D4 = D / 4;
  const HEADS = sharedHeads(GROUP, Math.ceil(D4 / LANES));
  const shape = { GROUP, D4, LANES };
  const groups = (N: number) => spread(N * H / HEADS);
  const { forward, merge, query, keyValue } = subgroupKernels;
  return {
    forward: { kernel: forward, constants: { ...shape, H, HEADS, CHUNK: chunkKeys }, groups },
    merge: { kernel: merge, constants: { H, D4, CHUNK: chunkKeys }, groups: (N) => lanes(N * H * D4) },
    query: { kernel: query, constants: { ...shape, H, HEADS }, groups },
    keyValue: { kernel: keyValue, constants: { ...shape, KV }, groups: (N) => spread(N * KV) },
  };
};

/** The variant for the device and these heads. */
export const formOf = ({ info }: Encoder, { q, k, headWidth: D }: Operands): AttentionForm => {
  const [H, KV] = [q.cols / D, k.cols / D];
  const shape = { H, KV, GROUP: H / KV, D };
  if (D % 4 > 0) return lanesForm(shape);
  return info.cooperative === true
    ? subgroupForm(shape, info.lanes)
    : info.serial === true
    ? foursForm(shape)
    : lanesForm(shape);
};
