/**
 * The claims of a study with their verdicts: condition, source, value, interval, and whether it holds. A claim holds if the whole interval
 * is on the right side of the threshold, does not if all of it is on the wrong side, and is undecided otherwise.
 */
import { Result } from "effect";
import { ClaimRow } from "../../records/study_rows.ts";
import { tableReport } from "../report.ts";
import { type Cell, empty, numberCell, type Table, textCell } from "./table.ts";

/** A claim as reports read it. */
export type Judged = Omit<ClaimRow, "statistic">;

type Row = Judged;

/** How the numbers of a unit are printed; shares are in percentage points. */
const units: Readonly<Record<string, { readonly scale: number; readonly digits: number; readonly name: string }>> = {
  share: { scale: 100, digits: 1, name: " points" },
  nats: { scale: 1, digits: 3, name: " nats" },
  number: { scale: 1, digits: 3, name: "" },
};

const unitOf = ({ unit }: Row) => units[unit] ?? units.number;

/** The unit of a claim's numbers: `points`, `nats`, or empty. */
export const unitName = (row: Row): string => unitOf(row).name.trim();

const printed = (row: Row, value: number, isSigned: boolean): string => {
  const { scale, digits, name } = unitOf(row);
  const isTiny = name === "" && value !== 0 && Math.abs(value) < 0.0005;
  const text = isTiny ? value.toExponential(1) : (value * scale).toFixed(digits);
  return isSigned && value > 0 ? `+${text}` : Number(text) === 0 ? text.replace("-", "") : text;
};

const isDifference = ({ unit }: Row): boolean => unit !== "number";

/** The condition of a claim: `above 0 points`, `within ±1 points`. */
export const asked = (row: Row): string => {
  const { scale, name } = unitOf(row);
  const threshold = Number((row.threshold * scale).toPrecision(6));
  return `${row.comparison === "within" ? "within ±" : `${row.comparison} `}${threshold}${name}`;
};

/** A number with its interval, in the unit of a claim. */
interface Found {
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
}

/** The result on the published test problems, and on others. */
export const foundOf = ({ value, low, high }: Row): Found => ({ value, low, high });
/** See `foundOf`. */
export const otherFoundOf = ({ otherValue, otherLow, otherHigh }: Row): Found => ({
  value: otherValue,
  low: otherLow,
  high: otherHigh,
});

/** A result as a cell. */
export const foundCell = (row: Row, { value, low, high }: Found): Cell => {
  if (value === undefined || low === undefined || high === undefined) return empty;
  const { scale } = unitOf(row);
  const text = (number: number) => printed(row, number, isDifference(row));
  const number = (share: number) => Number((share * scale).toPrecision(12));
  return {
    text: text(value),
    value: number(value),
    low: number(low),
    high: number(high),
    interval: `${text(low)} to ${text(high)}`,
  };
};

const marks: Readonly<Record<string, string>> = {
  "holds": "✓ holds",
  "does not": "✗ does not",
  "undecided": "? undecided",
  "untried": "– untried",
};

/** A verdict with its sign. */
export const verdictText = (verdict: string): string => marks[verdict] ?? verdict;

/** Whether other test problems give another verdict. */
export const isMoved = ({ verdict, otherVerdict }: Row): boolean =>
  otherVerdict !== undefined && otherVerdict !== verdict;

/** Whether other test problems turn "holds" into "does not", or back. */
export const isTurned = (row: Row): boolean => isMoved(row) && [row.verdict, row.otherVerdict].every(isDecided);

const otherCells = (row: Row): ReadonlyArray<Cell> =>
  row.otherVerdict === undefined ? [empty, empty] : [foundCell(row, otherFoundOf(row)), {
    text: `${isMoved(row) ? "moved: " : ""}${verdictText(row.otherVerdict)}`,
    value: row.otherVerdict,
  }];

