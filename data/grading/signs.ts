/**
 * Unicode signs as LaTeX: operators, Greek letters, raised digits, full-width and mathematical letters. A form feed or a backspace is the
 * `\f` or `\b` of a command that a careless program has unescaped.
 */

const unicode: ReadonlyMap<string, string> = new Map(Object.entries({
  "−": "-",
  "–": "-",
  "×": "\\times ",
  "·": "\\cdot ",
  "÷": "/",
  "∞": "\\infty ",
  "≤": "\\le ",
  "≥": "\\ge ",
  "≠": "\\ne ",
  "≈": "\\approx ",
  "∪": "\\cup ",
  "∩": "\\cap ",
  "∈": "\\in ",
  "∅": "\\emptyset ",
  "±": "\\pm ",
  "°": "^\\circ ",
  "√": "\\sqrt ",
  "π": "\\pi ",
  "θ": "\\theta ",
  "ℝ": "\\mathbb{R}",
  "∛": "\\sqrt[3] ",
  "½": "\\frac12 ",
  "⅓": "\\frac13 ",
  "⅔": "\\frac23 ",
  "¼": "\\frac14 ",
  "¾": "\\frac34 ",
  "£": " ",
  "€": " ",
  "¥": " ",
  "₹": " ",
  "⁄": "/",
  "∕": "/",
  "‐": "-",
  "‑": "-",
  "—": "-",
  "∗": "*",
  "⋅": "\\cdot ",
  "∙": "\\cdot ",
  "•": "\\cdot ",
  "º": "^\\circ ",
  "˚": "^\\circ ",
  "≡": "\\equiv ",
  "≅": "\\cong ",
  "∖": "\\setminus ",
  "∣": "|",
  "∨": "\\lor ",
  "∧": "\\land ",
  "∑": "\\sum ",
  "∏": "\\prod ",
  "∫": "\\int ",
  "⟨": "\\langle ",
  "⟩": "\\rangle ",
  "’": "'",
  "′": "'",
  "、": ", ",
  "。": ".",
  "\u00a0": " ",
  "\u2009": " ",
  "\u202f": " ",
  "\f": "\\f",
  "\b": "\\b",
}));

const greekLetters: ReadonlyMap<string, string> = new Map(
  ("α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta ι iota κ kappa λ lambda μ mu ν nu ξ xi ρ rho σ sigma τ tau υ " +
    "upsilon φ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega ϕ phi")
    .split(" ").map((word, i, all) => [word, `\\${all[i + 1]} `] as const).filter((_, i) => i % 2 === 0),
);

/** A sign as LaTeX; full-width and mathematical letters and digits as plain ones. */
function plainSign(sign: string): string {
  const known = unicode.get(sign) ?? greekLetters.get(sign);
  if (known !== undefined) return known;
  const code = sign.codePointAt(0) ?? 0;
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  return code >= 0x1d400 && code <= 0x1d7ff ? sign.normalize("NFKC") : sign;
}

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `x¹²` to `x^{12}`. */
function powers(text: string): string {
  return text.replace(
    /(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]{1,8})/g,
    (_, minus: string, digits: string) =>
      `^{${minus === "" ? "" : "-"}${[...digits].map((sign) => raised.indexOf(sign)).join("")}}`,
  );
}

/** A text with every sign that LaTeX writes otherwise. */
export function plainSigns(text: string): string {
  return Array.from(powers(text.normalize("NFC")), plainSign).join("");
}
