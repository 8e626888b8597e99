/**
 * Formulas of sets and statements: unions, intersections, differences, complements, "and", "or", "not", "implies". They are compared by
 * truth table over their letters: `A \cup B` equals `B \cup A`, and `A \cap (B \cup C)` differs from `(A \cap B) \cup C`.
 */

type Tokens = ReadonlyArray<string>;

const tokenAt = /\s*(\\[a-zA-Z]+|[A-Za-z](?:_\{?\w{1,4}\}?)?'?|[(){}^']|\S)/y;
const known = new Set([
  ..."( ) { } ^ ' \\cup \\cap \\setminus \\backslash \\land \\wedge \\lor \\vee \\neg \\lnot \\to \\rightarrow \\implies \\Rightarrow"
    .split(" "),
  ..."\\iff \\leftrightarrow \\Leftrightarrow \\oplus \\triangle \\overline \\bar \\emptyset \\varnothing".split(" "),
]);
const isLetter = (token: string | undefined) => token !== undefined && /^[A-Za-z](?:_\{?\w{1,4}\}?)?'?$/.test(token);
const joints =
  /\\(?:cup|cap|to|rightarrow|setminus|backslash|land|wedge|lor|vee|neg|lnot|implies|Rightarrow|iff|leftrightarrow|Leftrightarrow)(?![a-zA-Z])/;
const mostLetters = 5, mostTokens = 80;

function tokensOf(text: string): Tokens | null {
  if (!joints.test(text) || text.length > 400) return null;
  const tokens: Array<string> = [];
  for (tokenAt.lastIndex = 0; tokenAt.lastIndex < text.trimEnd().length;) {
    const [, token] = tokenAt.exec(text) ?? [];
    if (token === undefined || tokens.length > mostTokens || !(isLetter(token) || known.has(token))) return null;
    tokens.push(token);
  }
  return tokens;
}

/** The value of a formula whose letters are rows of bits, or null if it is no such formula. Recursive descent, loosest operator first. */
function valueOf(tokens: Tokens, letters: ReadonlyMap<string, number>): number | null {
  let at = 0;
  let failed = false;
  const take = (...texts: ReadonlyArray<string>) => texts.includes(tokens[at]) ? tokens[at++] : null;
  const fail = () => {
    failed = true;
    at = tokens.length;
    return 0;
  };
  const levels: ReadonlyArray<readonly [joints: ReadonlyArray<string>, rule: (a: number, b: number) => number]> = [
    [["\\iff", "\\leftrightarrow", "\\Leftrightarrow"], (a, b) => ~(a ^ b)],
    [["\\to", "\\rightarrow", "\\implies", "\\Rightarrow"], (a, b) => ~a | b],
  ];
  const joined = (level: number): number => {
    if (level === levels.length) return mixed();
    const [signs, rule] = levels[level];
    const left = joined(level + 1);
    if (take(...signs) === null) return left;
    const value = rule(left, joined(level + 1));
    return signs.includes(tokens[at]) ? fail() : value;
  };
  const mixed = (): number => {
    let value = negated();
    let used: string | null = null;
    for (;;) {
      const sign = take(
        "\\cup",
        "\\lor",
        "\\vee",
        "\\cap",
        "\\land",
        "\\wedge",
        "\\setminus",
        "\\backslash",
        "\\oplus",
        "\\triangle",
      );
      if (sign === null) return value;
      // Different operators in a row, or two differences, are ambiguous.
      if (used !== null && (used !== sign || sign === "\\setminus" || sign === "\\backslash")) return fail();
      used = sign;
      const right = negated();
      value = sign === "\\cup" || sign === "\\lor" || sign === "\\vee"
        ? value | right
        : sign === "\\cap" || sign === "\\land" || sign === "\\wedge"
        ? value & right
        : sign === "\\oplus" || sign === "\\triangle"
        ? value ^ right
        : value & ~right;
    }
  };
  const negated = (): number => take("\\neg", "\\lnot") === null ? raised() : ~negated();
  const raised = (): number => {
    let value = atom();
    for (;;) {
      if (take("'") !== null) value = ~value;
      else if (tokens[at] === "^") {
        const [, first, second, third] = tokens.slice(at, at + 4);
        const width = first === "c" || first === "C"
          ? 2
          : first === "{" && (second === "c" || second === "C") && third === "}"
          ? 4
          : 0;
        if (width === 0) return fail();
        at += width;
        value = ~value;
      } else return value;
    }
  };
  const atom = (): number => {
    const open = take("(", "{");
    if (open !== null) {
      const inner = joined(0);
      return take(open === "(" ? ")" : "}") === null ? fail() : inner;
    }
    if (take("\\overline", "\\bar") !== null) return ~atom();
    if (take("\\emptyset", "\\varnothing") !== null) return 0;
    const value = letters.get(tokens[at] ?? "");
    if (value === undefined) return fail();
    at++;
    return value;
  };
  const value = joined(0);
  return failed || at < tokens.length ? null : value;
}

/** Whether two formulas of sets or statements are equivalent; null if one text is no such formula. */
export function sameSets(gold: string, answer: string): boolean | null {
  const [g, a] = [tokensOf(gold), tokensOf(answer)];
  if (g === null || a === null) return null;
  const complement = (tokens: Tokens, i: number) =>
    tokens[i - 1] === "^" || (tokens[i - 1] === "{" && tokens[i - 2] === "^");
  const names = [
    ...new Set([g, a].flatMap((tokens) => tokens.filter((token, i) => isLetter(token) && !complement(tokens, i)))),
  ];
  if (names.length > mostLetters) return null;
  const bits = (n: number) => {
    let row = 0;
    for (let i = 0; i < 32; i++) row |= (i >> n & 1) << i;
    return row;
  };
  const letters = new Map(names.map((name, n) => [name, bits(n)] as const));
  const [x, y] = [valueOf(g, letters), valueOf(a, letters)];
  return x === null || y === null ? null : x === y;
}
