/**
 * Unicode signs as LaTeX: operators, Greek letters, superscript digits, full-width and mathematical letters. A form feed or a backspace is
 * restored to the `\f` or `\b` of a command that was unescaped by mistake.
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
  "£": "£",
  "€": "€",
  "¥": "¥",
  "₹": "₹",
  "⩽": "\\le ",
  "⩾": "\\ge ",
  "≦": "\\le ",
  "≧": "\\ge ",
  "⌊": "\\lfloor ",
  "⌋": "\\rfloor ",
  "⌈": "\\lceil ",
  "⌉": "\\rceil ",
  "¬": "\\neg ",
  "∥": "\\parallel ",
  "⊥": "\\perp ",
  "⊂": "\\subset ",
  "⊃": "\\supset ",
  "⊆": "\\subseteq ",
  "⊇": "\\supseteq ",
  "∉": "\\notin ",
  "∀": "\\forall ",
  "∃": "\\exists ",
  "→": "\\to ",
  "⇒": "\\Rightarrow ",
  "⇔": "\\Leftrightarrow ",
  "∠": "\\angle ",
  "△": "\\triangle ",
  "ℤ": "\\mathbb{Z}",
  "ℕ": "\\mathbb{N}",
  "ℚ": "\\mathbb{Q}",
  "ℂ": "\\mathbb{C}",
  "ⁿ": "^{n}",
  "ℓ": "\\ell ",
  "…": "\\dots ",
  "⋯": "\\dots ",
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

/** Invisible signs: joiners, separators and direction marks. */
const unseen = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g;

const vulgarFraction = /[\u00bc-\u00be\u2150-\u215e\u2189]/g;

/** The code points of zero in other scripts. */
const zeros = [0x0660, 0x06f0, 0x0966, 0x09e6];

/** Combining marks as LaTeX commands. */
const marks: Readonly<Record<string, string>> = {
  "\u0304": "bar",
  "\u0305": "bar",
  "\u0302": "hat",
  "\u0303": "tilde",
  "\u0307": "dot",
  "\u20d7": "vec",
};

/** A sign as LaTeX; full-width and mathematical letters and digits become plain. */
function plainSign(sign: string): string {
  const known = unicode.get(sign) ?? greekLetters.get(sign);
  if (known !== undefined) return known;
  const code = sign.codePointAt(0) ?? 0;
  const zero = zeros.find((first) => code >= first && code < first + 10);
  if (zero !== undefined) return `${code - zero}`;
  if (code >= 0xfe50 && code <= 0xfe6b) return sign.normalize("NFKC");
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

/** Replaces every sign that LaTeX writes otherwise. */
export function plainSigns(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const seen = text.normalize("NFC").replace(unseen, "").replace(
    vulgarFraction,
    (sign) => `\\frac{${sign.normalize("NFKC").replace("⁄", "}{")}} `,
  ).replace(
    /(\p{L})([\u0302-\u0305\u0307\u20d7])/gu,
    (_, letter: string, mark: string) => `\\${marks[mark]}{${letter}}`,
  );
  return Array.from(powers(seen), plainSign).join("");
}
