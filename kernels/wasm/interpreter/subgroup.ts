/** What the lanes of one subgroup have in common: the values that they hand each other, and the matrices that they hold together. */
import { arithmetic } from "./arithmetic.ts";
import { roundHalf } from "./half_bits.ts";

/** A matrix's numbers, row by row; never changed once it is made, so that lanes may share it. */
export type Matrix = Float32Array;

/** Slots of a lane for what it hands over. */
export const slotsOfLane = 16;

/** One subgroup of a workgroup. */
export class Subgroup {
  /** Where lanes put values before an operation, and where they find those of the last one: swapped at each. */
  put: Float64Array;
  given: Float64Array;
  /** Matrices that go into an operation, three a lane, and the one that came out. */
  readonly operands: (Matrix | null)[];
  result: Matrix | null = null;

  /** Invocations `first` to `first + lanes` of the workgroup; as an actor the subgroup has a number of its own. */
  constructor(readonly first: number, readonly lanes: number, readonly actor: number) {
    this.put = new Float64Array(lanes * slotsOfLane);
    this.given = new Float64Array(lanes * slotsOfLane);
    this.operands = new Array(lanes * 3).fill(null);
  }

  /** Hands over what the lanes have put. */
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

/** Functions of one value of each lane; sums are taken in the order of the lanes. */
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
