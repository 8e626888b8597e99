/**
 * Whether two answers are equal: both are read into kinds and compared part by part. Different kinds are different answers (fail closed),
 * except for known alternative spellings: an interval and an inequality, a column and a vector, `x = 5` and `5`, `\pm 2` and `2, -2`.
 * Depth, items and lengths are bounded.
 */
import { type Answer, readAnswer } from "./answer.ts";
import { type Chain, isVariable } from "./chain.ts";
import { choiceOf, chosen, labelledChoice, sameLetters } from "./choice.ts";
import { sameDate, sameTime } from "./clock.ts";
import { sameCongruence } from "./congruence.ts";
import { type Interval, merged, solutionsOf } from "./interval.ts";
import { longestAnswer, normalize, splitTop, squeeze } from "./latex.ts";
import type { Rows } from "./matrix.ts";
import { sameRelation, valueOfChain } from "./relation.ts";
import { plusMinusValues } from "./symbolic.ts";
import { equalFormulas, formula, formulasEqual } from "./value.ts";
import { inBaseUnits, quantityOf } from "./units.ts";
import { sameSets } from "./sets.ts";
import { tailed } from "./tail.ts";
import { newWork, spend, type Work } from "./work.ts";
import { isName, sameText, yesOrNo } from "./words.ts";

const deepest = 6, mostItems = 64;

/** Whether the answer equals the gold answer. Neither needs to be normalised. */
export function equivalent(gold: string, answer: string): boolean {
  return equalTexts(gold, answer, 0, newWork());
}

function equalTexts(gold: string, answer: string, depth: number, work: Work): boolean {
  if (!spend(work, 150 + 4 * (gold.length + answer.length))) return false;
  const [g, a] = [normalize(gold), normalize(answer)];
  if (g === "" || a === "" || depth > deepest) return false;
  if (squeeze(g) === squeeze(a)) return true;
  // One sign may stand for a command: a short text may become a long one.
  if (Math.max(g.length, a.length) > longestAnswer) return false;
  if (decimalPoint.test(g) && decimalComma.test(a)) return g === a.replace(",", ".");
  const yes = yesOrNo(g, true);
  if (yes !== null) return yesOrNo(a, false) === yes;
  const choice = choiceOf(g);
  if (choice !== null) return chosen(a) === choice;
  if (sameLetters(g, a)) return true;
  const special = sameCongruence(g, a) ?? sameSets(g, a);
  if (special !== null) return special;
  const [labelled, label] = [labelledChoice(g), labelledChoice(a)];
  if (labelled !== null) {
    if (chosen(a) === labelled.letter) return label === null || equalTexts(labelled.text, label.text, depth + 1, work);
    if (label === null && equalTexts(labelled.text, a, depth + 1, work)) return true;
  } else if (label !== null && equalTexts(g, label.text, depth + 1, work)) return true;
  return equalAnswers(readAnswer(g), readAnswer(a), depth, work);
}

const decimalPoint = /^-?\d+\.\d+$/, decimalComma = /^-?\d+,(?!\d{3}$)\d+$/;

