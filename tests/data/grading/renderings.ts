/** Other spellings of the same answer, as models write them: each keeps what an answer says and changes how it looks. */

const slash = (part: string) => /^(?:\d+|[a-z])$/.test(part) ? part : `(${part})`;

const braced = "\\{((?:[^{}]|\\{[^{}]*\\})*)\\}";

/** `\frac{a}{b}` to `a/b`, in brackets where it stands beside other factors. */
function slashed(gold: string): string {
  const pattern = new RegExp(`\\\\[dt]?frac${braced}${braced}`, "g");
  const whole = new RegExp(`^-?\\\\[dt]?frac${braced}${braced}$`).test(gold);
  return gold.replace(/\\([dt]?)frac(\d)(\d)/g, "\\$1frac{$2}{$3}").replace(
    pattern,
    (found, top: string, bottom: string, at: number) => {
      const mixed = /\d\s*$/.test(gold.slice(0, at));
      const quotient = `${slash(top)}/${slash(bottom)}`;
      return mixed ? found : whole ? quotient : `(${quotient})`;
    },
  );
}

const thousands = (gold: string) =>
  gold.replace(/(?<![\d.,_{^\\!])\d{4,}(?![\d.,_}^\\])/g, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));

/** Each rendering by its name. */
export const renderings: Readonly<Record<string, (gold: string) => string>> = {
  "as it stands": (gold) => gold,
  "fractions with a slash": slashed,
  "\\dfrac": (gold) => gold.replace(/\\[dt]?frac(?![a-zA-Z])/g, "\\dfrac"),
  "\\tfrac": (gold) => gold.replace(/\\[dt]?frac(?![a-zA-Z])/g, "\\tfrac"),
  "no spaces": (gold) =>
    /\\text|\\mbox|[a-z]{2} [a-z]{2}/.test(gold) ? gold : gold.replace(/(?<!\\)(?<!\\[a-zA-Z]{1,12}) +/g, ""),
  "wide spaces": (gold) => gold.replace(/(?<=[^\\{(<>=])([+=<>,])(?=[^!])/g, " $1 "),
  "sized brackets": (gold) =>
    gold.includes("\\left") ? gold : gold.replace(/(?<!\\)\(/g, "\\left(").replace(/(?<!\\)\)/g, "\\right)"),
  "plain brackets": (gold) => gold.replace(/\\(?:left|right)(?![a-zA-Z])/g, ""),
  "\\mbox for \\text": (gold) => gold.replaceAll("\\text{", "\\mbox{"),
  "\\mathrm for \\text": (gold) =>
    / /.test(gold.replace(/\\[a-z]+\{ /g, "")) ? gold : gold.replaceAll("\\text{", "\\mathrm{"),
  "no \\!": (gold) => gold.replaceAll("\\!", ""),
  "degree sign": (gold) => gold.replace(/\^\s*\{?\\circ\}?/g, "°"),
  "no degree": (gold) => /^[-\d.]+\s*\^\s*\{?\\circ\}?$/.test(gold) ? gold.replace(/\^\s*\{?\\circ\}?/, "") : gold,
  "thousands with commas": (gold) => /[a-zA-Z]|,\s/.test(gold.replace(/\\[a-z]+/g, "")) ? gold : thousands(gold),
  "thousands without": (gold) => gold.replace(/(?<=\d)(?:,\\!|\{,\})\s*(?=\d{3})/g, ""),
  "in dollars": (gold) => `$${gold}$`,
  "in brackets of mathematics": (gold) => `\\(${gold}\\)`,
  "with a full stop": (gold) => `${gold}.`,
  "braced powers": (gold) => gold.replace(/\^(\d|[a-z])(?![a-zA-Z])/g, "^{$1}"),
  "bare powers": (gold) => gold.replace(/\^\{(\d|[a-z])\}/g, "^$1"),
  "bare roots": (gold) => gold.replace(/\\sqrt\{(\d)\}/g, "\\sqrt$1"),
  "roots of a programmer": (gold) =>
    gold.includes("\\sqrt") && !/\\frac\\|\\frac\d/.test(gold) ? gold.replace(/\\sqrt\{([^{}]*)\}/g, "sqrt($1)") : gold,
  "times": (gold) => gold.replaceAll("\\cdot", "\\times"),
  "signs of Unicode": (gold) =>
    gold.replace(/\\pi(?![a-zA-Z])/g, "π").replace(/\\infty(?![a-zA-Z])/g, "∞").replace(/\\le(?:q)?(?![a-zA-Z])/g, "≤")
      .replace(/\\cup(?![a-zA-Z])/g, "∪").replace(/-/g, "−"),
  "square matrices": (gold) => gold.replaceAll("{pmatrix}", "{bmatrix}"),
  "bold": (gold) => /^[-\d.,]+$/.test(gold) ? `\\mathbf{${gold}}` : gold,
  "no currency": (gold) => gold.replace(/^\\\$/, ""),
  "named": (gold) =>
    /[=<>,]|\\(?:le|ge|text|mbox|in|cup|begin)/.test(gold) || /^[A-Z(\[]/.test(gold)
      ? gold
      : `x = ${gold}`.replace("x", gold.includes("x") ? "f(x)" : "x"),
};
