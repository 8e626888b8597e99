/**
 * The page of a study as one HTML file: a summary, the claims with their verdicts, Pass@k, frontier, sweeps and training as interactive
 * figures and as tables, single steps and tokens, responses, one prompt through every stage, and the provenance. Every number is from the
 * rows; the same rows give the same bytes.
 */
import { Result } from "effect";
import { commandOf } from "../../recipes/recipe.ts";
import { mainAndAblations } from "../tables/evaluation_blocks.ts";
import { seriesOf } from "../series.ts";
import { claimsSection } from "./claims_section.ts";
import { dynamicsSection } from "./dynamics_section.ts";
import { ablationsSection, evaluationSection } from "./evaluation_section.ts";
import { figure5Section } from "./figure_5_section.ts";
import { frontierSection } from "./frontier_section.ts";
import { type Html, markup } from "./html.ts";
import { insightsSection } from "./insights_section.ts";
import { hashList, pageText } from "./page.ts";
import { responsesSection } from "./responses_section.ts";
import { recipeSection } from "./settings_section.ts";
import { doneOf, progressOf, type StudyReport } from "./study_report.ts";
import { summarySection } from "./summary_section.ts";
import { sweepsSection } from "./sweeps_section.ts";
import { walkSection } from "./walk.ts";

/** The provenance of the study, and the command that repeats it. */
const madeSection = ({ name, recipe, commits = [], device, records }: StudyReport): Html => {
  const command = commandOf(recipe ?? { name: name ?? "" });
  const [commit] = commits.slice(-1);
  return markup`${
    recipe === undefined
      ? undefined
      : markup`<p>Everything on this page comes from one command${
        commits.length === 0 ? "" : commits.length === 1 ? " at the commit below" : " at the commits below"
      }:</p>
<pre class="command">${commit === undefined ? "" : `git checkout ${commit}\n`}${command}</pre>`
  }<dl class="facts">${
    [["recipe", recipe?.name], ...commits.map((one) => ["commit", one]), ["device", device]].map(([fact, value]) =>
      value === undefined ? undefined : markup`<div><dt>${fact}</dt><dd><code>${value}</code></dd></div>
`
    )
  }</dl>${hashList(records ?? [])}`;
};

const lede = ({ recipe, evaluations }: StudyReport): string => {
  const models = seriesOf(evaluations).length;
  const tasks = [...new Set(evaluations.flatMap(({ task }) => task ?? []))].join(", ");
  const measured = `${models} methods${tasks === "" ? "" : ` on ${tasks}`}, the base among them`;
  return recipe === undefined
    ? `Reinforcement learning with verifiable rewards: ${measured}.`
    : `${recipe.summary}. Reinforcement learning with verifiable rewards, after “The Surprising Effectiveness of Negative Reinforcement in ` +
      `LLM Reasoning” (arXiv 2506.01347): ${measured}.`;
};

/** The page, or a fault of the rows. */
export const studyHtml = (study: StudyReport): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, commits = [], device, evaluations, dynamics } = study;
    const { claims = [], frontier = [], sweeps = [], insights = [], explained = [] } = study;
    const series = seriesOf([...evaluations, ...dynamics, ...frontier, ...sweeps]);
    const { main, ablations } = mainAndAblations(evaluations);
    const measured = yield* evaluationSection(main, series, frontier.length === 0);
    const answered = yield* claimsSection(main, claims);
    const trained = dynamics.length === 0 ? undefined : yield* dynamicsSection(dynamics, series, study.dynamicsWords);
    const progress = progressOf(study);
    return pageText({
      title: `Study ${recipe?.name ?? study.name ?? ""}`.trim(),
      lede: lede(study),
      facts: [
        ...(recipe === undefined ? [] : [{ name: "recipe", value: markup`<code>${recipe.name}</code>` }]),
        ...(progress === undefined ? [] : [{ name: "cells done", value: `${progress.done} of ${progress.total}` }]),
        ...commits.slice(-1).map((commit) => ({ name: "commit", value: markup`<code>${commit.slice(0, 12)}</code>` })),
        ...(device === undefined ? [] : [{ name: "device", value: device }]),
      ],
      series,
      sections: [
        {
          id: "short",
          title: "In short",
          body: summarySection({ recipe, progress, judged: claims, leaders: measured.short }),
        },
        { id: "claims", title: "What was claimed, and what holds here", body: answered },
        { id: "pass-at-k", title: "Pass@k", body: measured.body },
        { id: "frontier", title: "The frontier", body: frontierSection(frontier, series, claims) },
        { id: "sweeps", title: "Settings at several values", body: sweepsSection(sweeps, series) },
        { id: "dynamics", title: "Training dynamics", body: trained },
        { id: "ablations", title: "Ablations", body: yield* ablationsSection(ablations) },
        { id: "insights", title: "What a single step does", body: insightsSection(insights) },
        { id: "token-gradients", title: "Token gradients", body: figure5Section(explained) },
        { id: "responses", title: "Sampled responses", body: responsesSection(study.responses ?? []) },
        {
          id: "walk",
          title: "One prompt through every stage",
          body: study.walk === undefined ? undefined : walkSection(study.walk),
        },
        {
          id: "settings",
          title: "What was run",
          body: recipe === undefined ? undefined : recipeSection(recipe, doneOf(study)),
        },
        { id: "made", title: "How it was made", body: madeSection(study) },
      ],
    });
  });