function equalAnswers(gold: Answer, answer: Answer, depth: number, work: Work): boolean {
  const pair = (a: string, b: string) => equalTexts(a, b, depth + 1, work);
  const inOrder = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) =>
    a.length === b.length && a.every((item, i) => pair(item, b[i]));
  if (gold.kind === "matrix" && answer.kind === "relation" || gold.kind === "relation" && answer.kind === "matrix") {
    return equalRelations(gold, answer, depth, pair, work);
  }
  if (gold.kind === "matrix" || answer.kind === "matrix") {
    const [rows, others] = [rowsOf(gold), rowsOf(answer)];
    return rows !== null && others !== null && rows.length === others.length &&
      rows.every((row, i) => inOrder(row, others[i]));
  }
  const [one, other] = [bothSigns(gold), bothSigns(answer)];
  if (one !== gold || other !== answer) return equalAnswers(one, other, depth, work);
  const signed = equalSigned(gold, answer, work);
  if (signed !== null) return signed;
  const [many, others] = [itemsOf(gold), itemsOf(answer)];
  if (many !== null && others !== null) {
    const [a, b] = isCollection(gold) && isCollection(answer) ? [distinct(many), distinct(others)] : [many, others];
    return sameItems(a, b, pair);
  }
  if (many?.length === 1 && answer.kind === "formula") return pair(many[0], answer.text);
  if (others?.length === 1 && gold.kind === "formula") return pair(gold.text, others[0]);
  if (gold.kind === "list" && answer.kind === "formula") {
    return oneValue(gold.items, pair) && pair(gold.items[0], answer.text);
  }
  if (gold.kind === "formula" && answer.kind === "list") {
    return answer.items.length <= mostSpellings && answer.items.every((item) => pair(gold.text, item));
  }
  if (gold.kind === "tuple" && answer.kind === "tuple") {
    return gold.open === answer.open && gold.close === answer.close && inOrder(gold.items, answer.items);
  }
  if (gold.kind === "tuple" && answer.kind === "list") return isPoint(gold) && inOrder(gold.items, answer.items);
  if (gold.kind === "list" && answer.kind === "tuple") return isPoint(answer) && inOrder(gold.items, answer.items);
  const [parts, otherParts] = [intervalsOf(gold), intervalsOf(answer)];
  if (parts !== null && otherParts !== null) {
    return sameSubject(gold, answer) && sameIntervals(merged(parts), merged(otherParts), pair);
  }
  if (gold.kind === "relation" || answer.kind === "relation") return equalRelations(gold, answer, depth, pair, work);
  return gold.kind === "formula" && answer.kind === "formula" && equalFormulaTexts(gold.text, answer.text, pair, work);
}

/** Whether a tuple may be a point, whose coordinates may also be listed. Two items with a closed or infinite end are an interval. */
const isPoint = ({ open, close, items }: Extract<Answer, { readonly kind: "tuple" }>) =>
  items.length !== 2 || (open === "(" && close === ")" && !items.some((item) => item.includes("\\infty")));

/** Rows of a matrix. A vector in brackets is a column, and so is a transposed single row. */
function rowsOf(answer: Answer): Rows | null {
  if (answer.kind === "tuple") {
    const rows = answer.items.every((item) => /^\[.*\]$/.test(item));
    return answer.items.map((item) => rows ? splitTop(item.slice(1, -1), ",") : [item]);
  }
  if (answer.kind !== "matrix") return null;
  return answer.rows.length === 1 && answer.rows[0].length > 1 ? answer.rows[0].map((entry) => [entry]) : answer.rows;
}

function itemsOf(answer: Answer): ReadonlyArray<string> | null {
  return answer.kind === "list" || answer.kind === "set" ? answer.items : null;
}

const mostSpellings = 3;

/** Whether the items are one value in several spellings, as in `\frac45` or `0.8`. */
const oneValue = (items: ReadonlyArray<string>, pair: (a: string, b: string) => boolean) =>
  items.length <= mostSpellings && distinct(items).length === items.length &&
  items.every((item) => pair(items[0], item));

/** Whether repeated items count once: sets, and lists of points. */
const isCollection = (answer: Answer) =>
  answer.kind === "set" || (answer.kind === "list" && answer.items.every((item) => item.startsWith("(")));

const distinct = (items: ReadonlyArray<string>) =>
  items.filter((item, i) => items.findIndex((other) => squeeze(other) === squeeze(item)) === i);

/** Matches every item with one of the other side, in any order; items of equal spelling are matched first. */
function sameItems(
  a: ReadonlyArray<string>,
  b: ReadonlyArray<string>,
  pair: (a: string, b: string) => boolean,
): boolean {
  if (a.length !== b.length || a.length > mostItems) return false;
  const free = [...b];
  const take = (at: number) => at >= 0 && free.splice(at, 1).length === 1;
  return a.filter((item) => !take(free.findIndex((other) => squeeze(other) === squeeze(item))))
    .every((item) => take(free.findIndex((other) => pair(item, other))));
}

