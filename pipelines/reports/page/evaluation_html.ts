/** The page of one evaluation, as `evaluate --out` writes it: Pass@k, responses to problems from the hardest to the easiest, what was run. */
import { percentText } from "../figures/shares.ts";
import { Result } from "effect";
import type { EvaluationRow } from "../../records/rows.ts";
import { figure2 } from "../figures/figure_2.ts";
import { seriesOf } from "../series.ts";
import { evaluationsTable } from "../tables/evaluations_table.ts";
import type { RecipeValues } from "../tables/recipe_tables.ts";
import { figure } from "./figure.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { hashList, pageText } from "./page.ts";
import { responsesSection, type SampledGroup } from "./responses_section.ts";
import { valuesSection } from "./settings_section.ts";

/** What the page of an evaluation is made of. */
export interface EvaluationHtml {
  /** The folder, as it is named. */
  readonly name: string;
  readonly config: RecipeValues;
  /** How many responses are there, and whether these are all. */
  readonly drawn: number;
  readonly isWhole: boolean;
  readonly rows: ReadonlyArray<EvaluationRow>;
  readonly responses: ReadonlyArray<SampledGroup>;
  readonly records: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
}

const percent = (share: number): string => `${percentText(share)} %`;

const fact = (name: string, value: string | undefined): Html | undefined =>
  value === undefined ? undefined : markup`<div><dt>${name}</dt><dd><b>${value}</b></dd></div>
`;

const passFact = ({ k, passAtK, low, high }: EvaluationRow): Html | undefined =>
  fact(
    `Pass@${k}`,
    low === undefined || high === undefined
      ? percent(passAtK)
      : `${percent(passAtK)} (${percentText(low)}–${percentText(high)})`,
  );

const greedyFact = ({ greedyAccuracy, greedyLow: low, greedyHigh: high }: Partial<EvaluationRow>) =>
  greedyAccuracy === undefined ? undefined : fact(
    "greedy",
    `${percent(greedyAccuracy)}${
      low === undefined || high === undefined ? "" : ` (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`
    }`,
  );

const inShort = ({ rows, drawn, isWhole }: EvaluationHtml): Html => {
  const whole = rows.filter(({ slice }) => slice === undefined || slice === "all").toSorted((a, b) => a.k - b.k);
  const ends = whole.filter((_, i) => i === 0 || i === whole.length - 1);
  const [first] = whole;
  return markup`${
    isWhole ? undefined : markup`<p>The evaluation is not finished: ${drawn} responses are there.</p>
`
  }<dl class="facts">${ends.map(passFact)}${greedyFact(first ?? {})}${fact("problems", first?.problems?.toString())}${
    fact("responses", String(drawn))
  }${
    fact(
      "mean length",
      first?.meanResponseLength === undefined ? undefined : `${first.meanResponseLength.toFixed(1)} tokens`,
    )
  }${fact("cut off", first?.truncatedRatio === undefined ? undefined : percent(first.truncatedRatio))}</dl>
`;
};

/** Pass@k as a picture and as tables; nothing where no problem has a response yet. */
const measured = (rows: ReadonlyArray<EvaluationRow>): Result.Result<Html | undefined, string> =>
  rows.length === 0 ? Result.succeed(undefined) : Result.gen(function* () {
    const chart = yield* figure2.build(rows);
    const tables = yield* evaluationsTable.build(rows);
    return markup`${
      figure({
        id: "figure-2",
        chart,
        caption: markup`<b>Pass@k against k.</b> Bars: 95 % bootstrap interval over problems.`,
      })
    }${tables.map((table) => htmlTable({ ...table, title: undefined }, { caption: table.title ?? "Pass@k" }))}`;
  });

/** The page, or what is wrong with the rows. */
export const evaluationHtml = (evaluation: EvaluationHtml): Result.Result<string, string> =>
  Result.map(measured(evaluation.rows), (passAtK) => {
    const { name, config, rows, responses, records, drawn } = evaluation;
    const sampling = rows[0]?.evaluation;
    return pageText({
      title: `Evaluation ${name}`,
      lede: [config.task ?? "responses", config.split ?? [], sampling ?? [], `${drawn} responses`].flat().join(", "),
      facts: config.model === undefined ? [] : [{ name: "model", value: markup`<code>${String(config.model)}</code>` }],
      series: seriesOf(rows),
      sections: [
        { id: "short", title: "In short", body: inShort(evaluation) },
        { id: "pass-at-k", title: "Pass@k", body: passAtK },
        {
          id: "responses",
          title: "Responses, from the hardest problem to the easiest",
          body: responsesSection(responses),
        },
        { id: "settings", title: "What was run", body: valuesSection(config, "The settings of the evaluation") },
        { id: "made", title: "How it was made", body: hashList(records) },
      ],
    });
  });
