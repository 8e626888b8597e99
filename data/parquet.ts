/**
 * The rows of a Parquet file with exact numbers: a decimal is its text ("12.50"), a float32 or float16 the shortest decimal that reads back
 * to it (0.1, not 0.10000000149011612). All else is as in hyparquet, with 64-bit integers as bigints.
 */
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { isObject } from "./is_object.ts";

/** The conversion of a column's numbers. */
type Exact = (value: unknown) => unknown;

/** The unscaled integer of a decimal; bytes are two's complement, big-endian. */
function unscaled(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(value);
  if (!(value instanceof Uint8Array)) return undefined;
  const whole = value.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asIntN(8 * value.length, whole);
}

/** An unscaled integer with its decimal point: 1250 of scale 2 is "12.50". */
function decimalText(whole: bigint, scale: number): string {
  const digits = `${whole < 0n ? -whole : whole}`.padStart(scale + 1, "0");
  const point = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return whole < 0n ? `-${text}` : text;
}

const toHalf = (x: number): number => new Float16Array([x])[0];

/** The number with the fewest digits that `round` maps to the same value. */
function shortest(value: number, round: (x: number) => number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(value.toPrecision(digits));
    if (round(candidate) === value) return candidate;
  }
  return value;
}

const isDecimal = ({ converted_type, logical_type }: SchemaElement): boolean =>
  converted_type === "DECIMAL" || logical_type?.type === "DECIMAL";

/** The conversion of a column, or undefined if it stays as it is. A decimal loses its annotation, so that hyparquet reads its integer. */
function exactOf(element: SchemaElement): Exact | undefined {
  if (isDecimal(element)) {
    const { scale = 0 } = element;
    delete element.converted_type;
    delete element.logical_type;
    // hyparquet reads bytes of any other type as text.
    if (element.type === "BYTE_ARRAY") element.logical_type = { type: "GEOGRAPHY" };
    return (value) => {
      const whole = unscaled(value);
      return whole === undefined ? value : decimalText(whole, scale);
    };
  }
  if (element.type === "FLOAT") return (value) => typeof value === "number" ? shortest(value, Math.fround) : value;
  if (element.logical_type?.type !== "FLOAT16") return undefined;
  return (value) => typeof value === "number" ? shortest(value, toHalf) : value;
}

/** Applies a conversion to a value or to every value of a list. */
const each = (exact: Exact): Exact => (value) => Array.isArray(value) ? value.map(each(exact)) : exact(value);

/** The conversion of the values under a schema node, or undefined for none. hyparquet gives lists without their wrapper groups. */
function changes({ element, children }: SchemaTree): Exact | undefined {
  if (element.converted_type === "MAP") return undefined;
  if (children.length === 0) {
    const exact = exactOf(element);
    return exact && each(exact);
  }
  if (element.converted_type === "LIST" && children.length === 1 && children[0].children.length <= 1) {
    return changes(children[0].children[0] ?? children[0]);
  }
  const fields = new Map(children.flatMap((child) => {
    const exact = changes(child);
    return exact === undefined ? [] : [[child.element.name, exact] as const];
  }));
  if (fields.size === 0) return undefined;
  return each((value) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).map(([name, own]) => [name, fields.get(name)?.(own) ?? own]))
      : value
  );
}

/** The rows of a file's bytes; rejects as hyparquet does. */
export const rowsOf = (file: ArrayBuffer): Promise<ReadonlyArray<unknown>> =>
  parquetMetadataAsync(file).then((metadata) => {
    const exact = changes(parquetSchema(metadata));
    return parquetReadObjects({ file, metadata, compressors, parsers: { geographyFromBytes: (bytes) => bytes } })
      .then((rows) => exact === undefined ? rows : rows.map(exact));
  });
