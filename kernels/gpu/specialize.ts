/**
 * Turns a valid WGSL file into the variant that a dispatch needs, by two textual rewrites that never change the order of a sum.
 * (1) Lines `const NAME = …;`, `alias NAME = …;` and `fn NAME(…) -> T { return …; }` take given values. Unlike `override` constants, these can size
 * arrays and be lane indices.
 * (2) A loop whose first line ends in `// unroll` is unrolled, and arrays declared `// registers` are split into scalars, because software Vulkan
 * drivers keep indexed arrays in memory.
 */
import halfWords from "./half_words.wgsl" with { type: "text" };
import laneBest from "./lane_best.wgsl" with { type: "text" };
import laneSum from "./lane_sum.wgsl" with { type: "text" };
import laneTree from "./lane_tree.wgsl" with { type: "text" };

/** Values for a kernel's `const`, `alias` and one-line `fn` lines. Numbers become `u32` literals; strings are inserted unchanged. */
export type Constants = Readonly<Record<string, number | string>>;

/** Texts appended to a kernel that calls one of their functions. */
const libraries: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bb?f16Words\(/, halfWords],
  [/\blaneSum\(/, laneSum],
  [/\bjoin(Most|Sum)\(/, laneTree],
  [/\bjoinBest\(/, laneBest],
];

/** The texts that may be put behind a kernel: a part of what a self-test has tested. */
export const libraryTexts: ReadonlyArray<string> = libraries.map(([, text]) => text);

/**
 * The text of `source` with `constants` set and marked loops unrolled. `missing` lists constants that the text does not declare. Functions of
 * `half_words.wgsl` and `lane_….wgsl` are appended if called.
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
  // On the first line, so that line numbers stay the same.
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

/** Evaluates `+ - * / %`, parentheses, literals and known names as WGSL does for `u32`; undefined if not an integer. */
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
