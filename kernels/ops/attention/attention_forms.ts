/**
 * How attention is computed, by the kind of device: with a lane for each row and few of its heads; where invocations run one after the other, with
 * four keys at a time in the lanes of a vec4; on devices with many lanes, with a subgroup for each row and few of its heads (`--kernels cooperative`).
 * The form depends on the device and the head width alone, so sampler and trainer always have the same, whose bits are its own.
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

/** Forward, the join of its chunks, and the two backward kernels of the form with subgroups. */
export const subgroupKernels = {
  forward: makeKernel(subgroupSource),
  merge: makeKernel(mergeSource),
  query: makeKernel(querySubgroupSource),
  keyValue: makeKernel(keyValueSubgroupSource),
};

/** A kernel, its constants, and its workgroups for N rows. */
export interface Part {
  readonly kernel: Kernel;
  readonly constants: Constants;
  readonly groups: (N: number) => readonly [number, number];
}

/** The forward kernel, those that give dq and dk with dv, and the one that joins chunks of keys where the forward kernel can have them apart. */
export interface AttentionForm {
  readonly forward: Part;
  readonly query: Part;
  readonly keyValue: Part;
  readonly merge?: Part;
}

/** Keys that are summed on their own before the sums are joined, in order; a constant, since it shows in the bits. */
export const chunkKeys = 512;

/** Query heads of a group of `GROUP` that are served together, `size` vec4s each: as many as leaves their sums in registers. */
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
  // Two heads have eight sums of products, which leaves vector registers for what is loaded.
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

/** The form for the device and the heads of these operands. */
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
