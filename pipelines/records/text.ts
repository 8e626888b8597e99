/** Records as text: NDJSON, its SHA-256, and the first difference between two texts. */
import { createHash } from "node:crypto";
import { encode, type ListTexts } from "./record.ts";

/** The first difference between two texts: the byte (from 0), the line (from 1), and both excerpts. */
export interface Difference {
  readonly file: string;
  readonly byte: number;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
}

/** The SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Whether a problem is the one that is asked for, by its name or its last part; every problem is, where none is asked for. */
export const isAskedFor = (problemId: string, asked: string | undefined): boolean =>
  asked === undefined || problemId === asked || problemId.endsWith(`/${asked}`);

/** Records as NDJSON; `lists` caches the text of number lists that several records share. */
export const toText = (records: Iterable<object>, lists?: ListTexts): string => {
  let text = "";
  for (const record of records) text += `${encode(record, lists)}\n`;
  return text;
};

/** The first difference between a file's text and its expected text, or undefined. */
export const firstDifference = (file: string, expected: string, found: string): Difference | undefined => {
  if (expected === found) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at++;
  const before = expected.slice(0, at);
  return {
    file,
    byte: new TextEncoder().encode(before).length,
    line: before.split("\n").length,
    expected: expected.slice(at, at + 40),
    found: found.slice(at, at + 40),
  };
};
