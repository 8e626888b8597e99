/**
 * JSON as Python reads and writes it: a leading byte order mark is skipped, and NaN, Infinity and -Infinity are numbers, which
 * `JSON.stringify` alone would write as null.
 */

import * as Result from "effect/Result";

/** Parses text as `JSON.parse` with Python's numbers; throws what `JSON.parse` throws. */
export const parsePython = (text: string): unknown => {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  const parsed = Result.try((): unknown => JSON.parse(plain));
  // Almost every file is plain JSON, even if it has these words in strings, as vocabularies do.
  if (Result.isSuccess(parsed) || !/NaN|Infinity/.test(plain)) return Result.getOrThrow(parsed);
  // Quotes are counted, since an expression for a whole string takes quadratic time where strings do not end.
  let isString = false;
  const named = plain.replaceAll(words, (word) => {
    if (word === '"') isString = !isString;
    return isString || word === '"' || word.startsWith("\\") ? word : JSON.stringify(`${mark}${word}`);
  });
  return JSON.parse(named, (_, value) => typeof value === "string" ? numberOf(value) : value);
};

/** A value as indented JSON text with Python's numbers. */
export const formatPython = (value: unknown): string => {
  const text = JSON.stringify(value, (_, part) => isOdd(part) ? `${mark}${part}` : part, 2);
  return `${text.replaceAll(written, "$1")}\n`;
};

// A prefix that no file contains, for numbers represented as strings during a conversion.
const mark = "\u0000\u0001number ";
const written = /"\\u0000\\u0001number (NaN|-?Infinity)"/g;

// An escaped character, a quote that begins or ends a string, or one of the three numbers.
const words = /\\[^]|"|-?Infinity|NaN/g;

const isOdd = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value);

const numberOf = (text: string): unknown => text.startsWith(mark) ? Number(text.slice(mark.length)) : text;
