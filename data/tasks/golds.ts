/**
 * The accepted gold answers in a value of a data file. A text or number is one; a list of texts is several, also as text in JSON or Python
 * syntax (`["34"]`, `['\\frac12', '0.5']`). A solution that ends with a line `#### 42` (GSM8K) means the text after the sign. `[3, 4]`
 * holds no texts and remains an interval.
 */
import { afterHashes } from "../grading/boxed.ts";

const quoted = `'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"`;
const list = new RegExp(`^\\[\\s*(?:${quoted})(?:\\s*,\\s*(?:${quoted}))*\\s*,?\\s*\\]$`);

// deno-lint-ignore no-control-regex -- these are what it looks for
const control = /[\x00-\x1f]/;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The text between the quotes of a Python or JSON string; invalid escapes remain. */
const unquoted = (text: string): string =>
  text.slice(1, -1).replace(/\\(['"\\/nrt])/g, (_, escaped: string) => escapes[escaped] ?? escaped);

/** The texts of a written list; null if the text is no list or has invalid escapes. */
export function listedTexts(text: string): ReadonlyArray<string> | null {
  const whole = text.trim();
  if (!list.test(whole)) return null;
  const texts = Array.from(whole.matchAll(new RegExp(quoted, "g")), ([one]) => unquoted(one));
  return texts.some((one) => control.test(one)) ? null : texts;
}

/** The distinct accepted answers, at least one; null if the value is neither text, number nor a list of texts. */
export function goldsOf(value: unknown): ReadonlyArray<string> | null {
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return [`${value}`];
  const texts = typeof value === "string" ? listedTexts(value) ?? [value] : value;
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every((one) => typeof one === "string")) return null;
  return [...new Set(texts.map((one) => afterHashes(one) ?? one))];
}
