/**
 * Writes TensorBoard event files without a library: each record is framed as TFRecord (length u64, masked CRC-32C of the length, bytes,
 * masked CRC-32C of the bytes, all little-endian) and holds one protocol buffer `Event`, of which scalars need five fields. Sources:
 * tensorflow/core/lib/io/record_writer.h, core/util/event.proto, core/framework/summary.proto.
 */
import { Buffer } from "node:buffer";

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** CRC-32C (Castagnoli), reflected, as an unsigned integer. */
export const crc32c = (bytes: Uint8Array): number => {
  let c = 0xffffffff;
  for (const byte of bytes) c = table[(c ^ byte) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
};

/** The masked form that TFRecord stores: rotated right by 15 bits plus a constant. */
export const maskedCrc32c = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts);

/** Frames bytes as one TFRecord. */
export const frame = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(bytes.length), true);
  const crc = (of: Uint8Array) => {
    const four = new Uint8Array(4);
    new DataView(four.buffer).setUint32(0, maskedCrc32c(of), true);
    return four;
  };
  return joined(length, crc(length), bytes, crc(bytes));
};

const varint = (value: number): Uint8Array => {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
};

const key = (field: number, wire: number): Uint8Array => varint(field * 8 + wire);

const delimited = (field: number, bytes: Uint8Array): Uint8Array => joined(key(field, 2), varint(bytes.length), bytes);

const text = (field: number, value: string): Uint8Array => delimited(field, new TextEncoder().encode(value));

const float64 = (field: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joined(key(field, 1), bytes);
};

const float32 = (field: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined(key(field, 5), bytes);
};

/** The first record of an event file; `wallTime` in seconds. */
export const fileVersion = (wallTime: number): Uint8Array =>
  frame(joined(float64(1, wallTime), text(3, "brain.Event:2")));

/** One event of scalars by tag; `wallTime` in seconds, `step` a non-negative integer. */
export const scalars = (
  wallTime: number,
  step: number,
  values: ReadonlyArray<readonly [tag: string, value: number]>,
): Uint8Array => {
  const summary = joined(...values.map(([tag, value]) => delimited(1, joined(text(1, tag), float32(2, value)))));
  return frame(joined(float64(1, wallTime), key(2, 0), varint(step), delimited(5, summary)));
};
