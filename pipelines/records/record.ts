/**
 * Records as NDJSON, one JSON object per line. `decodeRecord` checks the fields that a stage needs, turns token and number lists into typed
 * arrays and leaves other fields unchanged; `encode` writes the line back. Numbers survive the round trip bit for bit: a float32 is written
 * as the shortest decimal that reads back to it, a scalar as the shortest float64, and an integer beyond 2^53 in an unlisted field keeps
 * its digits. Records are checked only here; all later code trusts their types.
 */
import * as Schema from "@effect/schema";
import * as Result from "effect/Result";
import { isObject } from "../../data/is_object.ts";
import { Credited, type Field, type Kind, type RecordSchema } from "./schema.ts";

declare global {
  interface JSON {
    rawJSON(text: string): unknown;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** A line that is not a valid record: its place, the field, and the value found. */
export class RecordError extends Schema.TaggedError<RecordError>()("RecordError", {
  noun: Schema.String,
  source: Schema.String,
  line: Schema.Int,
  field: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    const where = this.field === "" ? "the line" : `field "${this.field}"`;
    return `Cannot read ${this.noun} from "${this.source}", line ${this.line}: ${where} must be ${this.expected}, ` +
      `found ${this.found}`;
  }
}

/** The source of a line: a file name or `<stdin>`, and the line number from 1. */
export interface SourcePlace {
  readonly source: string;
  readonly line: number;
}

/** The key of a decoded record's place; invisible to spreads and JSON, since the place is not part of the record. */
const placeKey = Symbol("place");

/** The place of a record from `decodeRecord`, as in messages: ` ("<stdin>", line 3)`; empty for other records. */
export const placeOf = (record: object): string => {
  const place: unknown = Reflect.get(record, placeKey);
  return typeof place === "string" ? ` (${place})` : "";
};

interface Fault {
  readonly field: string;
  readonly expected: string;
  readonly found: unknown;
}

/** The required fields of a record, given the fields that it has (`present_fields.ts`). */
export type Needed<A> = (record: Readonly<Record<string, unknown>>) => ReadonlyArray<keyof A & string>;

const LONGEST_VALUE = 60;
const DEEPEST = 1_000;

/**
 * Reads one line as a record. Fields in `needs` must be present and valid. Lists of the record type must be valid if present, since they
 * become typed arrays. An optional field that is null is dropped; all others pass unchanged. Fails with a RecordError that names the place,
 * the field and the value.
 */
export const decodeRecord = <A>(
  noun: RecordSchema<A>,
  needs: ReadonlyArray<keyof A & string> | Needed<A>,
  text: string,
  place: SourcePlace,
): Result.Result<A, RecordError> => {
  const fail = (field: string, expected: string, found: string) =>
    Result.fail(new RecordError({ noun: noun.name, source: place.source, line: place.line, field, expected, found }));
  const parsed = Result.try({ try: (): unknown => JSON.parse(text), catch: () => shorten(text) });
  if (Result.isFailure(parsed)) return fail("", "a JSON object", parsed.failure);
  const record = parsed.success;
  if (!isObject(record)) return fail("", "a JSON object", show(record));
  const fault = settle(noun, typeof needs === "function" ? needs(record) : needs, record);
  if (fault !== undefined) return fail(fault.field, fault.expected, show(fault.found));
  const extras = survey(record);
  if (extras.deep !== undefined) return fail(extras.deep, `nested at most ${DEEPEST} deep`, "a deeper value");
  const whole = extras.huge ? keepDigits(text, record) : record;
  Object.defineProperty(whole, placeKey, { value: `"${place.source}", line ${place.line}` });
  return Result.succeed(whole as A);
};

/** Whether a parsed value is a complete record of a type without lists. */
export const isRecordOf = <A>(noun: RecordSchema<A>, value: unknown): value is A =>
  isObject(value) &&
  settle(noun, noun.fields.filter(({ optional }) => !optional).map(({ name }) => name), { ...value }) === undefined;

/**
 * Writes one record as a line of JSON without spaces or newline. A record with a problem has the fields of Credited in their order, then
 * all others; an aggregate keeps its own order. NaN and infinities become `null`.
 */
export const encode = (record: object, lists?: ListTexts): string => {
  const parts: Array<string> = [];
  const fields: Record<string, unknown> = { ...record };
  const add = (name: string) => {
    const text = encodeValue(fields[name], lists);
    if (text !== undefined) parts.push(`${JSON.stringify(name)}:${text}`);
  };
  const first = "problemId" in fields ? travelling : new Set<string>();
  for (const name of first) add(name);
  for (const name of Object.keys(fields)) if (!first.has(name)) add(name);
  return `{${parts.join(",")}}`;
};

/** The shortest decimal that reads back to the same float32 (`null` if it is not finite). */
export const encodeFloat32 = (x: number): string => {
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return Object.is(x, -0) ? "-0" : String(x);
  if (!Number.isFinite(x)) return "null";
  const size = Math.abs(x);
  const exponent = decimalExponent(size);
  // Both factors below are exact float64, so the quotient is the float64 nearest to the short decimal and prints as it.
  for (let digits = 6; digits <= 9; digits++) {
    const shift = digits - 1 - exponent;
    if (shift < 0 || shift > 22) break;
    const candidate = Math.round(size * TEN_TO_THE[shift]) / TEN_TO_THE[shift];
    if (Math.fround(candidate) === size) return x < 0 ? `-${candidate}` : String(candidate);
  }
  for (let digits = 1; digits <= 9; digits++) {
    const candidate = Number(x.toPrecision(digits));
    if (Math.fround(candidate) === x) return String(candidate);
  }
  return String(x);
};

/** The largest e with 10^e <= x, for float32 x > 0. */
const decimalExponent = (x: number): number => {
  let low = 0;
  let high = POWERS.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (POWERS[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low + LEAST_POWER;
};

const LEAST_POWER = -46;
const POWERS = Float64Array.from({ length: 86 }, (_, i) => Number(`1e${i + LEAST_POWER}`));
const TEN_TO_THE = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

const travelling: ReadonlySet<string> = new Set(Credited.fields.map((field) => field.name));

/** Cached texts of encoded lists, which the records of a step share. The lists must not change. */
export type ListTexts = WeakMap<Float32Array | Int32Array, string>;

const encodeValue = (value: unknown, lists?: ListTexts): string | undefined => {
  if (!(value instanceof Float32Array || value instanceof Int32Array)) return JSON.stringify(value);
  const known = lists?.get(value);
  if (known !== undefined) return known;
  const text = value instanceof Float32Array ? encodeFloats(value) : `[${value.join(",")}]`;
  lists?.set(value, text);
  return text;
};

const encodeFloats = (value: Float32Array): string => {
  if (value.length === 0) return "[]";
  let text = "[" + encodeFloat32(value[0]);
  for (let i = 1; i < value.length; i++) text += "," + encodeFloat32(value[i]);
  return text + "]";
};

const settle = <A>(
  noun: RecordSchema<A>,
  needs: ReadonlyArray<keyof A & string>,
  record: Record<string, unknown>,
): Fault | undefined => {
  for (const field of noun.fields) {
    const needed = needs.includes(field.name);
    if (field.optional && record[field.name] === null) delete record[field.name];
    const value = record[field.name];
    if (value === undefined) {
      if (needed) return { field: field.name, expected: expectation(field), found: undefined };
      continue;
    }
    const fault = settleField(record, field, field.name);
    if (fault !== undefined && (needed || (isListKind(field.kind) && value !== null))) return fault;
  }
  for (const [left, right] of noun.sameLength) {
    const a = record[left];
    const b = record[right];
    if (isList(a) && isList(b) && a.length !== b.length) {
      return { field: left, expected: `as long as "${right}" (${b.length})`, found: a.length };
    }
  }
  return undefined;
};

const isListKind = (kind: Kind): kind is "tokens" | "floats" => kind === "tokens" || kind === "floats";

const isList = (value: unknown): value is Float32Array | Int32Array =>
  value instanceof Float32Array || value instanceof Int32Array;

/** Checks one field in place and replaces a list by its typed array. */
const settleField = (record: Record<string, unknown>, field: Field, path: string): Fault | undefined => {
  const value = record[field.name];
  const { kind } = field;
  if (value === null && field.nullable) return undefined;
  const wrong = (): Fault => ({ field: path, expected: expectation(field), found: value });
  if (isListKind(kind)) {
    if (!Array.isArray(value)) return wrong();
    const list = kind === "tokens" ? new Int32Array(value.length) : new Float32Array(value.length);
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      if (typeof element !== "number") return elementFault(path, i, kind, element);
      list[i] = element;
      const ok = kind === "tokens" ? list[i] === element && element >= 0 : Number.isFinite(list[i]);
      if (!ok) return elementFault(path, i, kind, element);
    }
    record[field.name] = list;
    return undefined;
  }
  if (typeof kind === "object" && "struct" in kind) {
    if (!isObject(value)) return wrong();
    for (const inner of kind.struct) {
      const fault = settleField(value, inner, `${path}.${inner.name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  return isScalar(kind, value) ? undefined : wrong();
};

const elementFault = (path: string, index: number, kind: "tokens" | "floats", found: unknown): Fault => ({
  field: `${path}[${index}]`,
  expected: kind === "tokens" ? "a token id (a whole number from 0 to 2147483647)" : "a finite float32",
  found,
});

const isScalar = (kind: Exclude<Kind, "tokens" | "floats" | { struct: unknown }>, value: unknown): boolean => {
  if (typeof kind === "object") return typeof value === "string" && kind.literals.includes(value);
  if (kind === "string") return typeof value === "string";
  if (kind === "boolean") return typeof value === "boolean";
  if (kind === "number") return Number.isFinite(value);
  return Number.isSafeInteger(value) && (kind === "integer" || Number(value) >= 0);
};

const expectation = ({ kind, nullable }: Field): string => {
  const expected = typeof kind === "object"
    ? "struct" in kind ? "an object" : kind.literals.map((literal) => `"${literal}"`).join(" or ")
    : {
      string: "a string",
      integer: "a whole number",
      count: "a whole number, not negative",
      number: "a finite number",
      boolean: "true or false",
      tokens: "a list of token ids",
      floats: "a list of numbers",
    }[kind];
  return nullable ? `${expected} or null` : expected;
};

/**
 * Walks everything but typed arrays, without recursion: finds integers beyond float64 and the first field that is nested too deep to
 * encode.
 */
const survey = (record: Record<string, unknown>): { readonly huge: boolean; readonly deep?: string } => {
  let huge = false;
  for (const name of Object.keys(record)) {
    const pending: Array<readonly [unknown, number]> = [[record[name], 1]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [value, depth] = next;
      if (typeof value === "number") huge ||= isHuge(value);
      if (typeof value !== "object" || value === null || isList(value)) continue;
      if (depth > DEEPEST) return { huge, deep: name };
      for (const inner of Object.values(value)) pending.push([inner, depth + 1]);
    }
  }
  return { huge };
};

const isHuge = (x: number): boolean => !Number.isSafeInteger(x) && (Number.isInteger(x) || !Number.isFinite(x));

/** Parses the line again with all digits of numbers beyond float64, and restores the typed arrays. */
const keepDigits = (text: string, record: Record<string, unknown>): Record<string, unknown> => {
  const again = JSON.parse(
    text,
    (_key, value, { source }) =>
      typeof value === "number" && isHuge(value) && source !== undefined ? JSON.rawJSON(source) : value,
  );
  const lists = Object.entries(record).filter(([, value]) => isList(value));
  return isObject(again) ? { ...again, ...Object.fromEntries(lists) } : record;
};

const show = (value: unknown): string => {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  const head = typeof value === "string" || Array.isArray(value) ? value.slice(0, LONGEST_VALUE + 1) : value;
  const text = Result.try({ try: () => JSON.stringify(head), catch: () => "a value nested too deep" });
  return shorten(Result.merge(text));
};

const shorten = (text: string): string => text.length <= LONGEST_VALUE ? text : `${text.slice(0, LONGEST_VALUE)}…`;
