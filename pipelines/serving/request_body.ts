/**
 * The body of a request: a JSON object in UTF-8. What would take long to parse is refused before it is parsed, and text that is no Unicode is refused
 * with its field, since a tokenizer would read other characters than the caller wrote.
 */
import { Result } from "effect";
import { isObject, type Json, parseObject } from "../files/json.ts";
import { type ApiError, badField, badRequest } from "./api_error.ts";

/** Deeper bodies are refused, and those with more fields in all objects together: no request needs more. */
const deepest = 32;
const mostFields = 1 << 14;

/** The text of a body; a byte order mark stays, for the parser. */
export const bodyText = (bytes: ArrayBuffer): Result.Result<string, ApiError> =>
  Result.try({
    try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    catch: () => badRequest("the body is not UTF-8"),
  });

const [quote, backslash, colon, openList, closeList, openObject, closeObject] = Array.from(
  '"\\:[]{}',
  (sign) => sign.charCodeAt(0),
);

/** Where the string that begins at `from` ends. */
const endOfString = (text: string, from: number): number => {
  let at = from + 1;
  while (at < text.length && text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
};

/** What is wrong with the shape of a JSON text: the parser takes seconds for millions of lists in lists or of fields. */
const shapeFault = (text: string): string | undefined => {
  let [depth, fields] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === quote) at = endOfString(text, at);
    else if (sign === colon) fields++;
    else if (sign === openList || sign === openObject) depth++;
    else if (sign === closeList || sign === closeObject) depth--;
    if (depth > deepest) return `the body is nested more than ${deepest} deep`;
    if (fields > mostFields) return `the body has more than ${mostFields} fields`;
  }
  return undefined;
};

/** Whether a text in a value, or the name of a field in it, has half of a surrogate pair. */
const isIllFormed = (value: unknown): boolean => {
  if (typeof value === "string") return !value.isWellFormed();
  if (Array.isArray(value)) return value.some(isIllFormed);
  return isObject(value) && Object.entries(value).some(([name, one]) => isIllFormed(name) || isIllFormed(one));
};

/** Reads the text of a body. */
export const readBody = (text: string): Result.Result<Json, ApiError> => {
  const shape = shapeFault(text);
  if (shape !== undefined) return Result.fail(badRequest(shape));
  const parsed = parseObject("body", text);
  if (!parsed.ok) return Result.fail(badRequest("the body is no JSON object"));
  // Only an escape can write half of a pair.
  if (!/\\u[dD][89a-fA-F]/.test(text)) return Result.succeed(parsed.object);
  const name = Object.keys(parsed.object).find((key) => isIllFormed(key) || isIllFormed(parsed.object[key]));
  return name === undefined
    ? Result.succeed(parsed.object)
    : Result.fail(badField(name.toWellFormed(), "a text has half of a surrogate pair, which is no Unicode"));
};
