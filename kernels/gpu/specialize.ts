/**
 * Turns a WGSL file, valid as it stands, into the variant that a dispatch needs. Two rewrites, both purely textual:
 * `const NAME = …;` lines take the given value (unlike `override` constants these can size arrays and be lane indices), as do aliases and
 * functions that are one line, `fn NAME(…) -> T { return …; }`; and a loop whose first line ends in `// unroll` is written out, with arrays declared `// registers` taken apart into
 * scalars, because software Vulkan drivers keep indexed arrays in memory. Neither rewrite changes the order of a sum.
 */
import halfWords from "./half_words.wgsl" with { type: "text" };
import laneBest from "./lane_best.wgsl" with { type: "text" };
import laneSum from "./lane_sum.wgsl" with { type: "text" };
import laneTree from "./lane_tree.wgsl" with { type: "text" };

/** Values for the `const`, `alias` and one-line `fn` lines of a kernel: numbers become `u32` literals, strings are pasted as they are. */
export type Constants = Readonly<Record<string, number | string>>;

/** Texts that stand behind a kernel, by the calls that need them. */
const libraries: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bb?f16Words\(/, halfWords],
  [/\blaneSum\(/, laneSum],
  [/\bjoin(Most|Sum)\(/, laneTree],
  [/\bjoinBest\(/, laneBest],
];

/**
 * The text of `source` with `constants` set and its marked loops unrolled; an unknown constant is returned as a `missing` name. Where a constant
 * calls a function of `half_words.wgsl` or of a `lane_….wgsl`, that stands behind it.
 */
export const specialize = (
  source: string,
  constants: Constants,
): { readonly code: string; readonly missing: string[] } => {
  const missing: string[] = [];
  let code = source;
  for (const [name, value] of Object.entries(constants)) {
    const line = new RegExp(
      `^((?:const|alias) ${name}(?:: \\w+)? = |fn ${name}\\([^)]*\\) -> \\w+ \\{ return )[^;]+;`,
      "m",
    );
    if (!line.test(code)) missing.push(name);
    code = code.replace(line, `$1${typeof value === "number" ? `${value}u` : value};`);
  }
  const values = readConstants(code);
  code = unroll(code, values);
  code = registers(code, values);
  for (const [called, text] of libraries) if (called.test(code)) code += text;
  // Before the first line's comment, so that lines keep their numbers.
  if (/\blaneSum\(/.test(code)) code = `enable subgroups; ${code}`;
  return { code, missing };
};

const readConstants = (code: string): ReadonlyMap<string, number> => {
  const values = new Map<string, number>();
  for (const [, name, text] of code.matchAll(/^const (\w+)(?:: \w+)? = ([^;]+);/gm)) {
    const value = evaluate(text, values);
    if (value !== undefined) values.set(name, value);
  }
  return values;
};

/** Integer arithmetic over `+ - * / %`, parentheses, literals and known names, as WGSL computes it on `u32`. */
const evaluate = (text: string, values: ReadonlyMap<string, number>): number | undefined => {
  const tokens = text.match(/\d+u?|\w+|[-+*/%()]/g) ?? [];
  let at = 0;
  const primary = (): number => {
    const token = tokens[at++];
    if (token === undefined) return NaN;
    if (token === "(") {
      const inner = sum();
      at++;
      return inner;
    }
    return /^\d/.test(token) ? parseInt(token) : values.get(token) ?? NaN;
  };
  const product = (): number => {
    let value = primary();
    while (tokens[at] === "*" || tokens[at] === "/" || tokens[at] === "%") {
      const operator = tokens[at++];
      const right = primary();
      value = operator === "*" ? value * right : operator === "/" ? Math.floor(value / right) : value % right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-") {
      value = tokens[at++] === "+" ? value + product() : value - product();
    }
    return value;
  };
  const value = sum();
  return Number.isInteger(value) ? value : undefined;
};

const loop = /^([ \t]*)for \(var (\w+) = 0u; \2 < ([^;]+); \2\+\+\) \{ \/\/ unroll\n/m;

const unroll = (code: string, values: ReadonlyMap<string, number>): string => {
  for (let match = loop.exec(code); match !== null; match = loop.exec(code)) {
    const [head, indent, name, bound] = match;
    const start = match.index + head.length;
    const end = code.indexOf(`\n${indent}}`, start - 1);
    const body = code.slice(start, end + 1);
    const count = evaluate(bound, values) ?? 0;
    const copies = Array.from(
      { length: count },
      (_, i) => `${indent}{\n${body.replace(new RegExp(`\\b${name}\\b`, "g"), `${i}u`)}${indent}}\n`,
    );
    code = code.slice(0, match.index) + copies.join("") + code.slice(end + 1 + indent.length + 2);
  }
  return code;
};

const declaration = /^([ \t]*)var (\w+): ((?:array<)+)(\w+)((?:, [^>]+>)+); \/\/ registers\n/m;

const registers = (code: string, values: ReadonlyMap<string, number>): string => {
  for (let match = declaration.exec(code); match !== null; match = declaration.exec(code)) {
    const [line, indent, name, , element, tail] = match;
    const sizes = [...tail.matchAll(/, ([^>]+)>/g)].map(([, size]) => evaluate(size, values) ?? 0).reverse();
    const names = sizes.reduce<string[]>(
      (all, size) => all.flatMap((one) => Array.from({ length: size }, (_, i) => `${one}_${i}`)),
      [name],
    );
    code = code.replace(line, names.map((one) => `${indent}var ${one}: ${element};\n`).join(""));
    const use = new RegExp(`\\b${name}((?:\\[[^\\[\\]]+\\]){${sizes.length}})`, "g");
    code = code.replace(
      use,
      (_, indices: string) =>
        name + [...indices.matchAll(/\[([^\]]+)\]/g)].map(([, index]) => `_${evaluate(index, values)}`).join(""),
    );
  }
  return code;
};
