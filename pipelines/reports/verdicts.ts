/**
 * The claims of a study with their verdicts: what was asked, of what, the number, its interval, and whether it holds. A claim holds where the
 * whole interval is on the right side of the threshold, does not where all of it is on the wrong one, and is undecided between.
 */
import { Result } from "effect";
import { ClaimRow } from "../study/judge.ts";
import { tableReport } from "./report.ts";
import { type Cell, empty, type Table, textCell } from "./table.ts";

type Row = Omit<ClaimRow, "statistic">;

/** How the numbers of a unit are printed: shares in points of a hundred. */
const units: Readonly<Record<string, { readonly scale: number; readonly digits: number; readonly name: string }>> = {
  share: { scale: 100, digits: 1, name: " points" },
  nats: { scale: 1, digits: 3, name: " nats" },
  number: { scale: 1, digits: 3, name: "" },
};

const unitOf = ({ unit }: Row) => units[unit] ?? units.number;

const printed = (row: Row, value: number, isSigned: boolean): string => {
  const { scale, digits } = unitOf(row);
  const text = (value * scale).toFixed(digits);
  return isSigned && value > 0 ? `+${text}` : Number(text) === 0 ? text.replace("-", "") : text;
};

const isDifference = ({ unit }: Row): boolean => unit !== "number";

/** `above 0 points`, `within 1 point` as a condition. */
const asked = (row: Row): string => {
  const { scale, name } = unitOf(row);
  const threshold = Number((row.threshold * scale).toPrecision(6));
  return `${row.comparison === "within" ? "within ±" : `${row.comparison} `}${threshold}${name}`;
};

const valueCell = (row: Row): Cell => {
  const { value, low, high } = row;
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

/** The verdict on other test problems, marked where it is another one. */
const otherCell = ({ verdict, otherVerdict }: Row): Cell =>
  otherVerdict === undefined
    ? empty
    : { text: `${otherVerdict === verdict ? "same" : `moved: ${otherVerdict}`}`, value: otherVerdict };

const otherNote = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const asked = rows.filter(({ otherVerdict }) => otherVerdict !== undefined);
  const moved = asked.filter(({ verdict, otherVerdict }) => otherVerdict !== verdict);
  const turned = moved.filter(({ verdict, otherVerdict }) => [verdict, otherVerdict].every(isDecided));
  return asked.length === 0 ? [] : [
    `Asked again of other test problems (another seed), ${
      asked.length - moved.length
    } of ${asked.length} verdicts are the same, ` +
    `${moved.length} moved, ${turned.length} of those from holds to does not or back. The rest ask of no such problems, or were not tried on them.`,
  ];
};

const isDecided = (verdict: string | undefined): boolean => verdict === "holds" || verdict === "does not";

const order = ["holds", "does not", "undecided", "untried"];

const countsOf = (rows: ReadonlyArray<Row>): string =>
  order.flatMap((verdict) => {
    const count = rows.filter((row) => row.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${verdict === "holds" ? (count === 1 ? "holds" : "hold") : verdict}`];
  }).join(", ");

const isPaper = ({ where }: Row): boolean => !where.startsWith("beyond the paper");

const table = (rows: ReadonlyArray<Row>): Table => ({
  title: "Claims and verdicts",
  notes: [
    `${rows.length} claims: ${countsOf(rows)}.`,
    "A claim holds where its whole 95 % interval (paired bootstrap over problems and over bases x seeds) is on the right side of the " +
    "threshold, does not where all of it is on the wrong side, and is undecided between. Claims and thresholds were fixed before the runs.",
    ...otherNote(rows),
  ],
  blockColumn: "Whose",
  columns: [
    { name: "Claim", align: "left" },
    { name: "where", align: "left" },
    { name: "asked", align: "left" },
    { name: "found", align: "right" },
    { name: "cells", align: "right" },
    { name: "verdict", align: "left" },
    ...hasOther(rows) ? [{ name: "other problems", align: "left" as const }] : [],
  ],
  blocks: [
    { label: "The paper says", rows: rows.filter(isPaper).map(cellsOf(hasOther(rows))) },
    { label: "Beyond the paper", rows: rows.filter((row) => !isPaper(row)).map(cellsOf(hasOther(rows))) },
  ].filter((block) => block.rows.length > 0),
});

const hasOther = (rows: ReadonlyArray<Row>): boolean => rows.some(({ otherVerdict }) => otherVerdict !== undefined);

const cellsOf = (withOther: boolean) => (row: Row): ReadonlyArray<Cell> => [
  textCell(row.statement),
  textCell(row.where.replace(/^beyond the paper: /, "")),
  textCell(asked(row)),
  valueCell(row),
  { text: String(row.cells), value: row.cells },
  { text: marks[row.verdict] ?? row.verdict, value: row.verdict },
  ...withOther ? [otherCell(row)] : [],
];

/** Claims with their verdicts, of `claims.ndjson`. */
export const verdicts = tableReport({
  name: "verdicts",
  summary: "Each claim of a study with its number, its interval and its verdict",
  row: ClaimRow,
  needs: ["statement", "where", "comparison", "threshold", "unit", "cells", "verdict"],
  build: (rows) => rows.length === 0 ? Result.fail("there are no claims") : Result.succeed([table(rows)]),
});