/** A sentence on the verdicts on other test problems; undefined if there are none. */
export const otherSentence = (rows: ReadonlyArray<Row>): string | undefined => {
  const again = rows.filter(({ otherVerdict }) => otherVerdict !== undefined);
  const [moved, turned] = [again.filter(isMoved).length, again.filter(isTurned).length];
  return again.length === 0
    ? undefined
    : `Asked again of other test problems (another seed), ${
      again.length - moved
    } of ${again.length} verdicts are the same, ` +
      `${moved} moved, ${turned} of those from holds to does not or back. The rest ask of no such problems, or were not tried on them.`;
};

const isDecided = (verdict: string | undefined): boolean => verdict === "holds" || verdict === "does not";

const order = ["holds", "does not", "undecided", "untried"];

/** The number of claims with each verdict. */
export const tallyOf = (
  rows: ReadonlyArray<Row>,
): ReadonlyArray<{ readonly verdict: string; readonly words: string; readonly count: number }> =>
  order.map((verdict) => {
    const count = rows.filter((row) => row.verdict === verdict).length;
    const isOne = count === 1;
    const words = verdict === "holds"
      ? isOne ? "holds" : "hold"
      : verdict === "does not"
      ? isOne ? "does not" : "do not"
      : verdict;
    return { verdict, words, count };
  }).filter(({ count }) => count > 0);

const countsOf = (rows: ReadonlyArray<Row>): string =>
  tallyOf(rows).map(({ count, words }) => `${count} ${words}`).join(", ");

/** Whether a claim is the paper's. */
export const isPaper = ({ where }: Row): boolean => !where.startsWith("beyond the paper");

/** The rule for verdicts. */
export const verdictRule =
  "A claim holds where its whole 95 % interval (paired bootstrap over problems and over bases x seeds) is on the right side of the " +
  "threshold, does not where all of it is on the wrong side, and is undecided between. Claims and thresholds were fixed before the runs.";

/** The rule for verdicts of a study that judges by families, of which the primary one may be empty. */
const familyRule = (hasPrimary: boolean): ReadonlyArray<string> => [
  "Each of 4,000 draws of the paired bootstrap takes bases with replacement, one fewer than there are (so that intervals over few bases are not " +
  "too narrow), seeds within each base, and groups of problems with the same numbers. Intervals are 95 %, not adjusted.",
  "p is twice the smaller of two one-sided tests, that the claim holds and that it does not. For a claim of equality (within) the first is the " +
  "greater p of its two sides; doubled, it is stricter than two one-sided tests at 5 %. With 4,000 draws no p is below 0.0005.",
  "A claim is decided where its p, adjusted " +
  (hasPrimary
    ? "for its family, is at most 5 %: the primary claims by Holm; the others, which explore, by Benjamini "
    : "for all claims together, is at most 5 %. All explore: they are adjusted by Benjamini ") +
  "and Yekutieli, who bound the share of false ones among the decided. Undecided says neither yes nor no; it does not say that there is no effect.",
  "What could have been seen is the smallest distance from the threshold that this design would have decided in four cases of five, at the level " +
  "that the family left for one more claim. Where it exceeds the bound of a claim of equality, equality could not be shown.",
  "The number of bases says for how many of them the claim is true by their own cells.",
  hasPrimary
    ? "Claims, thresholds, the primary list and the rule for rates were fixed before the runs."
    : "Claims and thresholds were fixed before the runs.",
];

/** Whether a study judged its claims by families. */
export const areByFamilies = (rows: ReadonlyArray<Row>): boolean => rows.some(({ adjusted }) => adjusted !== undefined);

/** The rule by which the claims of a study were judged, in paragraphs. */
export const ruleOf = (rows: ReadonlyArray<Row>): ReadonlyArray<string> =>
  areByFamilies(rows) ? familyRule(rows.some(isPrimary)) : [verdictRule];

/** The claims that a study is made for, and those that explore. */
export const isPrimary = ({ primary }: Row): boolean => primary === true;

