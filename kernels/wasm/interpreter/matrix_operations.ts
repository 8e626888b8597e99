/**
 * Matrix-unit operations: float16 operands, float32 sums, one product after another. Each runs once per subgroup, and all lanes must pass equal
 * arguments. The layouts and sizes are those of real units; their rounding between products is unknown.
 */
import type { Type } from "../../wgsl/types.ts";
import type { CheckedAccess } from "./checked_access.ts";
import type { Memory } from "./memory.ts";
import { type Matrix, slotsOfLane, type Subgroup } from "./subgroup.ts";

export type MatrixType = Extract<Type, { readonly kind: "matrix" }>;

/** Sizes of the card's matrix units. */
export interface MatrixSizes {
  readonly size: number;
  readonly depth: number;
}

/** Whether units of these sizes support a matrix: float16 operands, float32 results. */
export const isHeld = ({ role, of, columns, rows }: MatrixType, { size, depth }: MatrixSizes): boolean =>
  role === "result"
    ? of === "f32" && columns === size && rows === size
    : of === "f16" && columns === (role === "left" ? depth : size) && rows === (role === "left" ? size : depth);

/** The value that all lanes have stored in a slot; a fault if they differ. */
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

/** Bytes from the start of memory to each element, by row and column. */
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

/** Records an access to one element; two 16-bit elements in one watched word count once. */
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

/** Loads a matrix; lanes have stored its first byte and its stride in bytes. */
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

/** Stores a matrix; lanes have stored its first byte and stride in bytes, and the matrix as first operand. */
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
      // The product of two float16 is exact; adding it to a float32 rounds once.
      for (let column = 0; column < size; column++) made[row * size + column] += factor * b[k * size + column];
    }
  }
  return made;
};
