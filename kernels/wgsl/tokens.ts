/** Tokenizer of WGSL: words, numbers and symbols with their lines. Comments and blanks are dropped. */
import { WgslError } from "./wgsl_error.ts";

export interface Token {
  readonly kind: "word" | "number" | "sign" | "end";
  readonly text: string;
  readonly line: number;
}

const blank = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const number = /0[xX][0-9a-fA-F]+[iu]?|(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?[fh]?|\d+[eE][+-]?\d+[fh]?|\d+[iufh]?/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const sign = /<<=|>>=|->|\+\+|--|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%&|^]=|[-+*/%&|^~!<>=(){}[\],;:.@]/y;

/** All tokens of `text`, an end token last. */
export const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const taken = pattern.exec(text)?.[0];
    if (taken === undefined || taken === "") return undefined;
    at += taken.length;
    return taken;
  };
  for (;;) {
    line += (take(blank)?.split("\n").length ?? 1) - 1;
    if (at >= text.length) break;
    const found = take(number);
    if (found !== undefined) {
      tokens.push({ kind: "number", text: found, line });
      continue;
    }
    const name = take(word);
    if (name !== undefined) {
      tokens.push({ kind: "word", text: name, line });
      continue;
    }
    if (text.startsWith("/*", at)) throw new WgslError("a comment does not end", line);
    const punctuation = take(sign);
    if (punctuation === undefined) throw new WgslError(`"${text[at]}" is not understood`, line);
    tokens.push({ kind: "sign", text: punctuation, line });
  }
  tokens.push({ kind: "end", text: "the end of the text", line });
  return tokens;
};
