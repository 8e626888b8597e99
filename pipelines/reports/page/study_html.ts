/**
 * The page of a study as one HTML file: what came out in short, the claims with their verdicts, Pass@k and training as figures that answer to
 * hover and as tables, tokens, responses, one prompt through every stage, and how it was made. Rows in, text out: the same rows give the
 * same bytes, and no number is on it that the rows do not hold.
 */
import { Result } from "effect";
import type { Recipe } from "../../recipes/mod.ts";
import type { DynamicsRow, EvaluationRow, FlatRow } from "../rows.ts";
import { seriesOf } from "../series.ts";
import { claimsSection } from "./claims_section.ts";
import { dynamicsSection } from "./dynamics_section.ts";
import { evaluationSection } from "./evaluation_section.ts";
import { type Html, markup } from "./html.ts";
import { hashList, pageText } from "./page.ts";
import { responsesSection, type SampledGroup } from "./responses_section.ts";
import { recipeSection } from "./settings_section.ts";
import { type TokenGradientRow, tokenGradientsSection } from "./token_gradients_section.ts";
import { type Walk, walkSection } from "./walk.ts";

/** A picture that is shown as it is: the bytes of an SVG or PNG in base64. */
export interface Picture {
  readonly name: string;
  readonly type: "image/svg+xml" | "image/png";
  readonly base64: string;
}

/** What a page is made of; a study has at least its evaluations. */
export interface StudyHtml {
  /** What the page is called where no recipe names it. */
  readonly name?: string;
  readonly recipe?: Recipe;
  readonly commit?: string;
  readonly device?: string;
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  readonly records?: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
  /** The rows of `claims.ndjson`: claims with a verdict, and whatever else they say. */
  readonly claims?: ReadonlyArray<FlatRow>;
  readonly tokenGradients?: ReadonlyArray<TokenGradientRow>;
  readonly pictures?: ReadonlyArray<Picture>;
  readonly responses?: ReadonlyArray<SampledGroup>;
  readonly walk?: Walk;
}

const pictureOf = ({ name, type, base64 }: Picture): Html =>
  markup`<figure><img class="picture" alt="${
    name.replaceAll(
      "_",
      " ",
    )
  }" src="data:${type};base64,${base64}"><figcaption>${name}</figcaption></figure>
`;

/** How the study was made, and the command that makes it again. */
const madeSection = ({ name, recipe, commit, device, records }: StudyHtml): Html => {
  const command = `deno task reproduce --recipe ${recipe?.name ?? name ?? ""}`;
  return markup`${
    recipe === undefined
      ? undefined
      : markup`<p>Everything on this page comes from one command${
        commit === undefined ? "" : " at the commit below"
      }:</p>
<pre class="command">${commit === undefined ? "" : `git checkout ${commit}\n`}${command}</pre>`
  }<dl class="facts">${
    [["recipe", recipe?.name], ["commit", commit], ["device", device]].map(([fact, value]) =>
      value === undefined ? undefined : markup`<div><dt>${fact}</dt><dd><code>${value}</code></dd></div>
`
    )
  }</dl>${hashList(records ?? [])}`;
};

const lede = ({ recipe, evaluations }: StudyHtml): string => {
  const models = seriesOf(evaluations).length;
  const tasks = [...new Set(evaluations.flatMap(({ task }) => task ?? []))].join(", ");
  const measured = `${models} models${tasks === "" ? "" : ` on ${tasks}`}`;
  return recipe === undefined
    ? `Reinforcement learning with verifiable rewards: ${measured}.`
    : `${recipe.summary}. Reinforcement learning with verifiable rewards, after “The Surprising Effectiveness of Negative Reinforcement in ` +
      `LLM Reasoning” (arXiv 2506.01347): ${measured}. A small study shows mechanisms; it does not stand for a model of 7 billion parameters.`;
};

/** The page, or what is wrong with the rows. */
export const studyHtml = (study: StudyHtml): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, commit, device, evaluations, dynamics } = study;
    const series = seriesOf([...evaluations, ...dynamics]);
    const measured = yield* evaluationSection(evaluations, series);
    const answered = yield* claimsSection(evaluations, study.claims ?? []);
    const trained = dynamics.length === 0 ? undefined : yield* dynamicsSection(dynamics, series);
    const pictures = study.pictures ?? [];
    return pageText({
      title: `Study ${recipe?.name ?? study.name ?? ""}`.trim(),
      lede: lede(study),
      facts: [
        ...(recipe === undefined ? [] : [{ name: "recipe", value: markup`<code>${recipe.name}</code>` }]),
        ...(commit === undefined ? [] : [{ name: "commit", value: markup`<code>${commit.slice(0, 12)}</code>` }]),
        ...(device === undefined ? [] : [{ name: "device", value: device }]),
      ],
      series,
      sections: [
        { id: "short", title: "In short", body: measured.short },
        { id: "claims", title: "What the paper says, and what holds here", body: answered },
        { id: "pass-at-k", title: "Pass@k", body: measured.body },
        { id: "dynamics", title: "Training dynamics", body: trained },
        {
          id: "pictures",
          title: "More figures",
          body: pictures.length === 0 ? undefined : markup`${pictures.map(pictureOf)}`,
        },
        { id: "token-gradients", title: "Token gradients", body: tokenGradientsSection(study.tokenGradients ?? []) },
        { id: "responses", title: "Sampled responses", body: responsesSection(study.responses ?? []) },
        {
          id: "walk",
          title: "One prompt through every stage",
          body: study.walk === undefined ? undefined : walkSection(study.walk),
        },
        {
          id: "settings",
          title: "What was run",
          body: recipe === undefined ? undefined : recipeSection(recipe),
        },
        { id: "made", title: "How it was made", body: madeSection(study) },
      ],
    });
  });
