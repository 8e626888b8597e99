/**
 * Hostile grader inputs, generated from a seed: depth, length, towers, huge numbers, broken LaTeX, stray Unicode, repetitions of every
 * pattern that a rule matches. An input is a gold answer and a response; about half hold the hostile text in a box, some also as the gold
 * answer.
 */
import { integer, Key, uniform } from "../random.ts";

/** One input for the grader. */
export interface Hostile {
  readonly family: string;
  readonly gold: string;
  readonly response: string;
}

const units = [
  ..."{ } ( ) [ ] \\ $ 1 , ^ _ ! ~ = < > | ° ₁ ² : & ; + - * / % ' \" . é 中 \u0301 \u200b ⟨ ± √".split(" "),
  ..." ,1,;1, ;a+;x=;-;+-;1 ;1e9;0.;\\!;\\,;\\\\;\\ ".split(";"),
  ..."\\text{|\\frac{1}{|\\frac|\\sqrt{|\\sqrt[|\\boxed{|\\boxed{7} |\\boxed{7}, |\\left(|\\right)|\\cup |\\setminus |\\mid |\\pm|\\binom{9}{"
    .split("|"),
  ..."\\sum_{k=1}^{99} |\\prod_{k=1}^{99}k|\\int_0^1 |\\lim_{x \\to 0}|\\begin{pmatrix}|\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}|\\end{pmatrix}"
    .split("|"),
  ..." and | or |answer is |the answer is $1$. |final answer is $|\\(|\\)|\\[|$$|\\$5 |5 cm |cm |m/|per |square |^\\circ|\\%|\\cdot|\\ne 1, "
    .split("|"),
  ..."10^{|9^9^|!|!!|sin |log_|\\overline{1}|_8|x_{|\\infty|\\mathbb{R}|x<|\\le |A) |yes |no |1:|d(x)|f'|boxed|\\text{ and }|\\{1,2\\},|(1,2),"
    .split("|"),
];

const golds = [
  ..."5|\\frac{1}{2}|x^2+1|1,2,3|(1,2)|[0,1)|\\{1,2\\}|C|\\text{Saturday}|Yes|y = 2x+1|x > 3|\\pm 2|2:3|44\\%|2516_8"
    .split("|"),
  ..."5\\text{ cm}|\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}|(-\\infty,2)\\cup(3,\\infty)|\\mathbb{R}\\setminus\\{3\\}|10:30|\\emptyset"
    .split("|"),
];

const pieces = [
  ..."1 2 7 99 0.5 .5 x y n k e i \\pi \\infty \\frac \\dfrac \\sqrt \\binom \\sum \\prod \\int \\lim \\sin \\log \\text \\mathrm"
    .split(" "),
  ..."\\begin{pmatrix} \\end{pmatrix} \\left \\right \\{ \\} { } ( ) [ ] ^ _ + - * / = < > , ; : ! | & \\\\ \\pm \\cup \\in \\le \\ne"
    .split(" "),
  ..."\\cdot \\times \\overline \\% % \\circ \\$ $ \\text{and} \\text{or} cm \\to \\mid \\mod \\lfloor \\rfloor ' \" # ~ ` ° ∞ ≤ ² ½"
    .split(" "),
  ..."^T \\begin{pmatrix}\\end{pmatrix}^T \\begin{cases} \\end{cases} \\choose \\dot{3} \\pmod \\equiv p.m. 8:30 e-07 \\setminus \\mathbb{R} \\mathbb{Z}"
    .split(" "),
  ..."\\in |x| |x-1|< f(x)= y= 3:2 1, 2; \\{x\\mid \\text{(A) \\langle \\rangle 5cm m^2 per \\$5 \\mathbf{1} \\boxed{1} and or"
    .split(" "),
];

/** The start of a text that a pattern matches, its repeated middle, and the end that makes the match fail. */
const starts = [
  "\\boxed{1}",
  "the answer of ",
  "answer is $1$",
  "5",
  "5\\text{ cm}",
  "",
  "\\mbox{",
  "La réponse",
  "$x$, $y$",
];
const joints =
  "or |and |apples and |, and |\\text{ or }|x_1 =|\\rm{} |\\text{ m}\\cdot |\\quad |{} |\\, |1, |\\mbox{ |. ".split(
    "|",
  );
const blanks = [" ", "* ", ".", "( ", "\t", "~", "\\ "];
const ends = ["! \\boxed{5}", "!", "", "x", "$$", "\\cdot!", "? \\boxed{5}"];

type Maker = (draw: (n: number) => number) => string;

const pick = <A>(from: ReadonlyArray<A>, draw: (n: number) => number): A => from[draw(from.length)];
const sizes = [3, 30, 60, 61, 300, 2000, 8000, 40000];

const nested = (open: string, inner: string, close: string, depth: number) =>
  open.repeat(depth) + inner + close.repeat(depth);

const wraps: ReadonlyArray<readonly [string, string]> = [
  ["(", ")"],
  ["{", "}"],
  ["[", "]"],
  ["\\{", "\\}"],
  ["|", "|"],
  ["\\frac{1}{", "}"],
  ["\\frac{", "}{2}"],
  ["\\sqrt{", "}"],
  ["\\sqrt[3]{", "}"],
  ["x^{", "}"],
  ["2^{", "}"],
  ["\\sin(", ")"],
  ["\\sum_{k=1}^{9}(", ")"],
  ["\\prod_{k=1}^{99}(k+", ")"],
  ["(1,", ")"],
  ["\\{1,", "\\}"],
  ["-(", ")"],
  ["\\text{", "}"],
  ["\\boxed{", "}"],
  ["\\left(", "\\right)"],
  ["\\begin{pmatrix}", "\\end{pmatrix}"],
  ["\\binom{", "}{2}"],
  ["(1\\pm", ")"],
];

