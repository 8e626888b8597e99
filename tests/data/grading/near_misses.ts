/**
 * Near misses and rewritings of a gold answer. A near miss is wrong by its own rule, which says why; a rewriting says the same. Neither asks the
 * verifier: the shape of a gold answer is read here by patterns of its own.
 */

/** A response to a gold answer, with the rule that made it. */
export interface Made {
  readonly rule: string;
  readonly response: string;
}

type Rule = readonly [rule: string, make: (gold: string) => string | null];

const boxed = (text: string) => `So the result is $\\boxed{${text}}$.`;
const inBoxes = (rules: ReadonlyArray<Rule>): ReadonlyArray<Rule> => rules.map(inBox);
const inBox = ([rule, make]: Rule): Rule => [rule, (gold) => {
  const made = make(gold);
  return made === null ? null : boxed(made);
}];

/** A number that no gold answer is, nor has as a part. */
const other = "987654";

/** What no answer survives, whatever it is: it is not said, not finished, denied, doubted, or beside another. */
const unsaid: ReadonlyArray<Rule> = [
  ["a thought that never ends", (gold) => `<think>Maybe \\boxed{${gold}}, but`],
  ["a thought of another name", (gold) => `<thinking>It could be \\boxed{${gold}}. Hmm`],
  ["a thought in brackets", (gold) => `[THINK]First guess \\boxed{${gold}}`],
  ["a channel that is no answer", (gold) => `<|channel|>analysis<|message|>Perhaps \\boxed{${gold}}`],
  ["a second thought that never ends", (gold) => `<think>x</think> <think>\\boxed{${gold}}`],
  ["a box that never closes", (gold) => `So it is $\\boxed{${gold}$ and`],
  ["a box that holds nothing", () => "So it is $\\boxed{}$."],
  ["a later box with another value", (gold) => `It is not $\\boxed{${gold}}$ at all, but rather $\\boxed{${other}}$.`],
  ["a doubt that breaks off", (gold) => `That gives $\\boxed{${gold}}$. Wait, let me check`],
  ["no box", (gold) => `So the result is $${gold}$.`],
];

const besides: ReadonlyArray<Rule> = inBoxes([
  ["another value", () => other],
  ["another value beside it", (gold) => `${gold}, ${other}`],
  ["another value with or", (gold) => `${gold} \\text{ or } ${other}`],
  ["a hedge in words", (gold) => `${gold}\\text{ or maybe ${other}}`],
  ["a hedge behind", (gold) => `${gold}\\text{, but it could be ${other}}`],
  ["a denial", (gold) => `\\text{not } ${gold}`],
  ["an exception", (gold) => `\\text{anything except } ${gold}`],
  ["a bound in words", (gold) => `${gold}\\text{ at most}`],
  ["a set with another value", (gold) => `\\{${gold}, ${other}\\}`],
  ["a bound in front", (gold) => `\\text{less than } ${gold}`],
  ["a doubt in front", (gold) => `\\text{probably not } ${gold}`],
  ["a function of it", (gold) => `f(${gold})`],
]);

const integer = /^-?\d{1,9}$/;
const fraction = /^(-?)\\d?frac\{(\d{1,6})\}\{(\d{1,6})\}$/;
const point = /^(?:\\left)?\((-?\d+)\s*,\s*(-?\d+)(?:\\right)?\)$/;
const interval = /^([[(])(-?\d+|-\\infty)\s*,\s*(-?\d+|\\infty)([\])])$/;
const percent = /^(\d+(?:\.\d+)?)\\?%$/;
const degree = /^(-?\d+)\s*\^\s*\{?\\circ\}?$/;
const decimal = /^-?\d*\.\d+$/;
const words = /^\\text\{([A-Za-z]{3,})\}$/;
const list = /^(?!\d{1,3}(?:,\d{3})+$)-?\d+(?:\s*,\s*-?\d+)+$/;
const matrix = /^\\begin\{pmatrix\}([-\d\s&\\]+)\\end\{pmatrix\}$/;
const measured = /^(\d+)\\?\s?\\text\{\s*([a-z]+)\}$/;

