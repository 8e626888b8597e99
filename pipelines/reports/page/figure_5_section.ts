/**
 * Figure 5 of the paper from a recorded step, on a page: the distribution that a token was drawn from as bars, and on each bar an arrow that says
 * where the kernels' gradient moves its logit, for a correct response (Eq. 7) and an incorrect one (Eq. 8); the numbers of both beside the
 * paper's equations below.
 */
import type { Explained } from "../../records/explained.ts";
import { type Bar, barsOf, pairOf, placeIn, topOf } from "../figures/figure_5.ts";
import { type Cell, type Table, textCell } from "../tables/table.ts";
import { type Html, markup, short } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { probabilityText } from "./token_text.ts";

const size = { width: 480, height: 300, left: 46, right: 8, top: 8, bottom: 44 } as const;
const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;
const bottom = size.top + inner.height;

const signed = (value: number): string =>
  (value === 0 ? "0" : value.toExponential(2)).replaceAll("-", "−").replace("e+", "e");

const arrow = (x: number, tail: number, tip: number, isRising: boolean): Html => {
  const head = isRising
    ? `M${x - 4.5} ${tip + 7}L${x} ${tip}L${x + 4.5} ${tip + 7}`
    : `M${x - 4.5} ${tip - 7}L${x} ${tip}L${x + 4.5} ${tip - 7}`;
  return markup`<g class="${isRising ? "rises" : "falls"}"><path class="shaft" d="M${short(x)} ${short(tail)}V${
    short(tip)
  }" /><path class="head" d="${head}" /></g>`;
};

const barOf = (bar: Bar, i: number, count: number, top: number): Html => {
  const y = (probability: number) => bottom - inner.height * probability / top;
  const step = inner.width / count;
  const x = Number(short(size.left + step * (i + 0.5)));
  const width = step * 0.62;
  const words = `${bar.label}${bar.isSampled ? " (sampled)" : ""}: probability ${
    probabilityText(bar.probability)
  }, its logit ${bar.isRising ? "rises" : "falls"} by ${bar.update}`;
  return markup`<g class="bar5${bar.isSampled ? " sampled" : ""}"><title>${words}</title><rect x="${
    short(x - width / 2)
  }" y="${short(y(bar.probability))}" width="${short(width)}" height="${short(bottom - y(bar.probability))}" />${
    arrow(x, Number(short(y(bar.tail))), Number(short(y(bar.tip))), bar.isRising)
  }<text class="mid number" x="${x}" y="${short(y(bar.above) - 5)}">${bar.update}</text>${
    bar.isSampled ? markup`<text class="mid number" x="${x}" y="${short(y(bar.above) - 19)}">sampled</text>` : undefined
  }<text class="mid" x="${x}" y="${bottom + 16}">${bar.label}</text></g>`;
};

const panelOf = (row: Explained, letter: string, top: number): Html => {
  const bars = barsOf(row);
  const isCorrect = row.sign === "positive";
  const title = `(${letter}) ${isCorrect ? "correct response: PSR, Eq. 7" : "incorrect response: NSR, Eq. 8"}`;
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].filter((tick) => tick <= top);
  const y = (tick: number) => short(bottom - inner.height * tick / top);
  const said = `${title}. Token by token, probability and the move of its logit: ${
    bars.map(({ label, probability, update, isSampled }) =>
      `${label}${isSampled ? " (sampled)" : ""} ${probabilityText(probability)}, ${update}`
    ).join("; ")
  }.`;
  return markup`<div class="panel"><h4>${title}</h4>
<svg class="plot" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${said}"><g class="axes" aria-hidden="true">${
    ticks.map((tick) =>
      markup`<path class="grid" d="M${size.left} ${y(tick)}h${inner.width}" /><text class="tick end" x="${
        size.left - 6
      }" y="${y(tick)}" dy=".35em">${tick.toFixed(1)}</text>`
    )
  }<path class="axis" d="M${size.left} ${size.top}V${bottom}h${inner.width}" /><text class="name mid" x="${
    size.left + inner.width / 2
  }" y="${size.height - 6}">${placeIn(row)}</text><text class="name mid" transform="translate(11 ${
    size.top + inner.height / 2
  })rotate(-90)">probability</text></g>${bars.map((bar, i) => barOf(bar, i, bars.length, top))}</svg></div>
`;
};

const numberTable = (row: Explained): Table => {
  const equation = `Eq. ${row.sign === "positive" ? 7 : 8}`;
  const number = (value: number): Cell => ({ text: signed(value), value });
  return {
    notes: [
      `Advantage ${short(row.advantage)}; the largest difference over the whole vocabulary is ${
        row.deviation.toExponential(1)
      } of the token's largest update.`,
    ],
    columns: [
      { name: "Token", align: "left" },
      ...["probability", `${equation} moves its logit`, "the kernels' gradient does"].map((name) => ({
        name,
        align: "right" as const,
      })),
    ],
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

/** The section; empty where no token of a step is recorded that has a gradient of its own. */
export const figure5Section = (rows: ReadonlyArray<Explained>): Html | undefined => {
  const { positive, negative } = pairOf(rows);
  const shown = [positive, negative].flatMap((row) => row ?? []);
  if (shown.length === 0) return undefined;
  const top = topOf(shown.flatMap(barsOf));
  const largest = rows.reduce((most, { scaledDeviation }) => Math.max(most, scaledDeviation), 0);
  return markup`<figure class="figure" id="figure-5"><div class="panels">${
    shown.map((row, i) => panelOf(row, "ab"[i], top))
  }</div>
<figcaption><b>Where one token's gradient moves the logits</b>, as Figure 5 of the paper, from a recorded step. Bars: the probabilities that the token was drawn with, the sampled one dark. Arrows: where the kernels' gradient moves each logit, solid up and dashed down; numbers in units of |A| w / (π_old T), lengths to scale, tiny ones drawn longer. A correct token rises at the cost of all others; an incorrect one falls and gives to the others by their probability. Over all ${rows.length} recorded tokens the kernels' gradient is within ${
    largest.toExponential(1)
  } of Eqs. (7) and (8), at the scale at which float32 rounds.</figcaption><details><summary>The numbers of both tokens</summary>${
    shown.map((row) =>
      htmlTable(numberTable(row), {
        caption: `${row.sign === "positive" ? "Correct" : "Incorrect"} response, ${placeIn(row)}`,
      })
    )
  }</details></figure>
`;
};
