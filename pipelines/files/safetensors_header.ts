/**
 * The header of a safetensors file and its three float formats. A file is an 8-byte little-endian length, that many bytes of JSON (name ->
 * dtype, shape, [begin, end) offsets into the data), then the tensors without gaps. The file may be truncated or hostile, so all offsets
 * are checked before use. https://github.com/huggingface/safetensors#format
 */
import { toHalves } from "../../kernels/gpu/half_precision.ts";
import { isObject, parseObject } from "./json.ts";

/** One tensor's element type, shape, and byte range [begin, end) from the start of the file. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: ReadonlyArray<number>;
  readonly begin: number;
  readonly end: number;
}

/** The tensors of one file by name, and its free-text metadata. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The first fault in a header; `tensor` is empty if the fault concerns no tensor. */
export interface HeaderFault {
  readonly tensor: string;
  readonly expected: string;
  readonly found: string;
}

/** A longer header, in bytes, is refused as damaged, as in the reference reader. */
export const maxHeaderBytes = 100_000_000;

const byteSizes: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
};

/** The number of elements of a shape. */
export const elementCount = (shape: ReadonlyArray<number>): number => shape.reduce((count, size) => count * size, 1);

/** Reads the JSON part of a header: `headerBytes` long, in a file of `fileBytes`. */
export const parseHeader = (
  text: string,
  headerBytes: number,
  fileBytes: number,
): { readonly ok: true; readonly header: SafetensorsHeader } | { readonly ok: false; readonly fault: HeaderFault } => {
  const failed = (tensor: string, expected: string, found: string) =>
    ({ ok: false, fault: { tensor, expected, found } }) as const;
  const parsed = parseObject("header", text);
  if (!parsed.ok) return failed("", "a header that is a JSON object", "another text");
  const { __metadata__: metadata, ...tensors } = parsed.object;
  const start = 8 + headerBytes;
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(tensors)) {
    const entry = isObject(value) ? value : {};
    const { dtype, shape, data_offsets: offsets } = entry;
    if (typeof dtype !== "string" || !Object.hasOwn(byteSizes, dtype)) {
      return failed(name, `an element type (${Object.keys(byteSizes).join(" ")})`, JSON.stringify(dtype ?? "none"));
    }
    if (!isSizes(shape)) return failed(name, "a shape of whole numbers", JSON.stringify(shape ?? "none"));
    if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
      return failed(name, "offsets [begin, end]", JSON.stringify(offsets ?? "none"));
    }
    const [begin, end] = [start + offsets[0], start + offsets[1]];
    const bytes = elementCount(shape) * byteSizes[dtype];
    if (end - begin !== bytes) {
      return failed(name, `${bytes} bytes for ${dtype} [${shape.join(", ")}]`, `offsets of ${end - begin} bytes`);
    }
    entries.set(name, { dtype, shape, begin, end });
  }
  let next = start;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next) {
      return failed(name, `offset ${next - start}, where the tensor before it ends`, `${begin - start}`);
    }
    if (end > fileBytes) return failed(name, `a file of at least ${end} bytes`, `${fileBytes} bytes (cut short)`);
    next = end;
  }
  if (next !== fileBytes) return failed("", `a file of ${next} bytes`, `${fileBytes} bytes`);
  return { ok: true, header: { entries, metadata: isObject(metadata) ? metadata : {} } };
};

/** The element types for writing: their names in safetensors and in `config.json`, and their size in bytes. */
export const writtenTypes = {
  float32: { dtype: "F32", bytes: 4 },
  bfloat16: { dtype: "BF16", bytes: 2 },
  float16: { dtype: "F16", bytes: 2 },
} as const;

export type ElementType = keyof typeof writtenTypes;

/**
 * The bytes of a file before the data; tensors without an element type have `type`. Tensors are ordered float32, bfloat16, float16, each by
 * name, as in the reference writer, regardless of the input order.
 */
export const encodeHeader = (
  tensors: ReadonlyArray<
    { readonly name: string; readonly shape: ReadonlyArray<number>; readonly type?: ElementType | undefined }
  >,
  type: ElementType = "float32",
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly order: ReadonlyArray<string> } => {
  const rank = (own: ElementType = type) => Object.keys(writtenTypes).indexOf(own);
  const sorted = [...tensors].sort((a, b) =>
    rank(a.type) - rank(b.type) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
  let offset = 0;
  const entries = sorted.map(({ name, shape, type: own = type }) => {
    const begin = offset;
    const { dtype, bytes } = writtenTypes[own];
    offset += bytes * elementCount(shape);
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, offset] })}`;
  });
  const json = new TextEncoder().encode(`{${['"__metadata__":{"format":"pt"}', ...entries].join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return { bytes, order: sorted.map(({ name }) => name) };
};

/** Widens little-endian elements of one of the float formats into `out` from index `at`; false for another format. */
export const widen = (dtype: string, bytes: Uint8Array<ArrayBuffer>, out: Float32Array, at: number): boolean => {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (dtype) {
    case "F32":
      out.set(new Float32Array(buffer, byteOffset, byteLength / 4), at);
      return true;
    case "F16":
      out.set(new Float16Array(buffer, byteOffset, byteLength / 2), at);
      return true;
    case "BF16": {
      const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
      const words = new Uint32Array(out.buffer, out.byteOffset + 4 * at, halves.length);
      for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
      return true;
    }
    default:
      return false;
  }
};

/** Float32 numbers as bytes of an element type, rounded to nearest, ties to even, as PyTorch's `Tensor.to`. */
export const narrow = (values: Float32Array<ArrayBuffer>, type: ElementType): Uint8Array<ArrayBuffer> => {
  if (type === "float32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return new Uint8Array(toHalves(values, type === "float16" ? "f16" : "bf16").buffer);
};

/** The first number that is not finite in an element type, or undefined. */
export const firstBeyond = (values: Float32Array, type: ElementType): number | undefined => {
  const limit = beyond[type];
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]) < limit)) return values[i];
  }
  return undefined;
};

// The smallest value that rounds to infinity: half a step above the largest number.
const beyond: Readonly<Record<ElementType, number>> = {
  float32: Infinity,
  bfloat16: 2 ** 128 - 2 ** 119,
  float16: 65520,
};

const isSizes = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