const signs = /\\(?:pm|mp)(?![a-zA-Z])/;

/** An item with ± as two items, upper signs first. */
const withSigns = (item: string): ReadonlyArray<string> =>
  signs.test(item)
    ? ["+-", "-+"].map(([pm, mp]) => item.replace(/\\pm(?![a-zA-Z])/g, pm).replace(/\\mp(?![a-zA-Z])/g, mp))
    : [item];

/** Expands ± in a list, a set, or a point with one ±, to the list of all values. */
function bothSigns(answer: Answer): Answer {
  if (answer.kind === "list" || answer.kind === "set") {
    return answer.items.some((item) => signs.test(item))
      ? { ...answer, items: answer.items.flatMap(withSigns) }
      : answer;
  }
  if (answer.kind !== "tuple" || answer.items.filter((item) => signs.test(item)).length !== 1) return answer;
  const whole = answer.open + answer.items.join(",") + answer.close;
  return { kind: "list", items: withSigns(whole) };
}

/** `±` against `±`, or against a list of two; null if there is no `±`. */
function equalSigned(gold: Answer, answer: Answer, work: Work): boolean | null {
  const [a, b] = [signedValues(gold), signedValues(answer)];
  if (a === null && b === null) return null;
  const [x, y] = [a ?? listedPair(gold), b ?? listedPair(answer)];
  if (x === null || y === null) return false;
  const same = (i: number, j: number) => equalFormulas(x[i], y[j], work) === true;
  return (same(0, 0) && same(1, 1)) || (same(0, 1) && same(1, 0));
}

function signedValues(answer: Answer) {
  const text = answer.kind === "formula" ? answer.text : answer.kind === "relation" ? namedValue(answer) : null;
  const read = text === null || !/\\[pm][pm](?![a-zA-Z])/.test(text) ? null : formula(text);
  return read === null ? null : plusMinusValues(read);
}

const namedValue = ({ sides, relations }: Chain) =>
  sides.length === 2 && relations[0] === "=" && isName(sides[0]) ? sides[1] : null;

function listedPair(answer: Answer) {
  const items = itemsOf(answer);
  if (items?.length !== 2) return null;
  const read = items.map((item) => {
    const [first, ...rest] = splitTop(item, "=");
    return formula(rest.length === 1 && isName(first) ? rest[0] : item);
  });
  return read[0] === null || read[1] === null ? null : [read[0], read[1]] as const;
}

/** The intervals of a union, two numbers in brackets, or an inequality; else null. */
function intervalsOf(answer: Answer): ReadonlyArray<Interval> | null {
  if (answer.kind === "intervals") return answer.parts;
  if (answer.kind === "relation") {
    return solutionsOf([answer], "or");
  }
  if (answer.kind !== "tuple" || answer.items.length !== 2) return null;
  const [low, high] = answer.items;
  return [{ low, high, lowClosed: answer.open === "[", highClosed: answer.close === "]" }];
}

/** Whether two inequalities have the same variable; true if one side is no inequality. */
function sameSubject(gold: Answer, answer: Answer): boolean {
  if (gold.kind !== "relation" || answer.kind !== "relation") return true;
  const subject = ({ sides }: Chain) => squeeze((sides.length === 3 ? sides[1] : sides.find(isVariable)) ?? "");
  return subject(gold) === subject(answer);
}

function sameIntervals(
  a: ReadonlyArray<Interval>,
  b: ReadonlyArray<Interval>,
  pair: (a: string, b: string) => boolean,
): boolean {
  const free = [...b];
  return a.length === b.length && a.length <= mostItems && a.every((part) => {
    const at = free.findIndex((other) =>
      part.lowClosed === other.lowClosed && part.highClosed === other.highClosed && pair(part.low, other.low) &&
      pair(part.high, other.high)
    );
    if (at >= 0) free.splice(at, 1);
    return at >= 0;
  });
}

