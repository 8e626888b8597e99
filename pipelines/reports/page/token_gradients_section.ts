/**
 * Single tokens of a training step as `explain` records them: the most probable tokens at their place, and where the paper's Eq. (7) or (8) and the
 * kernels' own gradient move each of their logits.
 */
import type { Noun } from "../../schema.ts";
import { type Html, markup, short } from "./html.ts";
import { scrolling } from "./html_table.ts";
import { probabilityText } from "./token_text.ts";

/** What a page reads of an explained token; the lists are of the tokens that are shown. */
export interface TokenGradientRow {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly sign: "positive" | "negative";
  readonly position: number;
  readonly before: string;
  readonly tokenText: string;
  readonly probability: number;
  readonly advantage: number;
  readonly deviation: number;
  readonly shownTexts: ReadonlyArray<string>;
  readonly shownProbabilities: Float32Array;
  readonly shownPaper: Float32Array;
  readonly shownKernel: Float32Array;
}

/** The table of TokenGradientRow; `shownTexts`, which no table describes, is checked where it is read. */
export const TokenGradientRow: Noun<TokenGradientRow> = {
  name: "Explained",
  fields: [
    { name: "problemId", kind: "string" },
    { name: "sampleIndex", kind: "count" },
    { name: "sign", kind: { literals: ["positive", "negative"] } },
    { name: "position", kind: "count" },
    { name: "before", kind: "string" },
    { name: "tokenText", kind: "string" },
    { name: "probability", kind: "number" },
    { name: "advantage", kind: "number" },
    { name: "deviation", kind: "number" },
    { name: "shownProbabilities", kind: "floats" },
    { name: "shownPaper", kind: "floats" },
    { name: "shownKernel", kind: "floats" },
  ],
  sameLength: [["shownPaper", "shownProbabilities"], ["shownKernel", "shownProbabilities"]],
};

/** Tokens that are printed. */
const most = 12;
const half = 60;

const bar = (value: number, largest: number): Html => {
  const width = largest === 0 ? 0 : half * Math.abs(value) / largest;
  return markup`<svg class="push" viewBox="0 0 ${2 * half} 12" width="${
    2 * half
  }" height="12" aria-hidden="true"><path class="zero" d="M${half} 0V12" /><rect class="${
    value < 0 ? "less" : "more"
  }" x="${short(value < 0 ? half - width : half)}" y="2" width="${
    short(
      width,
    )
  }" height="8" /></svg>`;
};

const moved = (value: number): string =>
  value === 0 ? "0" : value.toExponential(1).replaceAll("-", "−").replace("e+", "e");

const tokenOf = (row: TokenGradientRow): Html => {
  const largest = Math.max(...row.shownPaper.map(Math.abs), ...row.shownKernel.map(Math.abs));
  const caption = `${
    row.sign === "positive" ? "Correct" : "Incorrect"
  } response, token ${row.position}: “${row.tokenText}” at probability ${probabilityText(row.probability)}, advantage ${
    short(row.advantage)
  }`;
  return markup`<section class="group"><p class="note">${row.problemId}, sample ${row.sampleIndex}: <code>${
    row.before.slice(
      -80,
    )
  }</code> <b><code>${row.tokenText}</code></b></p>${
    scrolling(
      caption,
      markup`<table class="pushes"><caption>${caption}</caption>
<thead><tr><th scope="col">Token</th><th scope="col" class="num">probability</th><th scope="col">Eq. ${
        row.sign === "positive" ? "7" : "8"
      } moves its logit</th><th scope="col">the kernels' gradient does</th></tr></thead>
<tbody>${
        Array.from(row.shownProbabilities, (p, i) =>
          markup`<tr><th scope="row"><code>${row.shownTexts[i]}</code>${
            row.shownTexts[i] === row.tokenText ? " (sampled)" : undefined
          }</th><td class="num">${probabilityText(p)}</td><td>${bar(row.shownPaper[i], largest)} ${
            moved(row.shownPaper[i])
          }</td><td>${bar(row.shownKernel[i], largest)} ${moved(row.shownKernel[i])}</td></tr>
`)
      }</tbody></table>
`,
    )
  }<p class="note">Largest difference, relative to the largest update: ${
    row.deviation.toExponential(
      1,
    )
  }.</p></section>
`;
};

/** The section; empty where no token is explained. */
export const tokenGradientsSection = (rows: ReadonlyArray<TokenGradientRow>): Html | undefined =>
  rows.length === 0
    ? undefined
    : markup`${rows.slice(0, most).map(tokenOf)}${
      rows.length > most ? markup`<p class="note">The first ${most} of ${rows.length} explained tokens.</p>` : undefined
    }`;
