/**
 * The page of a study as Markdown: the content of `report.html` that needs no browser. Summary and verdicts first, then Pass@k, frontier,
 * settings, dynamics, ablations and single steps, the settings and the differences from the paper. A section without rows is left out.
 * Every number is from the rows.
 */
import { Result } from "effect";
import { commandOf, type Recipe } from "../../recipes/recipe.ts";
import { claims as pointClaims } from "../tables/claims.ts";
import { dynamicsTable } from "../tables/dynamics_table.ts";
import { mainAndAblations } from "../tables/evaluation_blocks.ts";
import { markdownTable, markdownText } from "../tables/markdown_table.ts";
import { isAboutFrontier } from "./claims_section.ts";
import { frontierTable } from "./frontier_section.ts";
import { insightTables, insightWords } from "./insights_section.ts";
import { chosenTable, chosenWords } from "../tables/chosen_table.ts";
import { pageFile } from "./page.ts";
import { doneOf, progressOf, type StudyReport } from "./study_report.ts";
import { sweepsTable } from "./sweeps_section.ts";
import {
  conditionsTable,
  differencesOf,
  evaluationWords,
  isModelOrganism,
  modelOrganism,
  settingsTable,
} from "../tables/recipe_tables.ts";
import { seriesOf } from "../series.ts";
import { table1 } from "../tables/table_1.ts";
import type { Table } from "../tables/table.ts";
import { isPaper, isPrimary, type Judged, otherSentence, tallyOf, verdicts } from "../tables/verdicts.ts";

/** A study of a recipe, and the files of the figures beside the page, with their captions. */
export interface StudyFolder extends StudyReport {
  readonly recipe: Recipe;
  readonly figures: ReadonlyArray<{ readonly file: string; readonly summary: string }>;
}

/** A section; nothing if all its parts are undefined. */
const section = (title: string, ...parts: ReadonlyArray<string | undefined>): ReadonlyArray<string> => {
  const present = parts.flatMap((part) => part === undefined ? [] : [part.trimEnd(), ""]);
  return present.length === 0 ? [] : [`## ${title}`, "", ...present];
};

const untitled = (table: Table): string => markdownTable({ ...table, title: undefined });

const list = (lines: ReadonlyArray<string>): string => lines.map((line) => `- ${line}`).join("\n");

const tally = (words: string, rows: ReadonlyArray<Judged>): string =>
  `${words}: ${tallyOf(rows).map(({ count, words }) => `${count} ${words}`).join(", ")} (of ${rows.length})`;

/** The tables of some rows; none if there are no rows. */
const tablesOf = <A>(
  report: { readonly build: (rows: ReadonlyArray<A>) => Result.Result<ReadonlyArray<Table>, string> },
  rows: ReadonlyArray<A> = [],
): Result.Result<ReadonlyArray<Table>, string> => rows.length === 0 ? Result.succeed([]) : report.build(rows);

const inShort = (study: StudyFolder): ReadonlyArray<string | undefined> => {
  const { recipe, claims = [] } = study;
  const progress = progressOf(study);
  return [
    isModelOrganism(recipe) ? `${modelOrganism}.` : undefined,
    progress === undefined
      ? undefined
      : progress.caution === undefined
      ? progress.state
      : `**${progress.state}** ${progress.caution}`,
    claims.length === 0 ? undefined : list([
      ...(claims.some(isPrimary) ? [tally("the primary claims", claims.filter(isPrimary))] : []),
      tally("all claims of the paper", claims.filter(isPaper)),
      tally("all claims beyond the paper", claims.filter((row) => !isPaper(row))),
      tally(
        "of all claims, those about the frontier of Pass@1 and Pass@k",
        claims.filter(isAboutFrontier),
      ),
    ]),
    otherSentence(claims),
    recipe.after === undefined
      ? undefined
      : `Which verdicts moved against \`${recipe.after.study}\` is on [a page of its own](moved.md).`,
  ];
};

/** The page with a newline at the end, or a fault of the rows. */
export const studyPage = (study: StudyFolder): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, device, figures, evaluations, claims = [], frontier = [], sweeps = [], insights = [] } = study;
    const { chosen = [] } = study;
    const { main, ablations } = mainAndAblations(evaluations);
    const series = seriesOf([...main, ...frontier, ...sweeps]);
    const picture = (name: string) =>
      figures.filter(({ file }) => file === `${name}.svg`).map(({ file, summary }) => `![${summary}](${file})`)[0];
    const [measured, published] = yield* table1.build(main);
    const done = doneOf(study);
    return [
      `# Study \`${recipe.name}\``,
      "",
      `${recipe.summary}. Everything on this page is made by \`${commandOf(recipe)}\`; [${pageFile}](${pageFile}) is ` +
      "the same for a browser, with figures that answer to hover, single responses and one prompt through every stage.",
      "",
      ...section("In short", ...inShort(study)),
      ...section("Claims and verdicts", ...(yield* tablesOf(verdicts, claims)).map(untitled)),
      ...section(
        "The rates that the rule chose",
        chosenWords(chosen),
        chosen.length === 0 ? undefined : untitled(chosenTable(chosen)),
      ),
      ...section("Pass@k", picture("figure_2"), untitled(measured)),
      ...section(
        "The frontier",
        picture("frontier"),
        frontier.length === 0 ? undefined : "Pass@1 → Pass@k in percent along training, each line from the base on:",
        frontier.length === 0 ? undefined : untitled(frontierTable(frontier, series)),
      ),
      ...section(
        "Settings at several values",
        picture("sweeps"),
        sweeps.length === 0 ? undefined : untitled(sweepsTable(sweeps, series)),
      ),
      ...section(
        "Training dynamics",
        picture("figure_4"),
        ...(yield* tablesOf(dynamicsTable, study.dynamics)).map(untitled),
      ),
      ...section("Ablations", ...(yield* tablesOf(table1, ablations)).slice(0, 1).map(untitled)),
      ...section(
        "What a single step does",
        insights.length === 0 ? undefined : insightWords(insights),
        ...insightTables(insights).flatMap(({ title, sentence, table }) => [`### ${title}`, sentence, untitled(table)]),
      ),
      ...section("Token gradients", picture("figure_5")),
      ...section(
        "What the paper says, asked of both",
        ...(claims.length > 0 ? [] : yield* pointClaims.build(main)).map(untitled),
      ),
      ...section(
        "What was run",
        done.size === 0 ? undefined : untitled(conditionsTable(recipe, done)),
        untitled(settingsTable(recipe.settings)),
        "Evaluations:",
        list(recipe.evaluations.map((one) => `**${one.name}**: ${evaluationWords(recipe, one)}`)),
      ),
      ...section("What differs from the paper", list(differencesOf(recipe))),
      ...section("The paper's numbers", markdownTable(published)),
      ...section(
        "How it was made",
        list([
          `recipe: \`${recipe.name}\``,
          ...(study.commits ?? []).map((commit) => `commit: \`${commit}\``),
          ...(device === undefined ? [] : [`device: ${markdownText(device)}`]),
          ...(study.records ?? []).map(({ file, sha256 }) => `[${file}](${file}): SHA-256 \`${sha256}\``),
        ]),
      ),
    ].join("\n").trimEnd() + "\n";
  });
