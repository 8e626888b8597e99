/**
 * Units of measure after a value: `5\text{ cm}^2`, `12 \mathrm{m}/\mathrm{s}`, `3 square feet`, `40 miles per hour`, `50 cents`. If both
 * answers have one, `5 m` differs from `5 cm` and equals `500 cm`; other words (`5 apples`) are not compared.
 */

import { unitNamed } from "./unit_table.ts";

/** A unit as a product of powers of dimensions, and its number of base units as factors, integers or decimals. */
export interface Unit {
  readonly dimensions: string;
  readonly factors: ReadonlyArray<readonly [factor: string, power: number]>;
}

/** A value and its unit. */
export interface Quantity {
  readonly value: string;
  readonly unit: Unit;
}

const abbreviated: Readonly<Record<string, string>> = {
  mph: "mile/hour",
  kph: "km/hour",
  kmh: "km/hour",
  kmph: "km/hour",
  fps: "foot/second",
  mps: "m/s",
  psi: "lb/in^2",
};

const wordAt = /\s*(°?[a-zA-ZΩµμ]+\.?)/y;
const powerAt = /\s*\^?\s*\{?(-?[1-9])\}?|\s+(squared|cubed)\b/y;
const joinAt = /\s*(\/|per\b|\*|·|\\cdot(?![a-zA-Z])|(?=[a-zA-Z]))/y;

/** Reads a whole unit, or gives null. A single letter is a unit only if `written`: the text sets it as text. */
export function readUnit(text: string, written: boolean): Unit | null {
  const given = text.trim().replace(/^(?:in\s+)?(?=[a-zA-Z])/, "").replace(
    /\b(?:degrees?|deg\.?)\s+(celsius|fahrenheit|C|F)\b/i,
    (_, scale: string) => `°${scale[0].toUpperCase()}`,
  ).replace(/^(?:US\s+|Euro\s+)?(dollars|cents)$/i, "$1").replace(
    /\\(?:Omega|mu)(?![a-zA-Z])\s?/g,
    (sign) => sign[1] === "O" ? "Ω" : "µ",
  ).replace(
    /^[a-z]+$/i,
    (word) => abbreviated[word.toLowerCase()] ?? word,
  );
  if (given === "" || given.length > 60) return null;
  const powers = new Map<string, number>();
  const factors: Array<readonly [string, number]> = [];
  let at = 0;
  const next = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const found = pattern.exec(given);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  let sign = 1;
  for (let parts = 0; parts < 4; parts++) {
    let power = 1;
    let word = next(wordAt)?.[1];
    if (word !== undefined && /^(?:sq|square|cu|cubic)\.?$/i.test(word)) {
      power = /^sq/i.test(word) ? 2 : 3;
      word = next(wordAt)?.[1];
    }
    const measure = word === undefined ? undefined : unitNamed(word);
    if (word === undefined || measure === undefined || (word.length === 1 && !written)) return null;
    const raised = next(powerAt);
    if (raised !== null) power *= raised[1] === undefined ? raised[2] === "squared" ? 2 : 3 : Number(raised[1]);
    for (const [name, by] of measure.dimensions) powers.set(name, (powers.get(name) ?? 0) + sign * power * by);
    factors.push([measure.factor, sign * power]);
    if (at === given.length) {
      const dimensions = [...powers].filter(([, exponent]) => exponent !== 0).sort().map((pair) => pair.join("^"));
      return { dimensions: dimensions.join(" "), factors };
    }
    const joint = next(joinAt)?.[1];
    if (joint === undefined) return null;
    if (joint === "/" || joint === "per") sign = -1;
  }
  return null;
}

const wrapper = "\\\\(?:text|mathrm|mbox|operatorname|rm|textit|mathit)\\s{0,8}";

/** A value, and the text-mode words after it. */
export const writtenTail = new RegExp(
  `^([\\s\\S]*?)\\s*((?:${wrapper}\\{[^{}]*\\}[\\s^{}\\d\\-/]{0,16}(?:\\\\cdot\\s*)?)+)$`,
);

/** Text-mode words, with their content. */
export const wrapped = new RegExp(`${wrapper}\\{([^{}]*)\\}`, "g");
const degreeTail = /^([\s\S]*?)\s*\^\s*\{?\s*\\circ\s*\}?\s*(?:\\(?:text|mathrm)\s*\{\s*)?([CF]?)\s*\}?$/;
const plainTail = /^([^a-zA-Z]*[\d)}])\s*([a-zA-Z°][a-zA-Z\s.^{}\d/]{0,40})$/;
const fractionTail = /^(\\frac\s*\{[^{}]*\}\s*\{[^{}]*\}|\\frac\s*\d\s*\d)\s*([a-zA-Z][a-zA-Z\s.^{}\d/]{0,40})$/;

const compoundPart =
  /\s*(\d+(?:\.\d+)?)\s*(?:\\(?:text|mathrm|mbox)\s?\{([^{}]*)\}|([a-zA-Z]+\.?))\s*,?\s*(?:and\s+(?=\d))?/y;

/** `1 hour 30 minutes`, `5 ft 3 in`: the sum of two or three quantities of one dimension. */
function compound(text: string): Quantity | null {
  if (text.length > 80) return null;
  const parts: Array<Quantity> = [];
  for (compoundPart.lastIndex = 0; compoundPart.lastIndex < text.length;) {
    const found = compoundPart.exec(text);
    const words = (found?.[2] ?? found?.[3] ?? "").trim().replace(/,? and$|,$/, "");
    const unit = found === null || parts.length > 3 ? null : readUnit(words, true);
    if (found === null || unit === null) return null;
    parts.push({ value: found[1], unit });
  }
  const { dimensions } = parts[0]?.unit ?? { dimensions: "" };
  if (parts.length < 2 || parts.some(({ unit }) => unit.dimensions !== dimensions)) return null;
  return { value: parts.map(inBaseUnits).join("+"), unit: { dimensions, factors: [] } };
}

/** Splits a normalised answer into value and unit; null if it has no known unit. `bareLetter` accepts `5 m`. */
export function quantityOf(text: string, bareLetter = false): Quantity | null {
  if (text.length > 200) return null;
  const sum = compound(text);
  if (sum !== null) return sum;
  const degrees = degreeTail.exec(text);
  if (degrees !== null && /\d/.test(degrees[1]) && !/[a-zA-Z]/.test(degrees[1].replaceAll("\\frac", ""))) {
    const unit = readUnit(degrees[2] === "" ? "degree" : `°${degrees[2]}`, true);
    return unit === null ? null : { value: degrees[1], unit };
  }
  const written = writtenTail.exec(text);
  const tail = written ?? fractionTail.exec(text) ?? plainTail.exec(text);
  if (tail === null || tail[1].trim() === "") return null;
  const words = tail[2].replace(wrapped, "$1").trim();
  const unit = readUnit(words, bareLetter || written !== null);
  return unit === null ? null : { value: tail[1].trim(), unit };
}

/** A quantity in base units, as formula text. */
export function inBaseUnits({ value, unit }: Quantity): string {
  return [`(${value})`, ...unit.factors.map(([factor, power]) => `(${factor})^{${power}}`)].join("*");
}
