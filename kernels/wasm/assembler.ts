/**
 * Encodes WebAssembly: instructions by name, integers as LEB128. Source: the WebAssembly core specification with threads, SIMD and 64-bit memory.
 */

/** Bytes, in nested parts; constant vectors are read from locals (see `Hoisted`). */
export type Code = ReadonlyArray<number | Code | Hoisted>;

/** A constant vector of four equal words, kept in a local: V8 builds a constant at every use, in three instructions, and reads a local for free. */
export interface Hoisted {
  readonly word: number;
}

export type ValueType = "i32" | "i64" | "f32" | "v128";

/** The byte of each type. */
export const valueTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, v128: 0x7b };

/** Instructions without immediates; those of SIMD have the prefix 0xfd. */
const plain = {
  unreachable: 0x00,
  end: 0x0b,
  else: 0x05,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b,
  "i32.le_s": 0x4c,
  "i32.le_u": 0x4d,
  "i32.ge_s": 0x4e,
  "i32.ge_u": 0x4f,
  "f32.eq": 0x5b,
  "f32.ne": 0x5c,
  "f32.lt": 0x5d,
  "f32.gt": 0x5e,
  "f32.le": 0x5f,
  "f32.ge": 0x60,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_s": 0x6d,
  "i32.div_u": 0x6e,
  "i32.rem_s": 0x6f,
  "i32.rem_u": 0x70,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.mul": 0x7e,
  "i64.shl": 0x86,
  "f32.abs": 0x8b,
  "f32.neg": 0x8c,
  "f32.ceil": 0x8d,
  "f32.floor": 0x8e,
  "f32.trunc": 0x8f,
  "f32.nearest": 0x90,
  "f32.sqrt": 0x91,
  "f32.add": 0x92,
  "f32.sub": 0x93,
  "f32.mul": 0x94,
  "f32.div": 0x95,
  "f32.min": 0x96,
  "f32.max": 0x97,
  "i64.extend_i32_u": 0xad,
  "f32.convert_i32_s": 0xb2,
  "f32.convert_i32_u": 0xb3,
  "i32.reinterpret_f32": 0xbc,
  "f32.reinterpret_i32": 0xbe,
} as const;

const simd = {
  "i32x4.splat": 0x11,
  "f32x4.splat": 0x13,
  "i32x4.eq": 0x37,
  "i32x4.ne": 0x38,
  "i32x4.lt_s": 0x39,
  "i32x4.lt_u": 0x3a,
  "i32x4.gt_s": 0x3b,
  "i32x4.gt_u": 0x3c,
  "i32x4.le_s": 0x3d,
  "i32x4.le_u": 0x3e,
  "i32x4.ge_s": 0x3f,
  "i32x4.ge_u": 0x40,
  "f32x4.eq": 0x41,
  "f32x4.ne": 0x42,
  "f32x4.lt": 0x43,
  "f32x4.gt": 0x44,
  "f32x4.le": 0x45,
  "f32x4.ge": 0x46,
  "v128.not": 0x4d,
  "v128.and": 0x4e,
  "v128.or": 0x50,
  "v128.xor": 0x51,
  "v128.bitselect": 0x52,
  "v128.any_true": 0x53,
  "f32x4.ceil": 0x67,
  "f32x4.floor": 0x68,
  "f32x4.trunc": 0x69,
  "f32x4.nearest": 0x6a,
  "i32x4.abs": 0xa0,
  "i32x4.neg": 0xa1,
  "i32x4.all_true": 0xa3,
  "i32x4.shl": 0xab,
  "i32x4.shr_s": 0xac,
  "i32x4.shr_u": 0xad,
  "i32x4.add": 0xae,
  "i32x4.sub": 0xb1,
  "i32x4.mul": 0xb5,
  "i32x4.min_s": 0xb6,
  "i32x4.min_u": 0xb7,
  "i32x4.max_s": 0xb8,
  "i32x4.max_u": 0xb9,
  "f32x4.abs": 0xe0,
  "f32x4.neg": 0xe1,
  "f32x4.sqrt": 0xe3,
  "f32x4.add": 0xe4,
  "f32x4.sub": 0xe5,
  "f32x4.mul": 0xe6,
  "f32x4.div": 0xe7,
  "f32x4.min": 0xe8,
  "f32x4.max": 0xe9,
  "f32x4.pmin": 0xea,
  "f32x4.pmax": 0xeb,
  "i32x4.trunc_sat_f32x4_s": 0xf8,
  "i32x4.trunc_sat_f32x4_u": 0xf9,
  "f32x4.convert_i32x4_s": 0xfa,
  "f32x4.convert_i32x4_u": 0xfb,
} as const;