/** A formula that stands for one value: no list, relation, set, words, percent or unit. */
const isValue = (gold: string) =>
  !/[,;:=<>%]|\\(?:text|mbox|mathrm|begin|in|cup|le|ge|leq|geq|pm|mp|circ|infty|ne|neq|emptyset|\$|%|\{|textnormal)(?![a-zA-Z])|\d_|_|[A-Z]{2}|!\\/
    .test(
      gold.replace(/\\(?:left|right)(?![a-zA-Z])/g, ""),
    ) &&
  /\d|[a-z]/.test(gold) && !gold.endsWith(".") && !/^[A-Za-z]$/.test(gold) &&
  !/[a-z]{4}/.test(gold.replace(/\\[a-z]+/gi, "")) && !/^[([]\s*-?\d+\s*[\])]$/.test(gold);

const isZeroOrOne = (gold: string) => Math.abs(Number(gold)) <= 1 && Number.isInteger(Number(gold));

/** Values: what every number and every formula is not; 0 and 1 are left out where a rule keeps them. */
const ofValues: ReadonlyArray<Rule> = inBoxes([
  ["one more", (gold) => `(${gold})+1`],
  ["a very little more", (gold) => `(${gold})+10^{-9}`],
  ["twice as much", (gold) => `2(${gold})`],
  ["the sign", (gold) => `-(${gold})`],
  ["the square", (gold) => `(${gold})^2`],
  ["the reciprocal", (gold) => `\\frac{1}{${gold}}`],
  ["a letter more", (gold) => `${gold}+q`],
  ["a scale in words", (gold) => `${gold}\\text{ million}`],
  ["a part in words", (gold) => `${gold}\\text{ thirds}`],
  ["a bound", (gold) => `x > ${gold}`],
  ["an unequal sign", (gold) => `x \\ne ${gold}`],
  ["both signs", (gold) => `\\pm(${gold})`],
  ["an interval from it", (gold) => `[${gold}, \\infty)`],
  ["a coordinate more", (gold) => `(${gold}, ${other})`],
  ["a half of the time of day", (gold) => `${gold}\\text{ p.m. or a.m.}`],
  ["a direction", (gold) => `${gold}\\text{ below}`],
  ["a choice", (gold) => `${gold}\\text{ (A)}`],
]).map(([rule, make]) => [rule, (gold) => isValue(gold) && !isZeroOrOne(gold) ? make(gold) : null]);

const swapped = (text: string) => text.replace(/(\d)(\d)/, "$2$1");
const compute = (gold: string, pattern: RegExp, make: (found: RegExpExecArray) => string | null) => {
  const found = pattern.exec(gold);
  return found === null ? null : make(found);
};

/** Shapes: what changes one part of an answer whose parts are plain numbers. */
const ofShapes: ReadonlyArray<Rule> = inBoxes([
  ["the number above", (gold) => compute(gold, integer, () => `${Number(gold) + 1}`)],
  ["the number below", (gold) => compute(gold, integer, () => `${Number(gold) - 1}`)],
  ["ten times", (gold) => compute(gold, integer, () => Number(gold) === 0 ? null : `${gold}0`)],
  ["a half more", (gold) => compute(gold, integer, () => `${gold}.5`)],
  ["digits changed round", (gold) => compute(gold, integer, () => swapped(gold) === gold ? null : swapped(gold))],
  ["a hundredth", (gold) => compute(gold, integer, () => Number(gold) === 0 ? null : `\\frac{${gold}}{100}`)],
  [
    "another base",
    (gold) =>
      compute(
        gold,
        /^(\d+)_\{?(\d)\}?$/,
        ([, digits, base]) => digits.length > 1 ? `${digits}_{${Number(base) + 1}}` : null,
      ),
  ],
  ["a factorial", (gold) => compute(gold, integer, () => Number(gold) > 2 && Number(gold) < 50 ? `${gold}!` : null)],
  ["the numerator", (gold) => compute(gold, fraction, ([, sign, a, b]) => `${sign}\\frac{${Number(a) + 1}}{${b}}`)],
  [
    "the denominator",
    (gold) => compute(gold, fraction, ([, sign, a, b]) => a === "0" ? null : `${sign}\\frac{${a}}{${Number(b) + 1}}`),
  ],
  [
    "upside down",
    (gold) => compute(gold, fraction, ([, sign, a, b]) => a === b || a === "0" ? null : `${sign}\\frac{${b}}{${a}}`),
  ],
  [
    "a fraction's floor",
    (gold) => compute(gold, fraction, ([, , a, b]) => Number(a) % Number(b) === 0 ? null : `\\lfloor ${gold} \\rfloor`),
  ],
  [
    "a fraction as percent",
    (gold) => compute(gold, fraction, ([, , a, b]) => Number(a) < Number(b) && a !== "0" ? `${gold}\\%` : null),
  ],
  ["a rounded fraction", (gold) =>
    compute(gold, fraction, ([, , a, b]) => {
      const short = (Number(a) / Number(b)).toFixed(3);
      return Math.round(1000 * Number(short)) * Number(b) === 1000 * Number(a) ? null : short;
    })],
  ["a last digit", (gold) => compute(gold, decimal, () => `${gold}1`)],
  [
    "coordinates changed round",
    (gold) => compute(gold, point, ([, a, b]) => Number(a) === Number(b) ? null : `(${b}, ${a})`),
  ],
  ["a coordinate", (gold) => compute(gold, point, ([, a, b]) => `(${a}, ${Number(b) + 1})`)],
  [
    "a point as a set",
    (gold) => compute(gold, point, ([, a, b]) => Number(a) === Number(b) ? null : `\\{${b}, ${a}\\}`),
  ],
  [
    "the lower end",
    (gold) =>
      compute(
        gold,
        interval,
        ([, open, a, b, close]) => a.includes("\\") ? null : `${open === "(" ? "[" : "("}${a}, ${b}${close}`,
      ),
  ],
  [
    "the upper end",
    (gold) =>
      compute(
        gold,
        interval,
        ([, open, a, b, close]) => b.includes("\\") ? null : `${open}${a}, ${b}${close === ")" ? "]" : ")"}`,
      ),
  ],
  ["a percent's tenth", (gold) => compute(gold, percent, ([, a]) => Number(a) === 0 ? null : `${Number(a) / 10}\\%`)],
  [
    "a percent's hundredfold",
    (gold) => compute(gold, percent, ([, a]) => Number(a) === 0 ? null : `${Number(a) * 100}\\%`),
  ],
  ["degrees as radians", (gold) => compute(gold, degree, ([, a]) => Number(a) === 0 ? null : `${a}\\text{ radians}`)],
  ["another angle", (gold) => compute(gold, degree, ([, a]) => `${Number(a) + 1}^\\circ`)],
  ["a word more", (gold) => compute(gold, words, ([, word]) => `\\text{not ${word}}`)],
  ["another word", (gold) => compute(gold, words, ([, word]) => `\\text{${word}ly so}`)],
  ["an item less", (gold) => compute(gold, list, () => gold.replace(/,[^,]*$/, ""))],
  ["an item changed", (gold) => compute(gold, list, () => gold.replace(/-?\d+$/, other))],
  ["a matrix turned over", (gold) =>
    compute(gold, matrix, ([, body]) => {
      const rows = body.split("\\\\").map((row) => row.split("&").map((entry) => entry.trim())).filter((row) =>
        row.join("") !== ""
      );
      if (rows.length < 2 || rows.some((row) => row.length !== rows.length)) return null;
      const turned = rows.map((row, i) => row.map((_, j) => rows[j][i]));
      return JSON.stringify(turned) === JSON.stringify(rows)
        ? null
        : `\\begin{pmatrix} ${turned.map((row) => row.join(" & ")).join(" \\\\ ")} \\end{pmatrix}`;
    })],
  [
    "an entry of a matrix",
    (gold) => compute(gold, matrix, () => gold.replace(/\d+/, (entry) => `${Number(entry) + 1}`)),
  ],
  ["another unit", (gold) =>
    compute(gold, measured, ([, value, unit]) => {
      const turned: Readonly<Record<string, string>> = {
        feet: "inches",
        inches: "feet",
        cm: "m",
        miles: "km",
        hours: "minutes",
        degrees: "radians",
        dollars: "cents",
      };
      return Object.hasOwn(turned, unit) ? `${value}\\text{ ${turned[unit]}}` : null;
    })],
]);

/** Near misses of a gold answer, each wrong by its rule. */
export const nearMisses = (gold: string): ReadonlyArray<Made> =>
  made(gold, [...unsaid, ...besides, ...ofValues, ...ofShapes]);

/** What says the same of any answer. */
const said: ReadonlyArray<Rule> = [
  ["as it stands", boxed],
  ["in a small box", (gold) => `Hence \\fbox{${gold}}.`],
  ["two boxes in each other", (gold) => boxed(`\\boxed{${gold}}`)],
  ["behind a thought", (gold) => `<think>Perhaps \\boxed{${other}}.</think>\n\n$\\boxed{${gold}}$`],
  ["before an empty box", (gold) => `$\\boxed{${gold}}$\n\n$\\boxed{ }$`],
  ["before a word about the box", (gold) => `It is $\\boxed{${gold}}$. (As asked, marked with \\boxed above.)`],
  ["in displayed style", (gold) => boxed(`\\displaystyle ${gold}`)],
  ["with small spaces", (gold) => boxed(`\\,${gold}\\;`)],
  ["coloured", (gold) => boxed(`\\color{blue} ${gold}`)],
  ["as text colour", (gold) => boxed(`\\textcolor{red}{${gold}}`)],
  ["with an unseen sign", (gold) => boxed(`\u200b${gold}\u2060`)],
  ["with words in front", (gold) => boxed(`\\text{The answer is } ${gold}`)],
  ["with a full stop", (gold) => boxed(`${gold}.`)],
];

const rewritten: ReadonlyArray<Rule> = inBoxes([
  ["in brackets", (gold) => isValue(gold) ? `(${gold})` : null],
  ["twice its half", (gold) => isValue(gold) ? `\\frac{2(${gold})}{2}` : null],
  ["plus nothing", (gold) => isValue(gold) ? `${gold}+0` : null],
  ["named", (gold) => isValue(gold) && !/x/.test(gold) ? `x = ${gold}` : null],
  ["named behind", (gold) => integer.test(gold) ? `${gold} = x` : null],
  ["thousands", (gold) => integer.test(gold) ? gold.replace(/\B(?=(\d{3})+$)/g, ",") : null],
  ["as a decimal", (gold) => integer.test(gold) ? `${gold}.0` : null],
  ["counted", (gold) => integer.test(gold) ? `${gold}\\text{ apples}` : null],
  ["a list turned round", (gold) => list.test(gold) ? gold.split(",").reverse().join(", ") : null],
  ["rows with space", (gold) => gold.includes("\\begin{pmatrix}") ? gold.replace(/\\\\(?!\[)/g, "\\\\[4pt]") : null],
  ["square brackets", (gold) => gold.includes("\\begin{pmatrix}") ? gold.replaceAll("pmatrix", "bmatrix") : null],
  ["slashed", (gold) => compute(gold, fraction, ([, sign, a, b]) => `${sign}${a}/${b}`)],
  ["a fraction of the display", (gold) => gold.includes("\\frac") ? gold.replaceAll("\\frac", "\\dfrac") : null],
  ["percent in words", (gold) => compute(gold, percent, ([, a]) => `${a}\\text{ percent}`)],
  ["degrees in words", (gold) => compute(gold, degree, ([, a]) => `${a}\\text{ degrees}`)],
]);

/** Rewritings of a gold answer, each right. */
export const rewritings = (gold: string): ReadonlyArray<Made> => made(gold, [...said, ...rewritten]);

function made(gold: string, rules: ReadonlyArray<Rule>): ReadonlyArray<Made> {
  return rules.flatMap(([rule, make]) => {
    const response = make(gold);
    return response === null ? [] : [{ rule, response }];
  });
}

type Grader = (gold: string, response: string, mode: "strict") => { readonly correct: boolean };

/** Judges the near misses and the rewritings of gold answers; what is judged wrongly is given as text. */
export function judgeAll(golds: ReadonlyArray<string>, grader: Grader) {
  const all = (make: (gold: string) => ReadonlyArray<Made>) =>
    golds.flatMap((gold) => make(gold).map(({ rule, response }) => ({ gold, rule, response })));
  const [misses, rewritten] = [all(nearMisses), all(rewritings)];
  const text = ({ gold, rule, response }: Made & { readonly gold: string }) => `${rule}: ${gold} <- ${response}`;
  return {
    misses,
    accepted: misses.filter(({ gold, response }) => grader(gold, response, "strict").correct).map(text),
    rewritten,
    refused: rewritten.filter(({ gold, response }) => !grader(gold, response, "strict").correct).map(text),
  };
}
