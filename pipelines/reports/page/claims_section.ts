/**
 * The claims of a study on a page: statement, results on the published and on other test problems, and verdict, by topic, with the paper's
 * claims apart from those beyond it. A study without claims shows the claims about Pass@k on the point estimates of the paper's Table 1 and
 * its own.
 */
import { Result } from "effect";
import { ablationClaims } from "../../recipes/tiny_full/claims_ablations.ts";
import { dynamicsClaims } from "../../recipes/tiny_full/claims_dynamics.ts";
import { frontierClaims } from "../../recipes/tiny_full/claims_frontier.ts";
import { insightClaims, transferClaims } from "../../recipes/tiny_full/claims_insights.ts";
import { passAtKClaims } from "../../recipes/tiny_full/claims_pass_at_k.ts";
import { claims } from "../tables/claims.ts";
import type { EvaluationRow } from "../../records/rows.ts";
import type { Cell } from "../tables/table.ts";
import {
  asked,
  basesText,
  foundCell,
  foundOf,
  isMoved,
  isPaper,
  isPrimary,
  isTurned,
  type Judged,
  otherFoundOf,
  otherSentence,
  probabilityText,
  ruleOf,
  statementOf,
  tallyOf,
  unitName,
  verdictText,
  whereOf,
} from "../tables/verdicts.ts";
import { intervalSpec } from "../figures/interval.ts";
import { picture } from "./figure.ts";
import { attribute, type Html, markup } from "./html.ts";
import { htmlTable, type Remark, scrolling } from "./html_table.ts";

const topics: ReadonlyArray<{ readonly title: string; readonly ids: ReadonlySet<string> }> = [
  { title: "Pass@k", claims: passAtKClaims },
  { title: "Transfer to a latent mode", claims: transferClaims },
  { title: "Training dynamics", claims: dynamicsClaims },
  { title: "Tokens and single steps", claims: insightClaims },
  { title: "Clipping, KL, normalisation, entropy bonus, lambda, long training", claims: ablationClaims },
  { title: "Frontier, and where NSR is special", claims: frontierClaims },
].map(({ title, claims }) => ({ title, ids: new Set(claims.map(({ id }) => id)) }));

/** Whether a claim is about the frontier: whether a method has what another, stopped early, does not have. */
export const isAboutFrontier = ({ id, statement }: Judged): boolean =>
  topics[topics.length - 1].ids.has(id) || statement.includes("stopped early");

const names: Readonly<Record<string, string>> = {
  "holds": "holds",
  "does not": "fails",
  "undecided": "open",
  "untried": "untried",
};

/** A verdict as a badge: sign, word and border identify it without the colour. */
const badge = (verdict: string): Html =>
  markup`<span class="badge ${names[verdict] ?? "open"}">${verdictText(verdict)}</span>`;

/** The measured value, its interval below. */
const foundText = (row: Judged, found: Parameters<typeof foundCell>[1], unit = ""): Html => {
  const { text, interval } = foundCell(row, found);
  const counted = interval === undefined || unit === "" ? undefined : ` ${unit}`;
  return markup`<b>${minus(text)}</b>${counted}${
    interval === undefined ? undefined : markup`<small>${minus(interval)}</small>`
  }`;
};

const minus = (text: string): string => text.replaceAll("-", "−");

/** A claim as one line: its verdict, `words`, and the measured value in its unit. */
export const answerOf = (row: Judged, words: Html): Html =>
  markup`<li>${badge(row.verdict)} <span>${words}</span> <span class="num">${
    foundText(row, foundOf(row), unitName(row))
  }</span></li>
`;

const otherText = (row: Judged): Html => {
  const { otherVerdict } = row;
  if (otherVerdict === undefined) return markup`<span class="faint">not asked</span>`;
  const moved = isTurned(row) ? "turned" : isMoved(row) ? "moved" : "same";
  return markup`${foundText(row, otherFoundOf(row))}<span class="${moved}">${
    moved === "same" ? "same verdict" : `${moved}: ${verdictText(otherVerdict)}`
  }</span>`;
};

const intervalPlot = (row: Judged): Html | undefined => {
  const spec = intervalSpec(row);
  return spec === undefined ? undefined : picture(spec, "interval");
};

/** The p of a claim, alone and adjusted, and the smallest effect that would have been seen if it is undecided. */
const familyText = ({ p, adjusted, smallest, unit }: Judged): Html | undefined => {
  if (p === undefined || adjusted === undefined) return undefined;
  const scale = unit === "share" ? 100 : 1;
  const seen = smallest === undefined ? "" : `; could have seen ${(scale * smallest).toPrecision(2)}`;
  return markup`<small>p ${probabilityText(p)}, adjusted ${probabilityText(adjusted)}${seen}</small>`;
};

const rowOf = (row: Judged, hasOther: boolean): Html =>
  markup`<tr id="claim-${row.id}"><td class="verdict">${badge(row.verdict)}</td><th scope="row">${
    statementOf(row)
  }<small>${whereOf(row)}</small></th><td class="asked">${minus(asked(row))}</td><td class="num found">${
    foundText(row, foundOf(row))
  }${familyText(row)}</td><td class="picture">${intervalPlot(row)}</td>${
    hasOther ? markup`<td class="num others">${otherText(row)}</td>` : undefined
  }<td class="num cells">${row.cells}${
    row.agree === undefined ? undefined : markup`<small>${basesText(row)} bases</small>`
  }</td></tr>
`;