/** The name of an instruction without immediates. */
export type Instruction = keyof typeof plain | keyof typeof simd;

/** The bytes of an instruction without immediates. */
export const instruction = (name: Instruction): Code =>
  name in plain ? [plain[name as keyof typeof plain]] : [0xfd, unsigned(simd[name as keyof typeof simd])];

/** Whether an instruction of that name is known. */
export const isInstruction = (name: string): name is Instruction => name in plain || name in simd;

/** i32.trunc_sat_f32_s or _u: rounds towards zero, saturates, and gives 0 for NaN. */
export const truncated = (signed: boolean): Code => [0xfc, signed ? 0 : 1];

/** An unsigned integer below 2^53. */
export const unsigned = (value: number): Code => {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
};

const signed = (value: number): Code => {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
};

const floatBytes = (value: number): Code => [...new Uint8Array(Float32Array.of(value).buffer)];

export const i32Const = (value: number): Code => [0x41, signed(value | 0)];
export const i64Const = (value: number): Code => [0x42, signed(value)];
export const f32Const = (value: number): Code => [0x43, floatBytes(value)];
export const v128Const = (numbers: ReadonlyArray<number>, isFloat: boolean): Code => {
  const words = isFloat ? [...new Uint32Array(Float32Array.from(numbers).buffer)] : [...Uint32Array.from(numbers)];
  const [word] = words;
  // All zeros or all ones are one instruction, so they are not hoisted.
  if (word !== 0 && word !== 0xffffffff && words.every((other) => other === word)) return [{ word }];
  return [0xfd, 0x0c, [...new Uint8Array(Uint32Array.from(words).buffer)]];
};

export const localGet = (index: number): Code => [0x20, unsigned(index)];
export const localSet = (index: number): Code => [0x21, unsigned(index)];
export const globalGet = (index: number): Code => [0x23, unsigned(index)];
export const call = (index: number): Code => [0x10, unsigned(index)];
export const br = (depth: number): Code => [0x0c, unsigned(depth)];
export const brIf = (depth: number): Code => [0x0d, unsigned(depth)];
export const block = (body: Code): Code => [0x02, 0x40, body, 0x0b];
export const loop = (body: Code): Code => [0x03, 0x40, body, 0x0b];
export const ifElse = (then: Code, otherwise: Code): Code => [
  0x04,
  0x40,
  then,
  otherwise.length === 0 ? [] : [0x05, otherwise],
  0x0b,
];
/** An `if` that leaves an i32. */
export const ifValue = (then: Code, otherwise: Code): Code => [0x04, valueTypes.i32, then, 0x05, otherwise, 0x0b];
export const selectV128: Code = [0x1c, 1, valueTypes.v128];

/** Picks four lanes of two vectors: 0 to 3 of the first, 4 to 7 of the second. */
export const shuffle = (lanes: ReadonlyArray<number>): Code => [
  0xfd,
  0x0d,
  lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
];
export const extractLane = (type: "f32" | "i32", lane: number): Code => [0xfd, type === "f32" ? 0x1f : 0x1b, lane];
export const replaceLane = (type: "f32" | "i32", lane: number): Code => [0xfd, type === "f32" ? 0x20 : 0x1c, lane];

const loads: Readonly<Record<ValueType, Code>> = { i32: [0x28, 2], i64: [0x29, 3], f32: [0x2a, 2], v128: [0xfd, 0, 2] };
const stores: Readonly<Record<ValueType, Code>> = {
  i32: [0x36, 2],
  i64: [0x37, 3],
  f32: [0x38, 2],
  v128: [0xfd, 11, 2],
};
export const load = (type: ValueType, offset: number): Code => [loads[type], unsigned(offset)];
export const store = (type: ValueType, offset: number): Code => [stores[type], unsigned(offset)];
export const atomicAdd = (offset: number): Code => [0xfe, 0x1e, 2, unsigned(offset)];
