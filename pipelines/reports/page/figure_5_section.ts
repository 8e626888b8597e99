/**
 * Figure 5 of the paper from a recorded step, on a page: the distribution of a token as bars with the change of each logit by the kernels'
 * gradient as an arrow, for a correct response (Eq. 7) and an incorrect one (Eq. 8), above a table of both beside the paper's equations.
 */
import { Result } from "effect";
import type { Explained } from "../../records/explained.ts";
import { figure5, pairOf, placeIn } from "../figures/figure_5.ts";
import { type Cell, columnsUnder, type Table, textCell } from "../tables/table.ts";
import { type Html, markup, short } from "./html.ts";
import { figure } from "./figure.ts";
import { htmlTable } from "./html_table.ts";
import { probabilityText } from "./token_text.ts";

const signed = (value: number): string =>
  (value === 0 ? "0" : value.toExponential(2)).replaceAll("-", "−").replace("e+", "e");

const numberTable = (row: Explained): Table => {
  const equation = `Eq. ${row.sign === "positive" ? 7 : 8}`;
  const number = (value: number): Cell => ({ text: signed(value), value });
  return {
    notes: [
      `Advantage ${short(row.advantage)}; the largest difference over the whole vocabulary is ${
        row.deviation.toExponential(1)
      } of the token's largest update.`,
    ],
    columns: columnsUnder("Token", ["probability", `${equation} moves its logit`, "the kernels' gradient does"]),
    blocks: [{
      rows: Array.from(row.shownProbabilities, (p, i) => [
        textCell(`${row.shownTexts[i]}${row.shownTokens[i] === row.token ? " (sampled)" : ""}`),
        { text: probabilityText(p), value: p },
        number(row.shownPaper[i]),
        number(row.shownKernel[i]),
      ]),
    }],
  };
};

/** The section; undefined if no recorded token has a gradient of its own. */
export const figure5Section = (rows: ReadonlyArray<Explained>): Html | undefined => {
  const { positive, negative } = pairOf(rows);
  const shown = [positive, negative].flatMap((row) => row ?? []);
  if (shown.length === 0) return undefined;
  const largest = rows.reduce((most, { scaledDeviation }) => Math.max(most, scaledDeviation), 0);
  return Result.getOrUndefined(Result.map(figure5.build(rows), (chart) =>
    figure({
      id: "figure-5",
      chart,
      caption:
        markup`<b>Where one token's gradient moves the logits</b>, as Figure 5 of the paper, from a recorded step. Bars: the probabilities that the token was drawn with, the sampled one dark. Arrows: where the kernels' gradient moves each logit, solid up and dashed down; numbers in units of |A| w / (π_old T), lengths to scale, tiny ones drawn longer. A correct token rises at the cost of all others; an incorrect one falls and gives to the others by their probability. Over all ${rows.length} recorded tokens the kernels' gradient is within ${
          largest.toExponential(1)
        } of Eqs. (7) and (8), at the scale at which float32 rounds.`,
      more: markup`<details><summary>The numbers of both tokens</summary>${
        shown.map((row) =>
          htmlTable(numberTable(row), {
            caption: `${row.sign === "positive" ? "Correct" : "Incorrect"} response, ${placeIn(row)}`,
          })
        )
      }</details>`,
    })));
};