const bodyOf = (title: string, rows: ReadonlyArray<Judged>, hasOther: boolean): Html | undefined =>
  rows.length === 0
    ? undefined
    : markup`<tbody><tr class="block"><th colspan="${
      hasOther ? 7 : 6
    }" scope="rowgroup"><span>${title} <span class="faint">${
      tallyOf(rows).map(({ count, words }) => `${count} ${words}`).join(", ")
    }</span></span></th></tr>
${rows.map((row) => rowOf(row, hasOther))}</tbody>
`;

const tableOf = (caption: string, rows: ReadonlyArray<Judged>, hasOther: boolean): Html | undefined => {
  if (rows.length === 0) return undefined;
  const known = topics.map(({ title, ids }) => bodyOf(title, rows.filter(({ id }) => ids.has(id)), hasOther));
  const others = rows.filter(({ id }) => !topics.some(({ ids }) => ids.has(id)));
  const heads: ReadonlyArray<readonly [name: string, align?: string]> = [
    ["Verdict"],
    ["Claim"],
    ["asked"],
    ["found", "num"],
    ["against the threshold"],
    ...hasOther ? [["on other problems", "num"] as const] : [],
    ["cells", "num"],
  ];
  return markup`<h3>${caption}</h3>
${
    scrolling(
      caption,
      markup`<table class="claims"><caption class="hidden">${caption}</caption>
<thead><tr>${
        heads.map(([name, align]) => markup`<th scope="col"${attribute("class", align)}>${name}</th>`)
      }</tr></thead>${known}${bodyOf("Others", others, hasOther)}</table>
`,
    )
  }`;
};

/** The counts of verdicts as a bar with its text. */
export const tallyBar = (title: string, rows: ReadonlyArray<Judged>): Html | undefined => {
  if (rows.length === 0) return undefined;
  const parts = tallyOf(rows);
  const width = 300;
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, { count }) => sum + count, 0));
  const at = (count: number) => Math.round(width * count / rows.length);
  return markup`<div class="tally"><dt>${title}, ${rows.length}</dt><dd><svg viewBox="0 0 ${width} 14" preserveAspectRatio="none" aria-hidden="true">${
    parts.map(({ verdict, count }, i) =>
      markup`<rect class="${names[verdict] ?? "open"}" x="${at(starts[i]) + 1}" y="1" width="${
        Math.max(1, at(starts[i] + count) - at(starts[i]) - 2)
      }" height="12" />`
    )
  }</svg><span>${
    parts.map(({ verdict, words, count }) =>
      markup`<span class="badge ${names[verdict] ?? "open"}">${
        verdictText(verdict).split(" ")[0]
      } ${count} ${words}</span> `
    )
  }</span></dd></div>
`;
};

const judgedSection = (rows: ReadonlyArray<Judged>): Html => {
  const hasOther = rows.some(({ otherVerdict }) => otherVerdict !== undefined);
  const explored = rows.filter((row) => !isPrimary(row));
  const groups = [
    ["Primary claims", rows.filter(isPrimary)],
    ["What the paper says", explored.filter(isPaper)],
    ["Beyond the paper", explored.filter((row) => !isPaper(row))],
  ] as const;
  const rule = ruleOf(rows);
  return markup`${
    rule.length === 1 ? markup`<p>${rule[0]}</p>` : markup`<ul>${rule.map((one) => markup`<li>${one}</li>`)}</ul>`
  }
<p class="note">The picture shows the interval against the threshold, on one scale for each unit: from end to end 20 points, 0.2 nats, or 1. The grounded side is where the claim holds${
    hasOther ? "; the full dot is the published test problems, the open one below it the others" : undefined
  }; an arrow says that an interval goes on. Cells are bases × seeds${
    rows.some(({ agree }) => agree !== undefined) ? "; below them, for how many bases the claim is true by itself" : ""
  }.</p>
${groups.map(([caption, some]) => tableOf(caption, some, hasOther))}${
    hasOther ? markup`<p>${otherSentence(rows)}</p>` : undefined
  }`;
};

const remark = (cell: Cell): Remark | undefined =>
  typeof cell.value !== "boolean"
    ? undefined
    : cell.value
    ? { name: "holds", said: "the claim holds here" }
    : { name: "fails", said: "the claim does not hold here" };

/** The claims about Pass@k on point estimates. */
const pointSection = (rows: ReadonlyArray<EvaluationRow>): Result.Result<Html, string> =>
  Result.map(
    claims.build(rows),
    (tables) =>
      markup`${
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
          }, {
            id: "point-claims",
            caption: "What the paper says of Pass@k, asked of its own Table 1 and of this study",
            remark,
          })
        )
      }`,
  );

/** The section, or a fault of the rows. */
export const claimsSection = (
  rows: ReadonlyArray<EvaluationRow>,
  judged: ReadonlyArray<Judged>,
): Result.Result<Html, string> =>
  Result.map(
    pointSection(rows),
    (points) =>
      judged.length === 0 ? points : markup`${judgedSection(judged)}<h3>The same of point estimates</h3>
<p class="note">Five sentences of the paper about Table 1, without regard to intervals.</p>
${points}`,
  );
