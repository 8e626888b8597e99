/** The summary of a study: its subject and progress, how many claims hold, the main claims with their verdicts, and the leading models at Pass@k. */
import type { Recipe } from "../../recipes/mod.ts";
import { isModelOrganism, modelOrganism } from "../tables/recipe_tables.ts";
import { isPaper, isPrimary, type Judged, otherSentence, statementOf } from "../tables/verdicts.ts";
import { answerOf, tallyBar } from "./claims_section.ts";
import { type Html, markup } from "./html.ts";

/** The numbers of finished and of all cells of a study. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

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

const progressOf = ({ done, total }: Progress): Html =>
  done < total
    ? markup`<p class="warning"><b>An unfinished study: ${done} of ${total} cells are done.</b> Numbers are of those cells; claims that need others are untried.</p>
`
    : markup`<p>All ${total} cells of the study are done.</p>
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
  }${progress === undefined ? undefined : progressOf(progress)}${
    judged.length === 0
      ? undefined
      : markup`<p>${judged.length} claims were fixed before the runs, each with what decides it:</p>
<dl class="tallies">${tallyBar("the paper's claims", judged.filter(isPaper))}${
        tallyBar("beyond the paper", judged.filter((row) => !isPaper(row)))
      }</dl>
${other === undefined ? undefined : markup`<p>${other}</p>`}<h3>The main ones</h3>
<ul class="answers">${
        first.map((row) => answerOf(row, markup`<a href="#claim-${row.id}">${statementOf(row)}</a>`))
      }</ul>
`
  }${leaders}`;
};
