/** Reads the fields of a model's configuration files and reports the first fault. */
import { type ConfigFault, type Json, jsonExcerpt } from "../files/json.ts";

/** Reads the fields of one file and keeps the first fault; later return values are meaningless. */
export const reader = (file: string, raw: Json) => {
  let first: ConfigFault | undefined;
  const expect = (field: string, value: unknown, good: boolean, expected: string): void => {
    if (!good) first ??= { file, field, value: jsonExcerpt(value), expected };
  };
  return {
    expect,
    fault: () => first,
    /** An integer from 1 to `most`; `fallback` if missing, `ofNull` if null. */
    size: (field: string, { fallback, ofNull, most = Number.MAX_SAFE_INTEGER }: SizeOptions = {}): number => {
      const value = raw[field] === undefined ? fallback : raw[field] === null ? ofNull ?? null : raw[field];
      const limit = most === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${most}`;
      const good = Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= most;
      expect(field, value, good, `a whole number above 0${limit}`);
      return Number(value);
    },
    /** A positive number in the range of float32; `fallback` if missing or null. */
    positive: (field: string, value: unknown, fallback?: number): number => {
      const number = value === undefined ? fallback : value;
      const good = typeof number === "number" && Math.fround(number) > 0 && Number.isFinite(Math.fround(number));
      expect(field, value, good, "a number above 0");
      return Number(number);
    },
    flag: (field: string, value: unknown, fallback: boolean): boolean => {
      const flag = value === undefined ? fallback : value;
      expect(field, flag, typeof flag === "boolean", "true or false");
      return flag === true;
    },
    tokens: (field: string, value: unknown, vocabSize: number): ReadonlyArray<number> => {
      const list = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
      const good = list.every((token) => Number.isSafeInteger(token) && token >= 0 && token < vocabSize);
      expect(field, value, good, `token ids from 0 to ${vocabSize - 1}`);
      return good ? list.map(Number) : [];
    },
  };
};

/** The valid values of a size. */
export interface SizeOptions {
  readonly fallback?: number;
  readonly ofNull?: number;
  readonly most?: number;
}

export type Reader = ReturnType<typeof reader>;
