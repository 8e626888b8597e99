/**
 * The effect of a single step on tokens and problems, measured by the stage `insights` from every base (Sections 4.2 and 4.3 of the paper):
 * one table per insight with the mean over the cells and, below it, the smallest and largest.
 */
import { algorithms } from "../../algorithms/mod.ts";
import type { InsightRow } from "../../records/study_rows.ts";
import { seriesName } from "../series.ts";
import { type Cell, columnsUnder, empty, type Table, textCell } from "../tables/table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";

/** How each insight is measured, in a sentence. */
const sentences: Readonly<Record<string, string>> = {
  "the kernels' gradient is the paper's":
    "Eqs. (7) and (8) against the gradient by the logits that the kernels compute, at every token: the largest deviation.",
  "sure tokens are left alone":
    "By how sure the model is of the sampled token: how far the gradient moves its logit (1 − π by the equations), and what the step does to its log-prob.",
  "other tokens move by their prior":
    "Whether the tokens that were not sampled move in proportion to their probability: exact in the gradient of the logits; after a step all tokens share one set of weights.",
  "a solved problem gives no update":
    "Problems of which every token's advantage is 0, or of which no response is kept.",
  "normalised advantages of one sign are nothing":
    "With one sign only, normalising advantages over the batch makes all of them 0.",
  "the advantage keeps the sign": "Responses whose every advantage has the sign of the reward, or is 0.",
  "clipping keeps the direction":
    "On the same mini-batch with and without clipping, after the policy has moved: tokens that clipping leaves out or turns round, and the cosine of the two gradients.",
  "the KL term keeps the direction":
    "On the same mini-batch with and without a KL term in the loss, after the policy has moved: tokens that it leaves out or turns round, and the cosine of the two gradients.",
};

/** A number with four digits, or in scientific notation if it is small. */
const text = (value: number): string =>
  (value !== 0 && Math.abs(value) < 0.0005 ? value.toExponential(1) : String(Number(value.toPrecision(4))))
    .replaceAll("-", "−");

const meanCell = (rows: ReadonlyArray<InsightRow>): Cell => {
  if (rows.length === 0) return empty;
  const values = rows.map(({ value }) => value);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const isSpread = text(low) !== text(high);
  return { text: text(mean), value: mean, ...(isSpread && { low, high, interval: `${text(low)} to ${text(high)}` }) };
};

const rank = (algorithm: string): number => Object.keys(algorithms).indexOf(algorithm);

/** Section `4.3, App. C` as it is printed. */
const sectionOf = (section: string): string =>
  section.split(", ").map((part) => part.startsWith("App. ") ? part.replace("App.", "Appendix") : `Section ${part}`)
    .join(", ");

const tableOf = (rows: ReadonlyArray<InsightRow>): Table => {
  const names = [...new Set(rows.map(({ algorithm }) => algorithm))].sort((a, b) => rank(a) - rank(b));
  return {
    notes: [],
    columns: columnsUnder("Measured", names.map(seriesName)),
    blocks: [{
      rows: [...Map.groupBy(rows, ({ quantity }) => quantity)].map(([quantity, own]) => [
        textCell(quantity.includes(own[0].of) ? quantity : `${quantity} (${own[0].of})`),
        ...names.map((name) => meanCell(own.filter(({ algorithm }) => algorithm === name))),
      ]),
    }],
  };
};

/** The tables of measurements, by section and insight. */
export const insightTables = (
  rows: ReadonlyArray<InsightRow>,
): ReadonlyArray<{ readonly title: string; readonly sentence: string | undefined; readonly table: Table }> =>
  [...Map.groupBy(rows, ({ section, insight }) => JSON.stringify([section, insight]))].map(([, members]) => {
    const [{ section, insight }] = members;
    return { title: `${sectionOf(section)}: ${insight}`, sentence: sentences[insight], table: tableOf(members) };
  });

/** A sentence about the numbers in the tables. */
export const insightWords = (rows: ReadonlyArray<InsightRow>): string => {
  const cells = new Set(rows.map(({ cell }) => cell)).size;
  return `One step of each algorithm on the same responses, the mean over ${cells} ${
    cells === 1 ? "cell" : "cells"
  } (bases × seeds); below a number the least and the greatest of them, where they differ. In the gradient of the logits the paper's ` +
    "statements are exact; a step moves shared weights, so what becomes of them there is measured.";
};

/** The section; undefined if no step was measured. */
export const insightsSection = (rows: ReadonlyArray<InsightRow>): Html | undefined =>
  rows.length === 0 ? undefined : markup`<p>${insightWords(rows)}</p>
${
    insightTables(rows).map(({ title, sentence, table }) =>
      markup`<section class="insight"><h3>${title}</h3>
${sentence === undefined ? undefined : markup`<p class="note">${sentence}</p>`}${
        htmlTable(table, { caption: `${title}: means over cells`, isHidden: true })
      }</section>
`
    )
  }`;
