/**
 * The operations of matrix units: float16 operands, sums in float32, one product after another. A subgroup does each once, for all its lanes,
 * which must agree on what they ask for. What real units round between the products is not known; only layouts and sizes are theirs.
 */
import type { Type } from "../../wgsl/types.ts";
import type { CheckedAccess } from "./checked_access.ts";
import type { Memory } from "./memory.ts";
import { type Matrix, slotsOfLane, type Subgroup } from "./subgroup.ts";

/** A matrix type. */
export type MatrixType = Extract<Type, { readonly kind: "matrix" }>;

/** Sizes of the card's units. */
export interface MatrixSizes {
  readonly size: number;
  readonly depth: number;
}

/** Whether units of these sizes hold a matrix: operands in float16, results in float32. */
export const isHeld = ({ role, of, columns, rows }: MatrixType, { size, depth }: MatrixSizes): boolean =>
  role === "result"
    ? of === "f32" && columns === size && rows === size
    : of === "f16" && columns === (role === "left" ? depth : size) && rows === (role === "left" ? size : depth);

/** The one value that all lanes have put into a slot. */
const agreed = (checks: CheckedAccess, group: Subgroup, slot: number, what: string, line: number): number => {
  const value = group.given[slot];
  for (let lane = 1; lane < group.lanes; lane++) {
    const other = group.given[lane * slotsOfLane + slot];
    if (other !== value) checks.fail(line, `lanes disagree on the ${what}: ${value} and ${other}`, group.actor);
  }
  return value;
};

const operand = (checks: CheckedAccess, group: Subgroup, place: number, line: number): Matrix => {
  const matrix = group.operands[place];
  for (let lane = 1; lane < group.lanes; lane++) {
    if (group.operands[lane * 3 + place] !== matrix) checks.fail(line, "lanes hold different matrices", group.actor);
  }
  if (matrix === null) return checks.fail(line, "a matrix is used that was never set", group.actor);
  return matrix;
};

/** Bytes of each element from the memory's start, by row and column. */
const addresses = (
  checks: CheckedAccess,
  group: Subgroup,
  memory: Memory,
  type: MatrixType,
  isByRows: boolean,
  line: number,
) => {
  const start = agreed(checks, group, 0, "offset", line);
  const stride = agreed(checks, group, 1, "stride", line);
  const size = type.of === "f16" ? 2 : 4;
  const [acrossRow, downColumn] = isByRows ? [size, stride] : [stride, size];
  const end = start + (type.columns - 1) * acrossRow + (type.rows - 1) * downColumn + size;
  if (end > memory.bytes) {
    checks.fail(line, `a matrix ends at byte ${end} of "${memory.name}", which has ${memory.bytes}`, group.actor);
  }
  return { start, acrossRow, downColumn, size };
};

/** Notes an access to one element; two halves that are watched as a word count as one. */
const note = (
  checks: CheckedAccess,
  memory: Memory,
  byte: number,
  size: number,
  line: number,
  actor: number,
  isWrite: boolean,
  isChecked: boolean,
) => {
  const unit = Math.floor(byte / memory.unit);
  const count = Math.max(1, size / memory.unit);
  if (memory.space === "workgroup") {
    (isWrite ? checks.writeShared : checks.readShared)(memory, unit, count, line, actor);
  } else if (isWrite) checks.writeStorage(memory, unit, count, line, actor);
  else {
    if (isChecked && memory.written![byte >> 2] === 0) checks.unwritten(line, memory, unit, actor);
    if (memory.writable) checks.readStorage(memory, unit, count, line, actor);
  }
};

/** Reads a matrix; lanes have put the first byte and the stride in bytes. */
export const loadMatrix = (
  checks: CheckedAccess,
  group: Subgroup,
  memory: Memory,
  type: MatrixType,
  isByRows: boolean,
  isChecked: boolean,
  line: number,
): Matrix => {
  const { start, acrossRow, downColumn, size } = addresses(checks, group, memory, type, isByRows, line);
  const numbers = size === 2 ? memory.h : memory.f;
  const made = new Float32Array(type.rows * type.columns);
  for (let row = 0, i = 0; row < type.rows; row++) {
    for (let column = 0; column < type.columns; column++, i++) {
      const byte = start + row * downColumn + column * acrossRow;
      note(checks, memory, byte, size, line, group.actor, false, isChecked);
      made[i] = numbers[byte / size];
    }
  }
  return made;
};

/** Writes a matrix; lanes have put the first byte and the stride in bytes, and the matrix as the first operand. */
export const storeMatrix = (
  checks: CheckedAccess,
  group: Subgroup,
  memory: Memory,
  type: MatrixType,
  isByRows: boolean,
  line: number,
): null => {
  const { start, acrossRow, downColumn, size } = addresses(checks, group, memory, type, isByRows, line);
  const numbers = size === 2 ? memory.h : memory.f;
  const matrix = operand(checks, group, 0, line);
  for (let row = 0, i = 0; row < type.rows; row++) {
    for (let column = 0; column < type.columns; column++, i++) {
      const byte = start + row * downColumn + column * acrossRow;
      note(checks, memory, byte, size, line, group.actor, true, false);
      numbers[byte / size] = matrix[i];
    }
  }
  return null;
};

/** a · b + c of the three operands. */
export const multiplyMatrices = (
  checks: CheckedAccess,
  group: Subgroup,
  { size, depth }: MatrixSizes,
  line: number,
): Matrix => {
  const a = operand(checks, group, 0, line);
  const b = operand(checks, group, 1, line);
  const made = operand(checks, group, 2, line).slice();
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < depth; k++) {
      const factor = a[row * depth + k];
      // A product of two halves is exact; adding it to a float32 rounds it once.
      for (let column = 0; column < size; column++) made[row * size + column] += factor * b[k * size + column];
    }
  }
  return made;
};
