/** The summary of a study: its subject and progress, how many claims hold, the main claims with their verdicts, and the leading models at Pass@k. */
import type { Recipe } from "../../recipes/mod.ts";
import { isModelOrganism, modelOrganism } from "../tables/recipe_tables.ts";
import { isPaper, isPrimary, type Judged, otherSentence, statementOf } from "../tables/verdicts.ts";
import { answerOf, tallyBar } from "./claims_section.ts";
import { type Html, markup } from "./html.ts";
import type { Progress } from "./study_report.ts";

/** The claims shown in the summary, if a study has them. */
const headlines: ReadonlyArray<string> = [
  "psr-raises-pass-at-1",
  "psr-below-base-at-256",
  "nsr-raises-pass-at-1",
  "nsr-not-below-base",
  "nsr-best-at-256",
  "w-reinforce-best-trade-off",
  "entropy-nsr-highest",
  "nsr-special-at-matched-pass-at-1",
  "nsr-special-few-problems",
];

const progressLine = ({ state, caution }: Progress): Html =>
  caution === undefined
    ? markup`<p>${state}</p>
`
    : markup`<p class="warning"><b>${state}</b> ${caution}</p>
`;

/** The section of the summary. */
export const summarySection = (
  { recipe, progress, judged, leaders }: {
    readonly recipe: Recipe | undefined;
    readonly progress: Progress | undefined;
    readonly judged: ReadonlyArray<Judged>;
    readonly leaders: Html;
  },
): Html => {
  const primary = judged.filter(isPrimary);
  const first = primary.length > 0 ? primary : headlines.flatMap((id) => judged.find((row) => row.id === id) ?? []);
  const other = otherSentence(judged);
  return markup`${
    recipe !== undefined && isModelOrganism(recipe)
      ? markup`<p class="warning">${modelOrganism}.</p>
`
      : undefined
  }${progress === undefined ? undefined : progressLine(progress)}${
    judged.length === 0
      ? undefined
      : markup`<p>${judged.length} claims were fixed before the runs, each with what decides it:</p>
<dl class="tallies">${tallyBar("the paper's claims", judged.filter(isPaper))}${
        tallyBar("beyond the paper", judged.filter((row) => !isPaper(row)))
      }</dl>
${other === undefined ? undefined : markup`<p>${other}</p>`}${
        first.length === 0 ? undefined : markup`<h3>The main ones</h3>
<ul class="answers">${
          first.map((row) => answerOf(row, markup`<a href="#claim-${row.id}">${statementOf(row)}</a>`))
        }</ul>
`
      }`
  }${leaders}`;
};
