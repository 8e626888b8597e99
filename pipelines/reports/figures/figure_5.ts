/**
 * Figure 5 of the paper from a recorded step: the distribution that a token was drawn from as bars, and on each bar an arrow for the change
 * of its logit by the kernels' gradient, for a correct response (PSR, Eq. 7) and an incorrect one (NSR, Eq. 8). If possible it draws a pair
 * from the same point of the same problem, so that both panels have the same bars.
 */
import { Result } from "effect";
import { Explained } from "../../records/explained.ts";
import { placeOf } from "../../records/record.ts";
import type { Sign } from "../../records/schema.ts";
import { faint, ink, marks, type Panel, panelDimensions, places, seriesEncoding } from "./chart.ts";
import { chartReport } from "../report.ts";
import { probabilityText } from "../page/token_text.ts";
import type { Series } from "../series.ts";

const up: Series = {
  label: "up",
  name: "logit rises",
  style: { color: "hue-blue", dash: [1, 0], shape: "triangle-up" },
};
const down: Series = {
  label: "down",
  name: "logit falls",
  style: { color: "hue-vermillion", dash: [4, 2], shape: "triangle-down" },
};

/** Bars per panel, the sampled token included. */
const bars = 7;
/** In units of probability: the longest arrow, the shortest (room for its head), the gap between bar and arrow. */
const longest = 0.34;
const shortest = 0.07;
const gap = 0.015;
/** Space above the highest arrow for its number and the word beside it. */
const headroom = 0.16;

/** Whether a token has clear arrows: it is not clipped, has an advantage, and its signs agree. */
const isDrawable = ({ clipped, factor, advantage, sign }: Explained): boolean =>
  !clipped && factor > 0 && (advantage > 0) === (sign === "positive");

/** How much a token shows: the change of its logit, π (1 - π), times the entropy of its distribution. */
const interest = ({ probability, tokenEntropy }: Explained): number => probability * (1 - probability) * tokenEntropy;

const best = <A>(candidates: ReadonlyArray<A>, value: (candidate: A) => number): A | undefined =>
  candidates.reduce<A | undefined>(
    (most, one) => most === undefined || value(one) > value(most) ? one : most,
    undefined,
  );

/** The most informative correct and incorrect token, of the same point of the same problem if possible. */
export const pairOf = (all: ReadonlyArray<Explained>): Readonly<Record<Sign, Explained | undefined>> => {
  const rows = all.filter(isDrawable);
  const ofSign = (sign: Sign, some: ReadonlyArray<Explained>) =>
    best(some.filter((row) => row.sign === sign), interest);
  const points = Map.groupBy(rows, ({ problemId, position, before }) => JSON.stringify([problemId, position, before]));
  const pairs = [...points.values()].flatMap((some) => {
    const [positive, negative] = [ofSign("positive", some), ofSign("negative", some)];
    return positive === undefined || negative === undefined ? [] : [{ positive, negative }];
  });
  return best(pairs, ({ positive, negative }) => Math.min(interest(positive), interest(negative))) ??
    { positive: ofSign("positive", rows), negative: ofSign("negative", rows) };
};

const size = panelDimensions(false);

/** A token's text as a label: white space made visible, shortened. */
const labelOf = (text: string): string => {
  const visible = text.replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll(/\s/g, "·");
  return visible.length > 9 ? `${visible.slice(0, 8)}…` : visible === "" ? "(none)" : visible;
};

/** The end of a text, shortened to `most` characters. */
const endOf = (text: string, most: number): string => text.length > most ? `…${text.slice(1 - most)}` : text;

/** The position of a token in words. */
export const placeIn = ({ problemId, position, before }: Explained): string => {
  const after = before === "" ? "" : ` after “${endOf(before.replaceAll(/\s+/g, " "), 18)}”`;
  return `token ${position + 1}${after}, ${endOf(problemId, 20)}`;
};

/** A token of a distribution with its arrow, in units of probability; `update` is the number at the arrow. */
interface Bar {
  readonly label: string;
  readonly probability: number;
  readonly isSampled: boolean;
  readonly isRising: boolean;
  readonly tail: number;
  readonly tip: number;
  readonly above: number;
  readonly update: string;
}

/** The most probable tokens of a record and the sampled one, each with its arrow. */
const barsOf = (row: Explained): ReadonlyArray<Bar> => {
  const places = Array.from(row.shownTokens, (_, i) => i);
  const sampled = row.shownTokens.indexOf(row.token);
  const kept = places.filter((i) => i < bars - 1 || i === sampled).slice(0, bars);
  const most = Math.max(...kept.map((i) => Math.abs(row.shownKernel[i])));
  const labels = kept.map((i) => labelOf(row.shownTexts[i]));
  return kept.map((i, place) => {
    const probability = row.shownProbabilities[i];
    const update = row.shownKernel[i];
    const length = Math.max(shortest, longest * Math.abs(update) / most);
    const [low, high] = [probability + gap, probability + gap + length];
    const relative = update / row.factor;
    return {
      label: labels.indexOf(labels[place]) === place ? labels[place] : `${labels[place]} #${row.shownTokens[i]}`,
      probability,
      isSampled: i === sampled,
      isRising: update > 0,
      tail: update > 0 ? low : high,
      tip: update > 0 ? high : low,
      above: high,
      update: `${update > 0 ? "+" : "−"}${rounded(Math.abs(relative))}`,
    };
  });
};

