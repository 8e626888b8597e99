/**
 * The paper's claims on a page: those that a study tried with a statistic and its interval (`claims.ndjson`), and those about Pass@k asked of the
 * paper's own Table 1 and of the study's point estimates.
 */
import { Result } from "effect";
import { claims } from "../claims.ts";
import type { EvaluationRow, FlatRow } from "../rows.ts";
import type { Cell } from "../table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable, type Remark } from "./html_table.ts";

type Answer = "holds" | "fails" | "open";

const signs: Readonly<Record<Answer, string>> = { holds: "✓", fails: "✗", open: "?" };
const words: Readonly<Record<Answer, string>> = { holds: "holds", fails: "does not hold", open: "undecided" };

const answerOf = (verdict: unknown): Answer => {
  const text = String(verdict).toLowerCase();
  if (verdict === true || text === "yes" || text === "holds") return "holds";
  return verdict === false || text === "no" || text === "fails" || text.includes("not hold") ? "fails" : "open";
};

const badge = (answer: Answer): Html => markup`<span class="badge ${answer}">${signs[answer]} ${words[answer]}</span>`;

const firstOf = (row: FlatRow, names: ReadonlyArray<string>): string | undefined =>
  names.map((name) => row[name]).find((value): value is string => typeof value === "string");

const statements = ["statement", "text", "claim", "id"];
const places = ["where", "section"];
const named = [...statements.slice(0, 3), ...places, "verdict", "holds"];

const shown = (value: unknown): string | undefined => {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) && value.every((one) => typeof one === "number" || typeof one === "string")
    ? value.map((one) => shown(one)).join(", ")
    : undefined;
};

/** `lowerBound` as it is read: `lower bound`. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const cardOf = (row: FlatRow): Html => {
  const facts = Object.entries(row).flatMap(([name, value]) => {
    const text = named.includes(name) ? undefined : shown(value);
    return text === undefined ? [] : [markup`<div><dt>${spaced(name)}</dt><dd>${text}</dd></div>`];
  });
  return markup`<li>${badge(answerOf(row.verdict ?? row.holds))} <b>${
    firstOf(row, statements)
  }</b> <span class="faint">${
    firstOf(
      row,
      places,
    )
  }</span><dl class="facts">${facts}</dl></li>
`;
};

/** How many claims have which verdict, in a sentence. */
const tallyOf = (rows: ReadonlyArray<FlatRow>): string => {
  const answers = rows.map((row) => answerOf(row.verdict ?? row.holds));
  return (["holds", "fails", "open"] as const)
    .map((answer) => `${answers.filter((one) => one === answer).length} ${words[answer]}`).join(", ");
};

const remark = (cell: Cell): Remark | undefined =>
  typeof cell.value !== "boolean"
    ? undefined
    : cell.value
    ? { name: "holds", said: "the claim holds here" }
    : { name: "fails", said: "the claim does not hold here" };

/** The section, or what is wrong with the rows. */
export const claimsSection = (
  rows: ReadonlyArray<EvaluationRow>,
  tried: ReadonlyArray<FlatRow>,
): Result.Result<Html, string> =>
  Result.map(
    claims.build(rows),
    (tables) =>
      markup`${
        tried.length === 0 ? undefined : markup`<p>${tried.length} claims, fixed before the runs: ${tallyOf(tried)}.</p>
<ul class="claims">${tried.map(cardOf)}</ul>
`
      }${
        tables.map((table) =>
          htmlTable({
            ...table,
            title: undefined,
            blocks: table.blocks.map((block) => ({
              ...block,
              rows: block.rows.map((row) =>
                row.map((cell) =>
                  typeof cell.value === "boolean" ? { ...cell, text: `${cell.value ? "✓" : "✗"} ${cell.text}` } : cell
                )
              ),
            })),
          }, { caption: "What the paper says of Pass@k, asked of its own Table 1 and of this study", remark })
        )
      }`,
  );
