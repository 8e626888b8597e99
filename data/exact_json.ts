/**
 * JSON that keeps every number exactly. A number that a float64 cannot hold (an integer beyond 2^53, more than 17 digits, beyond 1e308)
 * becomes a bigint if it is written as an integer, else its text. All other values are as `JSON.parse` gives them.
 */

declare global {
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
    ): unknown;
  }
}

/** The digits of a decimal without outer zeros, with the power of ten of the last one; undefined if the text is no decimal. */
function digitsOf(text: string): string | undefined {
  const found = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (found === null) return undefined;
  const [, whole, part = "", power = "0"] = found;
  const digits = `${whole}${part}`.replace(/^0+/, "");
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? "0" : `${kept}e${Number(power) - part.length + digits.length - kept.length}`;
}

/** Whether the text of a number and its printed float64 are the same decimal. */
export function isExact(source: string, value: number): boolean {
  return Number.isFinite(value) && digitsOf(source) === digitsOf(`${value}`);
}

/** The number if a float64 holds it, else a bigint or the text. */
function kept(source: string, value: number): number | bigint | string {
  if (isExact(source, value)) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : source;
}

/** Parses JSON text; throws what `JSON.parse` throws. */
export function parseExactly(text: string): unknown {
  return JSON.parse(
    text,
    (_key, value, { source }) => typeof value === "number" && source !== undefined ? kept(source, value) : value,
  );
}