function equalRelations(
  gold: Answer,
  answer: Answer,
  depth: number,
  pair: (a: string, b: string) => boolean,
  work: Work,
): boolean {
  if (gold.kind === "relation" && answer.kind === "relation") return sameRelation(gold, answer, pair, work);
  if (gold.kind === "relation") {
    const value = valueOfChain(gold, null);
    return value !== null && equalAnswers(readAnswer(value), answer, depth + 1, work);
  }
  if (answer.kind !== "relation") return false;
  const value = valueOfChain(answer, gold.kind === "formula" ? gold.text : null);
  return value !== null && depth < deepest && equalAnswers(gold, readAnswer(value), depth + 1, work);
}

/** Compares two formulas, ratios, or words. */
function equalFormulaTexts(gold: string, answer: string, pair: (a: string, b: string) => boolean, work: Work): boolean {
  const time = sameTime(gold, answer) ?? sameDate(gold, answer);
  if (time !== null) return time;
  const [ratio, otherRatio] = [ratioOf(gold), ratioOf(answer)];
  if (ratio.length > 1 || otherRatio.length > 1) return sameRatio(ratio, otherRatio, pair, work);
  const measured = sameQuantity(gold, answer, pair, work);
  if (measured !== null) return measured;
  if (sameText(gold, answer)) return true;
  const [left, otherLeft] = [tailed(gold)?.left, tailed(answer)?.left];
  if (left === "unknown" || otherLeft === "unknown") return false;
  if ((left === "unit" && otherLeft === "counted") || (left === "counted" && otherLeft === "unit")) return false;
  return formulasEqual(gold, answer, work) === true;
}

/** The parts of `2:3` or `2 \\text{ to } 3`; one part if the text is no ratio. */
const ratioOf = (text: string) =>
  splitTop(text.replace(/^(\d[\d.,]*) ?(?:\\text ?\{ ?to ?\}|to) ?(\d[\d.,]*)$/, "$1:$2"), ":");

/** Compares two values with units of measure; null if one has none. */
function sameQuantity(
  gold: string,
  answer: string,
  pair: (a: string, b: string) => boolean,
  work: Work,
): boolean | null {
  const [g, a] = [quantityOf(gold), quantityOf(answer)];
  const [x, y] = [g ?? (a && quantityOf(gold, true)), a ?? (g && quantityOf(answer, true))];
  if (x === null || y === null) return null;
  if (x.unit.dimensions !== y.unit.dimensions) return g === null || a === null ? null : false;
  return pair(x.value, y.value) && JSON.stringify(x.unit) === JSON.stringify(y.unit) ||
    formulasEqual(inBaseUnits(x), inBaseUnits(y), work) === true;
}

/** `2:3` equals `4:6`; times of day such as `10:30` are compared part by part. */
function sameRatio(
  a: ReadonlyArray<string>,
  b: ReadonlyArray<string>,
  pair: (a: string, b: string) => boolean,
  work: Work,
): boolean {
  if (a.length !== b.length) {
    const [ratio, other] = a.length > b.length ? [a, b] : [b, a];
    const fraction = ratio.length === 2 && other.length === 1 && /\/|\\frac/.test(other[0]);
    return fraction && formulasEqual(`(${ratio[0]})/(${ratio[1]})`, other[0], work) === true;
  }
  if (a.every((item, i) => pair(item, b[i]))) return true;
  const clock = [a, b].some((parts) =>
    parts.slice(1).every((part) => /^[0-5]\d$/.test(part)) && /^\d{1,2}$/.test(parts[0])
  );
  if (a.length > 6 || (clock && a.length < 4)) return false;
  return a.slice(1).every((item, i) => formulasEqual(`(${item})/(${a[0]})`, `(${b[i + 1]})/(${b[0]})`, work) === true);
}
