/**
 * Splits normalised LaTeX or plain mathematics into tokens: numbers, single-letter names, commands (`\frac`, and bare words such as `sqrt`
 * or `sin`), signs, and the content of `\text{…}` as one token.
 */

/** One token; `text` has no backslash. */
export interface Token {
  readonly kind: "number" | "name" | "command" | "sign" | "text";
  readonly text: string;
}

/** Functions of one argument with a name of several letters. */
export const functions: ReadonlySet<string> = new Set(
  ("sin cos tan cot sec csc arcsin arccos arctan asin acos atan sinh cosh tanh ln log exp lg cis tg ctg arctg arccot")
    .split(" "),
);

/** Functions that take several arguments in brackets, or one without: known ones, and unknown ones. */
export const calculated: ReadonlySet<string> = new Set(["gcd", "lcm", "max", "min"]);
export const operators: ReadonlySet<string> = new Set([
  ...calculated,
  ..."deg dim arg ker det rank Re Im tr".split(" "),
]);

/** Accents over a formula; they are opaque functions of it. */
export const accents: ReadonlySet<string> = new Set(
  "overline bar hat tilde vec dot ddot widehat widetilde overrightarrow".split(" "),
);

/** Commands that are a letter. */
export const greek = new Set(
  ("alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon phi " +
    "varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega ell hbar nabla partial varrho varsigma")
    .split(" "),
);

/** Commands that bind an index over a formula. */
export const quantifiers = new Set(["sum", "prod", "int", "lim"]);

/** Commands that may begin a factor besides functions and Greek letters. */
export const openers = new Set(
  [
    ..."frac sqrt pi infty infinity binom lfloor lceil sum prod int lim angle triangle".split(" "),
    ...operators,
    ...accents,
  ],
);

/** Words that are commands without a backslash, longest first. */
const bareWords =
  "infinity arcsin arccos arctan infty sqrt sinh cosh tanh asin acos atan sin cos tan cot sec csc log exp pi ln".split(
    " ",
  );

const wrappers = new Set(
  "text mathrm textbf mathbf mbox operatorname textit mathit rm bm boldsymbol mathsf textup".split(" "),
);

/** Words that are commands only before a bracket. */
const bareOperator = /(?:gcd|lcm|max|min)(?=\s?[({])/y;

const numberAt = /\d+\.\d*|\.\d+|\d+/y;
const commandAt = /\\([a-zA-Z]+|[\s\S])/y;
const wordAt = /[a-zA-Z]+/y;

/** The tokens of a text, or null if there are more than `limit`. */
export function tokenize(text: string, limit: number): ReadonlyArray<Token> | null {
  const tokens: Array<Token> = [];
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  let at = 0;
  while (at < text.length) {
    if (tokens.length > limit) return null;
    const number = match(numberAt, at);
    const command = match(commandAt, at);
    const word = match(wordAt, at);
    if (number !== null) {
      tokens.push({ kind: "number", text: number });
      at += number.length;
    } else if (command !== null) {
      at += command.length;
      const name = command.slice(1);
      const group = wrappers.has(name) ? groupAt(text, at) : null;
      if (group === null) tokens.push({ kind: "command", text: name });
      else {
        tokens.push(wrapped(name, group.content));
        at = group.end;
      }
    } else if (word !== null) {
      const bare = match(bareOperator, at) ??
        bareWords.find((known) => known === "ln" ? word === known : word.startsWith(known));
      tokens.push(bare === undefined ? { kind: "name", text: word[0] } : { kind: "command", text: bare });
      at += bare?.length ?? 1;
    } else {
      if (text[at].trim() !== "") tokens.push({ kind: "sign", text: text[at] });
      at++;
    }
  }
  return tokens;
}

/** `\mathbf{v}` is a name, `\operatorname{sin}` a function; all other wrapped content is text. */
function wrapped(wrapper: string, content: string): Token {
  const word = content.trim();
  if (wrapper === "text" || wrapper === "mbox" || !/^[a-zA-Z]+$/.test(word)) return { kind: "text", text: content };
  if (functions.has(word) || operators.has(word)) return { kind: "command", text: word };
  return { kind: word.length === 1 ? "name" : "text", text: word };
}

/** The brace group at `from`, after optional spaces, or null; an unclosed one ends with the text. */
function groupAt(text: string, from: number): { readonly content: string; readonly end: number } | null {
  let start = from;
  while (text[start] === " ") start++;
  if (text[start] !== "{") return null;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    if (text[i] === "{") depth++;
    else if (text[i] === "}" && --depth === 0) return { content: text.slice(start + 1, i), end: i + 1 };
  }
  return { content: text.slice(start + 1), end: text.length };
}
