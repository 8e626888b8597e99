/**
 * Normalises the spelling of an answer before parsing: Unicode signs become LaTeX commands (`signs.ts`), `\dfrac` becomes `\frac`, sizes,
 * spaces and currency signs go, `\{` and `\}` become one private sign each (so that braces only group), ordinals become numbers. The order
 * of the rules matters; none changes the meaning of an answer.
 */
import { plainSigns } from "./signs.ts";

/** Longer answers are not read; every gold answer is far shorter. */
export const longestAnswer = 8192;

/** The signs for `\{` and `\}` after `normalize`. */
export const setOpen = "\ue000", setClose = "\ue001";

type Rule = readonly [pattern: RegExp, replacement: string];

const digitWords: Readonly<Record<string, string>> = {
  two: "2",
  three: "3",
  four: "4",
  five: "5",
  six: "6",
  seven: "7",
  eight: "8",
  nine: "9",
  ten: "10",
  twelve: "12",
  sixteen: "16",
};

/** Words before an answer that only name it, as in `\text{The area is } 12`; none that doubt, negate or bound it. */
const leadingWords =
  /^\\(?:text|textbf|mathrm|mbox|textit)\s{0,8}\{(?![^{}]*(?:\bnot\b|n['’]t\b|\babout\b|approx|nearly|almost|maybe|perhaps|\bleast\b|\bmost\b|\bless\b|\bmore\b|\bthan\b|\bif\b|\bor\b))[^{}\d]*(?:\bis|\bequals|=|:)\s{0,8}\}\s{0,8}(?=\S)/i;

/** What may enclose a whole answer without a meaning; applied until nothing changes. */
const wrappers: ReadonlyArray<Rule> = [
  [/^(-?)\\\$\s{0,8}(-?\d[\d.,]*)\.?$/, "$1$2\\text{ dollars}"],
  [/^(-?)€\s{0,8}(-?\d[\d.,]*)\.?$|^(-?\d[\d.,]*)\s{0,8}€$/, "$1$2$3\\text{ euros}"],
  [/^(-?)£\s{0,8}(-?\d[\d.,]*)\.?$/, "$1$2\\text{ sterling}"],
  [/^(-?)¥\s{0,8}(-?\d[\d.,]*)\.?$/, "$1$2\\text{ yen}"],
  [/^(-?)₹\s{0,8}(-?\d[\d.,]*)\.?$/, "$1$2\\text{ rupees}"],
  [leadingWords, ""],
  [/^\\approx(?![a-zA-Z])\s*/, ""],
  [/^\\text\s?\{\s?(?:exactly|precisely|just|only)\s?\}\s?(?=\S)/, ""],
  [/^\$|(?<!\\)\$$/g, ""],
  [/^\\\(([\s\S]*)\\\)$|^\\\[([\s\S]*)\\\]$/, "$1$2"],
  [/^\\(?:boxed|fbox)\s*\{([\s\S]*)\}$/, "$1"],
  [
    /^\\(?:(?:textcolor|colorbox)\s?\{[^{}]*\}|underline|ensuremath)\s?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}$/,
    "$1",
  ],
  [/(?<!\\)(?:\\[,;:! ]|~|\\q?quad){1,8}$/, ""],
  [/^\*\*([\s\S]*)\*\*$/, "$1"],
  [/(?<!\\)[.,;:]$/, ""],
  [/^\\displaystyle(?![a-zA-Z])/, ""],
  [/(?:\\noindent|(?<!\\)\\{1,2})$/, ""],
];

const rules: ReadonlyArray<Rule> = [
  // sizes, fonts and spaces
  [
    /\\(?:left|right)(?![a-zA-Z])\s*\.?|\\(?:middle|[bB]igg?[lrm]?|math(?:open|close|rel|bin|ord|inner|strut))(?![a-zA-Z])/g,
    "",
  ],
  [
    /\\(?:displaystyle|textstyle|script(?:script)?style|limits|nolimits|relax|null|strut|nobreak|boldmath|centering)(?![a-zA-Z])/g,
    "",
  ],
  [/\\[hv]?phantom\s?\{[^{}]*\}|\\phantom(?![a-zA-Z])/g, ""],
  [/\\(?:[hv]space\*?|mspace|hskip|kern|mkern|mskip|label|tag\*?)\s?\{[^{}]*\}/g, " "],
  [/\\(?:hskip|kern|mkern|mskip)\s?-?[\d.]+\s?(?:pt|em|ex|mu|cm|mm)/g, " "],
  [/\\(?:textcolor|colorbox)\s?\{[^{}]*\}|\\fcolorbox\s?\{[^{}]*\}\s?\{[^{}]*\}|\\color\s?(?:\{[^{}]*\}|[a-z]+)/g, ""],
  [/\\(?:underline|ensuremath|mathnormal|cancel|smash)(?=\s?\{)/g, ""],
  [
    /\\(?:bf|it|rm|sf|tt|em|bfseries|itshape|rmfamily|tiny|scriptsize|footnotesize|small|normalsize|large|Large|LARGE|huge|Huge)(?![a-zA-Z])(?!\s?\{)/g,
    " ",
  ],
  [/\\(?:[tdc]|nice|s|flat)frac(?![a-zA-Z])/g, "\\frac"],
  [/\\surd(?![a-zA-Z])/g, "\\sqrt"],
  [/\\(?:text)?degree(?![a-zA-Z])/g, "^\\circ "],
  [/\^\s?\{\s?((?:\\prime\s?)+)\}|\^\s?(\\prime)(?![a-zA-Z])/g, "$1$2"],
  [/\\prime(?![a-zA-Z])/g, "'"],
  [/\\[td]binom(?![a-zA-Z])/g, "\\binom"],
  [/\\[lr]vert(?![a-zA-Z])/g, "|"],
  [/\\langle(?![a-zA-Z])\s?/g, "("],
  [/\\rangle(?![a-zA-Z])\s?/g, ")"],
  [/\s{0,8}\{\s{0,8},\s{0,8}\}\s{0,8}/g, ","],
  [/\{\s{0,8}:\s{0,8}\}/g, ":"],
  [/\{([^{}]{1,40})\\choose(?![a-zA-Z])([^{}]{1,40})\}/g, "\\binom{$1}{$2}"],
  [/(?<!\d)(\d*\.\d*)\\dot\s?\{?(\d)\}?(\d*)\\dot\s?\{?(\d)\}?/g, "$1\\overline{$2$3$4}"],
  [/(?<!\d)(\d*\.\d*)\\dot\s?\{?(\d)\}?/g, "$1\\overline{$2}"],
  [/,\\!\s{0,8}/g, ","],
  [/\\!/g, ""],
  [
    /(?<!\\)\\[,;:> ]|~|\\q?quad(?![a-zA-Z])|\\(?:thinspace|enspace|enskip|medspace|thickspace|negthinspace|hfill|space)(?![a-zA-Z])/g,
    " ",
  ],
  [/\{([^{}]{1,60})\\over(?![a-zA-Z])([^{}]{1,60})\}/g, "\\frac{$1}{$2}"],
  [/^([^{}=,]{1,60})\\over(?![a-zA-Z])([^{}=,]{1,60})$/, "\\frac{$1}{$2}"],
  [/\s\\&\s/g, ", "],
  [/\\(?:mathbf|boldsymbol|bm|mathit)\s?\{([^{}]{0,80}[-+*/=\\^_\d][^{}]{0,80})\}/g, "{$1}"],
  [/\s+/g, " "],
  [/\\(?:math(?:bf|it|rm|sf)|boldsymbol|bm|textbf)\s?\{\s?([-+\d.,]+)\s?\}/g, "$1"],
  // relations and braces
  [/\\leqslant|\\leqq?(?![a-zA-Z])|<=/g, "\\le "],
  [/\\geqslant|\\geqq?(?![a-zA-Z])|>=/g, "\\ge "],
  [/\\lt(?![a-zA-Z])/g, "<"],
  [/\\gt(?![a-zA-Z])/g, ">"],
  [/\\neq?(?![a-zA-Z])|!=/g, "\\ne "],
  [/\\lbrace(?![a-zA-Z])|\\\{/g, setOpen],
  [/\\rbrace(?![a-zA-Z])|\\\}/g, setClose],
  [/\\mathbb\s{0,8}\{?R\}?/g, "\\mathbb{R}"],
  [/\\(?:dots|ldots|cdots)(?![a-zA-Z])/g, "\\dots "],
  // money, percent, ordinals
  [/\\\$|\\pounds(?![a-zA-Z])|[$€£¥₹]/g, " "],
  [/\s+/g, " "],
  [/\\text(?:normal|rm|bf|it|sf|tt)(?=\s{0,8}\{)/g, "\\text"],
  [/\\(?:text|mathrm|mbox)\s{0,8}\{\s{0,8}(?:percent|per cent|pct|percentage|\\?%)\s{0,8}\}/gi, "\\%"],
  [/(?<=\d)\s{0,8}(?:percentage|percent|per cent|pct)\b\.?/gi, "\\%"],
  [/\\(text|mathrm|mbox)\s{0,8}\{([^{}\\]*)$/, "\\text{$2}"],
  [/(?<=\d)\s{0,8}\^?\s{0,8}\{?\s{0,8}\\(?:text|mathrm|mbox)\s{0,8}\{\s{0,8}(?:st|nd|rd|th)\s{0,8}\}\s{0,8}\}?/g, ""],
  [/(?<=\d)(?:st|nd|rd|th)\b/g, ""],
  // 3.5e-07 and 2E6, but not 2e-3, which is two times Euler's number minus three
  [/(?<![\d.a-zA-Z])(\d+\.\d+)[eE]([-+]?\d{1,3})(?![\d.])/g, "$1 \\cdot 10^{$2}"],
  [/(?<![\d.a-zA-Z])(\d+)(?:e(?=[-+]?\d\d)|E)([-+]?\d{1,3})(?![\d.])/g, "$1 \\cdot 10^{$2}"],
  // 1 1/2 is a mixed number
  [/(?<![\d.\/^{,])(\d{1,9}) (\d{1,2}|\d{4,9})\/(\d{1,9})(?![\d.])/g, "$1\\frac{$2}{$3}"],
  [/^([\d.]+) x 10\^/, "$1 \\times 10^"],
  // repeating decimals
  [/^(-?\d{1,20}\.\d{0,40})\((\d{1,20})\)$/, "$1\\overline{$2}"],
  [/^(-?\d{1,20}\.\d{0,12}?)(\d)\2{2,40}\s?(?:\\dots|\.{3})\s?$/, "$1\\overline{$2}"],
  [/^(-?\d{1,20}\.\d{0,12}?)(\d{2,6})\2{1,12}\s?(?:\\dots|\.{3})\s?$/, "$1\\overline{$2}"],
  // number bases
  [/^([\dA-Fa-f]+)\s?(?:\\text\s?\{\s?)?\(?\s?(?:in )?base[- ]?\s?\}?\s?(\w{1,9})\s?\)?\s?\}?$/, "$1_{\\text{$2}}"],
  // remainders
  [/\(\s?mod\s?(\w{1,9})\s?\)|(?<=\\equiv[^\\]{1,40})\\b?mod(?![a-zA-Z])\s?\{?(\w{1,9})\}?$/g, "\\pmod{$1$2}"],
  [
    /\(\s?(?:\\bmod|\\mod|\\text\s?\{\s?mod\s?\})\s?(\w{1,9})\s?\)|\\text\s?\{\s?\(mod\s?\}\s?(\w{1,9})\)|\\pmod\s?(\w)/g,
    "\\pmod{$1$2$3}",
  ],
  // brackets around an array
  [/\^\s?\{\s?\\circ\s?\}/g, "^\\circ "],
  [/\\(mathrm|text)\s?\{([^{}]{0,40})\^\{(-?\d)\}([^{}]{0,40})\}/g, "\\$1{$2^$3$4}"],
  [/^(\([^()]*\))\s?\^\s?\{?\s?(?:T|\\top|\\math(?:sf|rm)\s?\{T\})\s?\}?$/, "$1"],
  [/^\[\s*(\\begin\{array\}[\s\S]*\\end\{array\})\s*\]$/, "$1"],
  [/\\mod(?![a-zA-Z])/g, "\\bmod "],
  // a second value inside \text
  [/\\text\s?\{\s?(and|or) ([-\d.,/]+)\s?\}/g, "\\text{ $1 } $2"],
  // rows
  [
    /(?:\\\\|\\newline(?![a-zA-Z])|\\tabularnewline(?![a-zA-Z])|\\cr(?![a-zA-Z]))\s?(?:\[\s?-?[\d.]+\s?(?:pt|em|ex|mm|cm|in)\s?\])?/g,
    "\\\\",
  ],
  // letters in words
  [
    /(?<![a-zA-Z\\])(alpha|beta|gamma|delta|epsilon|theta|kappa|lambda|sigma|omega)(?![a-zA-Z])(?!\s+[a-z]{2})(?<![a-z]{2}\s+\w{1,9})/g,
    "\\$1 ",
  ],
  // an interval with reversed brackets
  [/^\]([^\[\](),]{1,60}),([^\[\](),]{1,60})([\[\])])$/, "($1,$2$3"],
  [/^([\[(])([^\[\](),]{1,60}),([^\[\](),]{1,60})\[$/, "$1$2,$3)"],
  [/^\^\{?(\d{1,4})\}?\/_\{?(\d{1,4})\}?$/, "\\frac{$1}{$2}"],
];

/** The normalised spelling of an answer. */
export function normalize(answer: string): string {
  let text = unescaped(plainSigns(answer)).replace(/\s+/g, " ").replace(/\${2,}/g, "$").trim();
  for (let turn = 0; turn < 4; turn++) {
    const before = text;
    for (const [pattern, replacement] of wrappers) text = text.replace(pattern, replacement).trim();
    if (text === before) break;
  }
  for (const [pattern, replacement] of rules) text = text.replace(pattern, replacement);
  return anyWhole(subscripts(text).trim());
}

const wholeParameter = /,?\s?\(?\s?([a-zA-Z])\s?\\in(?![a-zA-Z])\s?\\mathbb\s?\{?Z\}?\s?\)?$/;

/** `n \pi, n \in \mathbb{Z}` to `k \pi`: the free integer is always called k. */
function anyWhole(text: string): string {
  const found = wholeParameter.exec(text);
  if (found === null || found.index === 0) return text;
  const listed = wholeBetween(text.slice(0, found.index), found[1]);
  if (listed !== null) return listed;
  return text.slice(0, found.index).replace(new RegExp(`(?<![a-zA-Z\\\\])${found[1]}(?![a-zA-Z])`, "g"), "k").trim();
}

const between = /^(-?\d{1,4})\s?(<|\\le)\s?([a-zA-Z])\s?(<|\\le)\s?(-?\d{1,4})$/;

/** `1 \le n \le 3, n \in \mathbb{Z}` as the set of these integers. */
function wholeBetween(text: string, name: string): string | null {
  const [, low, below, middle, above, high] = between.exec(text.trim()) ?? [];
  if (middle === undefined || middle !== name) return null;
  const from = Number(low) + (below === "<" ? 1 : 0);
  const count = Number(high) - (above === "<" ? 1 : 0) - from + 1;
  if (count < 1 || count > 64) return null;
  return setOpen + Array.from({ length: count }, (_, i) => from + i).join(",") + setClose;
}

const escapedCommand = /(?<!\\)\\\\(?:begin|[dtc]?frac|sqrt|text|left|boxed|pi|infty|cdot|times)(?![a-zA-Z])/;
const plainBegin = /(?<!\\)\\begin(?![a-zA-Z])/;

/** Undoes one level of escaped backslashes, as in a text with two backslashes before `sqrt`. */
function unescaped(text: string): string {
  return escapedCommand.test(text) && !plainBegin.test(text) ? text.replaceAll("\\\\", "\\") : text;
}

/** `2516₈` and `2516_{\text{eight}}` to `2516_{8}`. */
function subscripts(text: string): string {
  return text
    .replace(/[₀-₉]{1,8}/g, (low) => `_{${[...low].map((sign) => sign.charCodeAt(0) - 0x2080).join("")}}`)
    .replace(
      /_\{\\(?:text|mathrm)\{(?:base\s*)?([a-z]+|\d+)\}\}/g,
      (_, word: string) => `_{${Object.hasOwn(digitWords, word) ? digitWords[word] : word}}`,
    );
}

/** A text without white space except between digits, for comparison character by character. */
export function squeeze(text: string): string {
  return text.replace(/(?<!\d)\s+|\s+(?!\d)/g, "");
}

/** `12,345,678` and `12 345 678` to `12345678`; lists such as `1,2,3` and `1,234,5` remain. */
export function joinThousands(text: string): string {
  return text
    .replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, (number) => number.replaceAll(",", ""))
    .replace(/(?<![\d.,] ?)\d{1,3}(?: \d{3})+(?! ?[\d,])/g, (number) => number.replaceAll(" ", ""));
}

const opening = `([{${setOpen}`, closing = `)]}${setClose}`;

/** Splits at separators outside all brackets and braces; the parts are trimmed. */
export function splitTop(text: string, separator: string): ReadonlyArray<string> {
  const parts: Array<string> = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (sign === "\\") i++;
    else if (opening.includes(sign)) depth++;
    else if (closing.includes(sign)) depth = Math.max(0, depth - 1);
    else if (depth === 0 && sign === separator) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}

/** Whether the first sign opens a bracket or brace that the last one closes. */
export function isEnclosed(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (sign === "\\") i++;
    else if (opening.includes(sign)) depth++;
    else if (closing.includes(sign)) {
      depth--;
      if (depth <= 0) return depth === 0 && i === text.length - 1;
    }
    if (depth === 0) return false;
  }
  return false;
}
