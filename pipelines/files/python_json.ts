/**
 * JSON as Python writes and reads it: a mark of byte order before it is passed over, and NaN, Infinity and -Infinity are numbers. What is
 * read so is written so, which `JSON.stringify` alone would not do (it writes null).
 */

import * as Result from "effect/Result";

/** The value of a text, as `JSON.parse` with Python's numbers; throws what `JSON.parse` throws. */
export const parsePython = (text: string): unknown => {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  const parsed = Result.try((): unknown => JSON.parse(plain));
  // Almost every file is plain JSON, also those that have these words in texts, as vocabularies do.
  if (Result.isSuccess(parsed) || !/NaN|Infinity/.test(plain)) return Result.getOrThrow(parsed);
  const named = plain.replaceAll(words, (word) => word.startsWith('"') ? word : JSON.stringify(`${mark}${word}`));
  return JSON.parse(named, (_, value) => typeof value === "string" ? numberOf(value) : value);
};

/** A value as JSON text that people read, with Python's numbers. */
export const formatPython = (value: unknown): string => {
  const text = JSON.stringify(value, (_, part) => isOdd(part) ? `${mark}${part}` : part, 2);
  return `${text.replaceAll(written, "$1")}\n`;
};

// A string that no file holds by chance, so that a number can stand as a string for the time of a conversion.
const mark = "\u0000\u0001number ";
const written = /"\\u0000\\u0001number (NaN|-?Infinity)"/g;

// A whole string, or one of the three numbers outside of strings.
const words = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

const isOdd = (value: unknown): boolean => typeof value === "number" && !Number.isFinite(value);

const numberOf = (text: string): unknown => text.startsWith(mark) ? Number(text.slice(mark.length)) : text;