const blocksOf = (rows: ReadonlyArray<Row>): ReadonlyArray<readonly [label: string, rows: ReadonlyArray<Row>]> => {
  const [papers, beyond] = [rows.filter(isPaper), rows.filter((row) => !isPaper(row))];
  if (!areByFamilies(rows)) return [["The paper says", papers], ["Beyond the paper", beyond]];
  return [
    ["Primary claims", rows.filter(isPrimary)],
    ["Exploratory: the paper says", papers.filter((row) => !isPrimary(row))],
    ["Exploratory: beyond the paper", beyond.filter((row) => !isPrimary(row))],
  ];
};

/** For how many bases a claim is true; undefined if none were counted. */
export const basesText = ({ bases, agree }: Row): string | undefined =>
  bases === undefined || agree === undefined ? undefined : `${agree} of ${bases}`;

/** The statement of a claim, and whether something else than it says had to be compared. */
export const statementOf = ({ statement, nearest }: Row): string =>
  nearest === true ? `${statement} (never reached: its nearest point is compared)` : statement;

/** A p as text. */
export const probabilityText = (p: number): string => p < 0.001 ? "< 0.001" : p.toFixed(3);

const probability = (value: number | undefined): Cell =>
  value === undefined ? empty : { text: probabilityText(value), value };

const basesCell = (row: Row): Cell => {
  const text = basesText(row);
  return text === undefined ? empty : { text, value: row.agree };
};

const familyCells = (row: Row): ReadonlyArray<Cell> => [
  basesCell(row),
  probability(row.p),
  probability(row.adjusted),
  row.smallest === undefined ? empty : { text: printed(row, row.smallest, false), value: row.smallest },
];

const table = (rows: ReadonlyArray<Row>): Table => ({
  title: "Claims and verdicts",
  notes: [
    `${rows.length} claims: ${countsOf(rows)}.`,
    ...ruleOf(rows),
    otherSentence(rows) ?? [],
  ].flat(),
  blockColumn: "Whose",
  columns: [
    { name: "Claim", align: "left" },
    { name: "where", align: "left" },
    { name: "asked", align: "left" },
    { name: "found", align: "right" },
    { name: "cells", align: "right" },
    { name: "verdict", align: "left" },
    ...hasOther(rows)
      ? [{ name: "other problems", align: "right" as const }, { name: "verdict there", align: "left" as const }]
      : [],
    ...areByFamilies(rows)
      ? ["bases", "p", "adjusted p", "could have seen"].map((name) => ({ name, align: "right" as const }))
      : [],
  ],
  blocks: blocksOf(rows).map(([label, some]) => ({
    label,
    rows: some.map((row) => [...cellsOf(hasOther(rows))(row), ...areByFamilies(rows) ? familyCells(row) : []]),
  })).filter((block) => block.rows.length > 0),
});

/** The claim's section of the paper, or its topic beyond the paper. */
export const whereOf = ({ where }: Row): string => where.replace(/^beyond the paper: /, "");

const hasOther = (rows: ReadonlyArray<Row>): boolean => rows.some(({ otherVerdict }) => otherVerdict !== undefined);

const cellsOf = (withOther: boolean) => (row: Row): ReadonlyArray<Cell> => [
  textCell(statementOf(row)),
  textCell(whereOf(row)),
  textCell(asked(row)),
  foundCell(row, foundOf(row)),
  numberCell(row.cells),
  { text: verdictText(row.verdict), value: row.verdict },
  ...withOther ? otherCells(row) : [],
];

/** Claims with their verdicts, of `claims.ndjson`. */
export const verdicts = tableReport({
  name: "verdicts",
  summary: "Each claim of a study with its number, its interval and its verdict",
  row: ClaimRow,
  needs: ["statement", "where", "comparison", "threshold", "unit", "cells", "verdict"],
  build: (rows) => rows.length === 0 ? Result.fail("there are no claims") : Result.succeed([table(rows)]),
});
