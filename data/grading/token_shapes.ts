/** Properties of a formula that its tokens show before parsing. */
import type { Token } from "./tokens.ts";

/** Products of three vectors and cross products do not obey the rules of numbers. */
export function multipliesVectors(tokens: ReadonlyArray<Token>): boolean {
  const vectors = tokens.filter(({ kind, text }) =>
    kind === "command" && (text === "vec" || text === "overrightarrow")
  );
  return vectors.length > 2 && tokens.some(({ text }) => text === "(") ||
    vectors.length > 1 && tokens.some(({ text }) => text === "times");
}

/** Whether the tokens from `at`, after a `\frac`, are `{dy}{dx}`, whose d does not cancel. */
export function isDerivative(tokens: ReadonlyArray<Token>, at: number): boolean {
  const isD = (place: number) =>
    tokens[place - 1]?.text === "{" && (tokens[place]?.text === "d" || tokens[place]?.text === "partial");
  if (!isD(at + 1)) return false;
  const close = tokens.findIndex((token, i) => i > at && token.kind === "sign" && token.text === "}");
  return tokens[close + 1]?.text === "{" && isD(close + 2);
}

const conditions = new Set(["|", "mid", "<", ">", "le", "ge", "ne", "in", ",", "=", "subset"]);

/** Whether the group from `at`, a subscript, is a condition, as in `\sum_{d \mid n}`. */
export function isCondition(tokens: ReadonlyArray<Token>, at: number): boolean {
  let depth = 0;
  for (let i = at; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind === "sign" && text === "{") depth++;
    else if (kind === "sign" && text === "}") depth--;
    else if (depth > 0 && conditions.has(text)) return true;
    if (depth === 0) return false;
  }
  return false;
}
