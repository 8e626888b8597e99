/**
 * Decides which letters of a formula are functions: `f(x)` is no product. `f` and `g` always are. Customary function letters, as in `P(A)` and
 * `T(n)`, are if they never occur alone. Any letter is one if its bracket holds several arguments (`S(n,k)`), or if its brackets hold only a
 * name and it never occurs alone (`v(t)`). `x(x+1)`, `a(b+c)` and `r(r+h)` are products.
 */
import type { Token } from "./tokens.ts";

const always = new Set(["f", "g"]);
const customary = new Set([
  ..."hFGHPQRSTEWu",
  ..."delta varphi phi psi Phi Psi Gamma zeta sigma tau mu chi".split(" "),
]);

const isSign = (token: Token | undefined, text: string) => token?.kind === "sign" && token.text === text;

/** The index after a group or a single token. */
function behindGroup(tokens: ReadonlyArray<Token>, at: number): number {
  if (!isSign(tokens[at], "{")) return at + 1;
  let depth = 0;
  for (let i = at; i < tokens.length; i++) {
    if (isSign(tokens[i], "{")) depth++;
    else if (isSign(tokens[i], "}") && --depth === 0) return i + 1;
  }
  return tokens.length;
}

/** The index of the bracket after the letter at `at`, past its subscript, primes and, for a function, exponent; or null. */
function bracketBehind(tokens: ReadonlyArray<Token>, at: number): number | null {
  let next = at + 1;
  if (isSign(tokens[next], "_")) next = behindGroup(tokens, next + 1);
  while (isSign(tokens[next], "'")) next++;
  if (isSign(tokens[next], "^") && always.has(tokens[at].text)) next = behindGroup(tokens, next + 1);
  return isSign(tokens[next], "(") || isSign(tokens[next], "[") ? next : null;
}

/** Whether a bracket holds several arguments, and whether it holds a single name. */
function contentOf(tokens: ReadonlyArray<Token>, open: number): { readonly several: boolean; readonly plain: boolean } {
  let [depth, several] = [0, false];
  for (let i = open; i < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind !== "sign") continue;
    if ("([{".includes(text)) depth++;
    else if (")]}".includes(text) && --depth === 0) {
      return { several, plain: i === open + 2 && tokens[open + 1].kind === "name" };
    } else if (text === "," && depth === 1) several = true;
  }
  return { several: false, plain: false };
}

/** The letters of a formula that are functions. */
export function functionLetters(tokens: ReadonlyArray<Token>): ReadonlySet<string> {
  const found = new Map<string, { alone: boolean; plain: boolean; several: boolean }>();
  tokens.forEach(({ kind, text }, at) => {
    if (kind !== "name" && !(kind === "command" && customary.has(text))) return;
    const seen = found.get(text) ?? { alone: false, plain: true, several: false };
    const open = bracketBehind(tokens, at);
    const content = open === null ? null : contentOf(tokens, open);
    found.set(text, {
      alone: seen.alone || content === null,
      plain: seen.plain && (content?.plain ?? true),
      several: seen.several || (content?.several ?? false),
    });
  });
  const isFunction = (letter: string) => {
    const seen = found.get(letter);
    if (seen === undefined) return false;
    return always.has(letter) || seen.several || (!seen.alone && (customary.has(letter) || seen.plain));
  };
  return new Set([...found.keys()].filter(isFunction));
}