const rounded = (x: number): string =>
  x >= 0.0005 ? x.toFixed(3) : x === 0 ? "0" : x.toExponential(0).replace("-", "−");

const panel = (row: Explained, values: ReadonlyArray<Bar>, top: number, letter: string): Panel => {
  const response = row.sign === "positive" ? "correct response: PSR, Eq. 7" : "incorrect response: NSR, Eq. 8";
  const title = `(${letter}) ${response}`;
  const nameOf = ({ label, isSampled }: Bar) => `${label}${isSampled ? " (sampled)" : ""}`;
  const x = {
    field: "label",
    type: "nominal" as const,
    sort: null,
    title: placeIn(row),
    axis: { labelAngle: 0, grid: false, labelFontSize: 12 },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative" as const,
    title: "probability",
    scale: { domain: [0, top], nice: false },
    axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1].filter((tick) => tick <= top), format: ".1f" },
  });
  const { color, shape, strokeDash } = seriesEncoding([up, down]);
  const text = { type: "text" as const, fontSize: 10, color: ink };
  const bar = { type: "bar" as const, width: { band: 0.62 }, stroke: faint, strokeWidth: 1 };
  return {
    title,
    description: `${title}. Token by token, probability and the move of its logit: ${
      values.map((one) => `${nameOf(one)} ${probabilityText(one.probability)}, ${one.update}`).join("; ")
    }.`,
    plot: {
      ...size,
      data: { values: values.map((bar) => ({ ...bar, series: bar.isRising ? up.name : down.name })) },
      encoding: { x },
      layer: [
        {
          mark: bar,
          encoding: {
            y: y("probability"),
            fill: { condition: { test: "datum.isSampled", value: faint }, value: "var(--grid)" },
          },
        },
        {
          mark: { type: "rule" as const, strokeWidth: 2.2 },
          encoding: { y: y("tail"), y2: { field: "tip" }, color, strokeDash },
        },
        { mark: { ...marks.point, size: 85 }, encoding: { y: y("tip"), color, shape } },
        { mark: { ...text, dy: -9 }, encoding: { y: y("above"), text: { field: "update" } } },
        {
          transform: [{ filter: "datum.isSampled" }],
          mark: { ...text, dy: -22 },
          encoding: { y: y("above"), text: { value: "sampled" } },
        },
        places(
          values.map((one) => ({
            label: one.label,
            said: `${nameOf(one)}\nprobability: ${probabilityText(one.probability)}\nits logit ${
              one.isRising ? "rises" : "falls"
            } by: ${one.update}`,
          })),
          { x, width: size.width / values.length },
        ),
      ],
    },
  };
};

/** The end of the axis, with space above the highest arrow. */
const topOf = (bars: ReadonlyArray<Bar>): number => headroom + Math.max(...bars.map(({ above }) => above));

/** The fault of the first record whose texts do not match its tokens; no record type can express this rule. */
export const textFault = (rows: ReadonlyArray<Explained>): string | undefined => {
  const wrong = rows.find(({ shownTexts, shownTokens }) =>
    !Array.isArray(shownTexts) || shownTexts.length !== shownTokens.length ||
    !shownTexts.every((text) => typeof text === "string")
  );
  return wrong && `field "shownTexts"${placeOf(wrong)} must be a list of texts as long as "shownTokens"`;
};

const sentence = (row: Explained): string =>
  `in the ${row.sign === "positive" ? "correct" : "incorrect"} response "${
    labelOf(row.tokenText)
  }" was sampled at a probability of ${row.probability.toPrecision(2)}`;

/** The change of the logits by a token's gradient, from a recorded step. */
export const figure5 = chartReport({
  name: "figure-5",
  summary: "Where the gradient of a correct and of an incorrect token moves the logits",
  row: Explained,
  needs: [
    "problemId",
    "sign",
    "position",
    "before",
    "token",
    "tokenText",
    "probability",
    "tokenEntropy",
    "advantage",
    "clipped",
    "factor",
    "shownTokens",
    "shownProbabilities",
    "shownKernel",
  ],
  build: (rows) => {
    const fault = textFault(rows);
    if (fault !== undefined) return Result.fail(fault);
    const { positive, negative } = pairOf(rows);
    const shown = [positive, negative].flatMap((row) => row ?? []);
    if (shown.length === 0) return Result.fail("no token has a gradient of its own (advantage 0, or clipped)");
    const all = shown.map(barsOf);
    const top = topOf(all.flat());
    return Result.succeed({
      name: "figure-5",
      title: "Where one token's gradient moves the logits",
      subtitle:
        "Numbers: −dL/dz by the kernels, in units of |A| w / (π_old T). Arrow lengths are to scale, tiny ones are drawn longer.",
      description:
        `Bars of next-token probabilities with an arrow for the logit's move: ${
          shown.map(sentence).join("; ")
        }. The sampled token of a correct response rises and all others fall, that of an incorrect one falls and all others rise, by their ` +
        "probability.",
      series: [up, down],
      panels: shown.map((row, i) => panel(row, all[i], top, "ab"[i])),
    });
  },
});
