/**
 * Makes foreign text safe for a terminal. Control characters (C0 with escape sequences, DEL, C1), line and paragraph separators, lone
 * surrogates and direction marks are shown as their code, `\x1b` or `\u202e`.
 */

const unfit = "\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const everySign = new RegExp(`[${unfit}]`, "gu");
/** Every unsafe character except tab and line feed, for `replace`. */
export const unfitSigns = new RegExp(`(?![\\t\\n])[${unfit}]`, "gu");

const codeOf = (sign: string): string => {
  const code = sign.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
};

/** The text with every unsafe character as its code; tabs and line feeds remain. */
export const visible = (text: string): string => text.replace(unfitSigns, codeOf);

/** Text of a file for an error: unsafe characters as their codes, at most `most` characters. */
export const oneLine = (text: string, most = 400): string =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text).replace(everySign, codeOf);

/** Text on one line: runs of white space become one space, at most `most` characters. */
export const visibleLine = (text: string, most = 300): string => {
  const line = visible(text.slice(0, 4 * most).replaceAll(/\s+/g, " ").trim());
  return line.length > most || text.length > 4 * most ? `${line.slice(0, most - 1)}…` : line;
};

/** The text without a secret, and without the user and password of URLs. */
export const masked = (text: string, secret?: string): string => {
  const withoutSecret = secret === undefined || secret.length < 4 ? text : text.replaceAll(secret, "***");
  return withoutSecret.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'@]*@/gi, "$1***@");
};
