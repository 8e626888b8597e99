/**
 * JSON with numbers that keep what they say: a number that a float64 cannot hold (an integer beyond 2^53, more digits than 17, beyond 1e308)
 * is given as a bigint where it is written as a whole number, else as its text. All other values are as `JSON.parse` gives them.
 */

declare global {
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** A decimal as its digits without zeros at either end and the power of ten of the last one; undefined for what is no decimal. */
function digitsOf(text: string): string | undefined {
  const found = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (found === null) return undefined;
  const [, whole, part = "", power = "0"] = found;
  const digits = `${whole}${part}`.replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "0" : `${kept}e${Number(power) - part.length + digits.length - kept.length}`;
}

/** Whether the text of a number and its float64, written out, are the same decimal. */
export function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && digitsOf(source) === digitsOf(`${value}`);
}

/** The number itself where a float64 holds it, else the whole number or the text that stands for it. */
function kept(source: string, value: number): number | bigint | string {
  if (isExact(source, value)) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : source;
}

/** The value of a JSON text; throws what `JSON.parse` throws. */
export function parseExactly(text: string): unknown {
  return JSON.parse(
    text,
    (_key, value, { source }) => typeof value === "number" && source !== undefined ? kept(source, value) : value,
  );
}
