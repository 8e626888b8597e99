/**
 * The gold answers that a value of a data file stands for, any of which is right: a text or a number is one, a list of texts is several, and so
 * is the text of such a list as JSON or Python write it (`["34"]`, `['\\frac12', '0.5']`). A solution that ends in a line `#### 42`, as GSM8K has
 * it, stands for what follows the sign. `[3, 4]` lists no texts: it is an interval and stays one.
 */
import { afterHashes } from "../grading/boxed.ts";

const quoted = `'(?:[^'\\\\]|\\\\.)*'|"(?:[^"\\\\]|\\\\.)*"`;
const list = new RegExp(`^\\[\\s*(?:${quoted})(?:\\s*,\\s*(?:${quoted}))*\\s*,?\\s*\\]$`);

// deno-lint-ignore no-control-regex -- these are what it looks for
const control = /[\x00-\x1f]/;

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/** The text between the quotes of a Python or JSON string; what is no escape there stays as it is. */
const unquoted = (text: string): string =>
  text.slice(1, -1).replace(/\\(['"\\/nrt])/g, (_, escaped: string) => escapes[escaped] ?? escaped);

/** The texts of a list that is written out; null where the text is anything else, or its escapes are those of no list. */
export function listedTexts(text: string): ReadonlyArray<string> | null {
  const whole = text.trim();
  if (!list.test(whole)) return null;
  const texts = Array.from(whole.matchAll(new RegExp(quoted, "g")), ([one]) => unquoted(one));
  return texts.some((one) => control.test(one)) ? null : texts;
}

/** The accepted answers, at least one, each once; null for a value that is neither text nor number nor a list of texts. */
export function goldsOf(value: unknown): ReadonlyArray<string> | null {
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return [`${value}`];
  const texts = typeof value === "string" ? listedTexts(value) ?? [value] : value;
  if (!Array.isArray(texts) || texts.length === 0 || !texts.every((one) => typeof one === "string")) return null;
  return [...new Set(texts.map((one) => afterHashes(one) ?? one))];
}
