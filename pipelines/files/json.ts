/** Files with one JSON object: parsing, and errors that name the invalid field. */
import * as Result from "effect/Result";
import { isObject } from "../../data/is_object.ts";
import { oneLine } from "./plain_text.ts";
import { parsePython } from "./python_json.ts";

export { isObject };

/** A parsed JSON object. */
export type Json = { readonly [key: string]: unknown };

/** The first fault in a configuration file. */
export interface ConfigFault {
  readonly file: string;
  readonly field: string;
  readonly value: string;
  readonly expected: string;
}

/** The message for a fault, with file, field and value. */
export const faultMessage = (fault: ConfigFault): string =>
  `Cannot use "${fault.file}": field "${fault.field}" is ${fault.value}, expected ${fault.expected}`;

/** Parses text as a JSON object, including Python's NaN and infinities, or returns the fault. */
export const parseObject = (
  file: string,
  text: string,
): { readonly ok: true; readonly object: Json } | { readonly ok: false; readonly fault: ConfigFault } => {
  const parsed = Result.try((): unknown => parsePython(text));
  const object = Result.isSuccess(parsed) ? parsed.success : undefined;
  if (isObject(object)) return { ok: true, object };
  const value = Result.isSuccess(parsed) ? jsonExcerpt(object) : "not JSON";
  return { ok: false, fault: { file, field: "(file)", value, expected: "a JSON object" } };
};

/** A value in an error: "missing", or at most 80 characters of JSON. */
export const jsonExcerpt = (value: unknown): string => {
  if (value === undefined) return "missing";
  if (typeof value === "number") return String(value);
  const text = Result.getOrElse(Result.try(() => JSON.stringify(value)), () => "a value that is too deep");
  return oneLine(text.length > 80 ? `${text.slice(0, 77)}...` : text);
};
