/** The shared state of a subgroup: values that its lanes exchange, and its matrices. */
import { arithmetic } from "./arithmetic.ts";
import { roundHalf } from "./half_bits.ts";

/** A matrix's numbers in row-major order; immutable, so that lanes share it. */
export type Matrix = Float32Array;

/** Slots per lane for exchanged values. */
export const slotsOfLane = 16;

export class Subgroup {
  /** Values stored before an operation, and those of the last operation; swapped at each operation. */
  put: Float64Array;
  given: Float64Array;
  /** Operand matrices of an operation, three per lane, and its result. */
  readonly operands: (Matrix | null)[];
  result: Matrix | null = null;

  /** Invocations `first` to `first + lanes` of the workgroup; `actor` is the subgroup's own number in access records. */
  constructor(readonly first: number, readonly lanes: number, readonly actor: number) {
    this.put = new Float64Array(lanes * slotsOfLane);
    this.given = new Float64Array(lanes * slotsOfLane);
    this.operands = new Array(lanes * 3).fill(null);
  }

  /** Makes the stored values readable by all lanes. */
  exchange(): void {
    const { put } = this;
    this.put = this.given;
    this.given = put;
  }
}

const joined = (group: Subgroup, slot: number, join: (a: number, b: number) => number): number => {
  let value = group.given[slot];
  for (let lane = 1; lane < group.lanes; lane++) value = join(value, group.given[lane * slotsOfLane + slot]);
  return value;
};

/** Functions of one value per lane; sums are in lane order. */
export const subgroupFunctions = {
  subgroupMax: (group: Subgroup, slot: number): number => joined(group, slot, arithmetic.most),
  subgroupMin: (group: Subgroup, slot: number): number => joined(group, slot, arithmetic.least),
  subgroupAdd: (group: Subgroup, slot: number, kind: string): number => {
    const keep = kind === "f32"
      ? Math.fround
      : kind === "f16"
      ? roundHalf
      : kind === "u32"
      ? (x: number) => x >>> 0
      : (x: number) => x | 0;
    return joined(group, slot, (a, b) => keep(a + b));
  },
};