const makers: Readonly<Record<string, Maker>> = {
  depth: (draw) => {
    const [open, close] = pick(wraps, draw);
    return nested(
      open,
      pick(["1", "x", "", "1,2"], draw),
      draw(4) === 0 ? "" : close,
      pick(sizes, draw) / (draw(2) + 1) | 0,
    );
  },
  mixedDepth: (draw) => {
    let text = "x";
    for (let i = 0; i < 5 + draw(60); i++) {
      const [open, close] = pick(wraps, draw);
      text = open + text + close;
    }
    return text;
  },
  length: (draw) => {
    const unit = pick(units, draw);
    return unit.repeat(Math.ceil(pick([50, 500, 4000, 8000, 8191, 60000], draw) / unit.length));
  },
  twoUnits: (draw) => {
    const [a, b] = [pick(units, draw), pick(units, draw)];
    const count = pick([20, 200, 2000], draw);
    return draw(2) === 0 ? (a + b).repeat(count) : a.repeat(count) + b.repeat(count);
  },
  towers: (draw) => {
    const base = 2 + draw(98);
    const braced = draw(2) === 0;
    let text = `${base}`;
    for (let i = 0; i < 1 + draw(40); i++) text = braced ? `${2 + draw(98)}^{${text}}` : `${2 + draw(98)}^(${text})`;
    return text + pick(["", "!", " \\bmod 7", "+1", "/2", "_8"], draw);
  },
  hugeNumbers: (draw) => {
    const digits = pick(["9", "12345", "0", "37"], draw).repeat(pick([5, 300, 1500, 4000], draw));
    const other = `${1 + draw(999999)}`;
    return pick([
      `${digits}!`,
      `${other}!`,
      `${digits}^{${other}}`,
      `${other}^{${digits}}`,
      `\\binom{${digits}}{${other}}`,
      `\\binom{${other}}{${draw(400)}}`,
      `0.${digits}`,
      `\\frac{${digits}}{${digits}1}`,
      `\\sqrt{${digits}}`,
      `0.\\overline{${digits}}`,
      `${digits}_{36}`,
      `(${other}/${digits})^{${draw(3000)}}`,
      `${other}^{${other}}^{${other}}`,
      `1e${digits}`,
      `${other}!!!!`,
      `\\frac{${1 + draw(1000)}!}{${1 + draw(1000)}!}`.repeat(1 + draw(20)),
    ], draw);
  },
  formulas: (draw) => {
    const terms = Array.from({ length: 1 + draw(120) }, () =>
      pick([
        "(x+y+z)^{64}",
        "\\sin(x)^{2}",
        "\\sum_{k=1}^{99}k^{9}",
        "\\sum_{k=1}^{99}\\prod_{j=1}^{99}jk",
        "\\frac{1}{x-1}",
        "a_{1}b_{2}c",
        "\\sqrt[7]{x}",
        "\\log_{x}{y}",
        "1000!",
        "\\binom{1000}{500}",
        "99^{99}",
        "|x|",
      ], draw));
    return terms.join(pick(["+", "-", "\\cdot ", "", "/", ",", "=", "<", "^", ":", ";", "\\cup "], draw));
  },
  lists: (draw) => {
    const item = pick([
      "1",
      "x",
      "(1,2)",
      "\\{1\\}",
      "1/2",
      "\\sqrt{2}",
      "x=1",
      "x>1",
      "1\\text{ cm}",
      "a",
      "[0,1]",
      "100!",
    ], draw);
    const items = Array.from({ length: 2 + draw(400) }, (_, i) => draw(2) === 0 ? item : `${item}+${i}`);
    return items.join(pick([",", ";", " and ", " or ", "\\cup ", ", ", "\\\\", "&", ":", " "], draw));
  },
  soup: (draw) => Array.from({ length: 1 + draw(300) }, () => pick(pieces, draw)).join(draw(2) === 0 ? "" : " "),
  repeats: (draw) => {
    const count = pick([8, 15, 30, 400, 4000], draw);
    return pick(starts, draw) + pick(joints, draw).replace(" ", " ".repeat(1 + draw(4))).repeat(count) +
      pick(ends, draw);
  },
  spaces: (draw) => pick(starts, draw) + pick(blanks, draw).repeat(pick([40, 900, 3900], draw)) + pick(ends, draw),
  unicode: (draw) =>
    Array.from({ length: 1 + draw(600) }, () => {
      const code = pick([0x80, 0x800, 0x3000, 0xd800, 0x10000, 0x110000], draw);
      return draw(3) === 0 ? pick(pieces, draw) : String.fromCharCode(draw(code) & 0xffff);
    }).join(""),
};

/** The `i`-th hostile input under a key. */
export function hostile(key: Key, i: number): Hostile {
  const own = Key.fold(key, "hostile", i);
  let draws = 0;
  const draw = (n: number) => integer(own, draws++, n);
  const [family, make] = pick(Object.entries(makers), draw);
  const text = make(draw);
  const twin = uniform(own, draws++);
  const gold = twin < 0.7 ? pick(golds, draw) : twin < 0.85 ? text : `${text}+1`;
  const form = draw(6);
  const response = form < 3
    ? `\\boxed{${text}}`
    : form === 3
    ? `so ${text}`
    : form === 4
    ? `The answer is ${text}`
    : text;
  return { family, gold, response };
}
