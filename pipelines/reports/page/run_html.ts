/** The page of one run of `train`: its first and last values, its curves, responses along the way, and one prompt through every stage. */
import { percentText } from "../figures/shares.ts";
import { Result } from "effect";
import type { Explained } from "../../records/explained.ts";
import type { DynamicsRow } from "../../records/rows.ts";
import type { StoredConfig } from "../../training/run_config.ts";
import { type Series, seriesName, seriesOf } from "../series.ts";
import { dynamicsPanels, type Measure, updateMeasures } from "../figures/figure_4.ts";
import { lossMeasures } from "../figures/training.ts";
import { dynamicsSection } from "./dynamics_section.ts";
import { figure5Section } from "./figure_5_section.ts";
import { figure } from "./figure.ts";
import { type Html, markup } from "./html.ts";
import { hashList, type Live, pageText } from "./page.ts";
import { responsesSection, type SampledGroup } from "./responses_section.ts";
import { ownSettings, trainCommandText, valuesSection } from "./settings_section.ts";
import { type Walk, walkSection } from "./walk.ts";

/** The content of a run's page. */
export interface RunHtml {
  /** The path of the run's folder, as given. */
  readonly name: string;
  readonly config: StoredConfig["settings"];
  /** SHA-256 of the initial weights. */
  readonly base?: string;
  readonly metrics: ReadonlyArray<DynamicsRow>;
  readonly responses: ReadonlyArray<SampledGroup>;
  readonly walk?: Walk;
  readonly explained?: ReadonlyArray<Explained>;
  readonly records: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
  /** How the run stands, on a page that follows it; how to make it again is then left out. */
  readonly now?: Html;
  readonly live?: Live;
}

const ends = (
  metrics: ReadonlyArray<DynamicsRow>,
  name: string,
  said: (value: number) => string,
  field: "testAccuracy" | "testEntropy" | "correctRatio" | "fullySolvedRatio" | "meanEntropy",
): Html | undefined => {
  const values = metrics.flatMap((row) => row[field] ?? []);
  if (values.length === 0) return undefined;
  return markup`<div><dt>${name}</dt><dd>${said(values[0])} → <b>${said(values[values.length - 1])}</b></dd></div>
`;
};

const percent = (share: number): string => `${percentText(share)} %`;
const nats = (entropy: number): string => entropy.toFixed(3);

/** How many steps are recorded; a test before the first is none. */
const stepsOf = (metrics: ReadonlyArray<DynamicsRow>): string => {
  const count = metrics.filter(({ step }) => step > 0).length;
  return `${count} recorded ${count === 1 ? "step" : "steps"}`;
};

const inShort = (metrics: ReadonlyArray<DynamicsRow>): Html =>
  markup`<p>From the first to the last of ${stepsOf(metrics)}.</p>
<dl class="facts">${ends(metrics, "accuracy on the test split, greedy", percent, "testAccuracy")}${
    ends(
      metrics,
      "entropy on the test split",
      nats,
      "testEntropy",
    )
  }${ends(metrics, "correct rollouts", percent, "correctRatio")}${
    ends(
      metrics,
      "fully solved prompts",
      percent,
      "fullySolvedRatio",
    )
  }${ends(metrics, "entropy of the batch", nats, "meanEntropy")}</dl>
`;

const rate = { scale: 1, unit: "", axis: "tokens a second" } as const;
const time = { scale: 1, unit: " s", axis: "seconds a step" } as const;

/** The measures of `timing` along a run. */
export const speedMeasures: ReadonlyArray<Measure> = [
  { ...rate, title: "Sampling", path: ["timing", "sampleTokensPerSecond"] },
  { ...rate, title: "Training", path: ["timing", "trainTokensPerSecond"] },
  { ...time, title: "Time to sample", path: ["timing", "sampleSeconds"] },
  { ...time, title: "Time to train", path: ["timing", "trainSeconds"] },
];

const speedSection = (rows: ReadonlyArray<DynamicsRow>, series: ReadonlyArray<Series>): Html | undefined => {
  const panels = dynamicsPanels(rows, series, speedMeasures);
  return panels.length === 0 ? undefined : figure({
    id: "speeds",
    chart: { series, panels },
    caption:
      markup`<b>Speed</b> of the machine that the run was made on; the only measures that a replay does not give again.`,
  });
};

/** The page, or a fault of the rows. */
export const runHtml = (
  { name, config, base, metrics, responses, walk, explained, records, now, live }: RunHtml,
): Result.Result<string, string> =>
  Result.gen(function* () {
    const { algorithm } = config;
    const rows = metrics.map((row) => ({ ...(algorithm !== undefined && { algorithm }), ...row }));
    const series = seriesOf(rows);
    const trained = rows.length === 0 ? undefined : yield* dynamicsSection(rows, series, {
      measures: [...lossMeasures, ...updateMeasures],
    });
    return pageText({
      title: `Run ${name}`,
      lede: `${seriesName(algorithm ?? "Training")}${config.task === undefined ? "" : ` on ${config.task}`}, ${
        stepsOf(rows)
      }.`,
      facts: [
        ...(config.model === undefined ? [] : [{ name: "model", value: markup`<code>${config.model}</code>` }]),
        ...(base === undefined
          ? []
          : [{ name: "weights at the beginning", value: markup`<code>${base.slice(0, 16)}</code>` }]),
      ],
      // No figure of a run has a key, so a live page keeps its style, which its policy names, whatever the run turns out to be.
      series: live === undefined ? series : [],
      ...(live && { live }),
      sections: [
        { id: "now", title: "Now", body: now },
        { id: "short", title: "In short", body: rows.length === 0 ? undefined : inShort(rows) },
        { id: "dynamics", title: "Training dynamics", body: trained },
        { id: "speed", title: "Speed", body: speedSection(rows, series) },
        { id: "token-gradients", title: "Token gradients", body: figure5Section(explained ?? []) },
        { id: "responses", title: "Sampled responses", body: responsesSection(responses) },
        {
          id: "walk",
          title: "One prompt through every stage",
          body: walk === undefined ? undefined : walkSection(walk),
        },
        { id: "settings", title: "What was run", body: valuesSection(ownSettings(config), "The settings of the run") },
        {
          id: "made",
          title: "How it was made",
          body: live !== undefined ? undefined : markup`<p>The run is made again, and compared byte by byte, by:</p>
<pre class="command">${trainCommandText(config)}
deno task replay ${name}</pre>${
            base === undefined
              ? undefined
              : markup`<dl class="facts"><div><dt>SHA-256 of the weights at the beginning</dt><dd><code class="hash">${base}</code></dd></div></dl>
`
          }${hashList(records)}`,
        },
      ],
    });
  });
