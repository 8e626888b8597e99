/**
 * The page of a study of many cells, as Markdown: what `report.html` says, without what only a browser shows. In short and verdicts first, then the main
 * table, frontier, settings, dynamics, ablations and single steps, what was run and what differs from the paper. Its numbers come from the rows
 * alone.
 */
import { Result } from "effect";
import type { Recipe } from "../../recipes/mod.ts";
import { commandOf } from "../../recipes/recipe.ts";
import type { ClaimRow, InsightRow } from "../../records/study_rows.ts";
import { dynamicsTable } from "../tables/dynamics_table.ts";
import type { FrontierRow } from "../figures/frontier.ts";
import { markdownTable, markdownText } from "../tables/markdown_table.ts";
import { isAboutFrontier } from "./claims_section.ts";
import { frontierTable } from "./frontier_section.ts";
import { insightTables, insightWords } from "./insights_section.ts";
import { pageFile } from "./page.ts";
import { sweepsTable } from "./sweeps_section.ts";
import {
  conditionsTable,
  differencesOf,
  evaluationWords,
  isModelOrganism,
  modelOrganism,
  settingsTable,
} from "../tables/recipe_tables.ts";
import type { DynamicsRow, EvaluationRow } from "../../records/rows.ts";
import { seriesOf } from "../series.ts";
import type { SweepRow } from "../figures/sweeps.ts";
import { table1 } from "../tables/table_1.ts";
import type { Table } from "../tables/table.ts";
import { isPaper, type Judged, otherSentence, tallyOf, verdicts } from "../tables/verdicts.ts";

/** What a page is made of. */
export interface GridStudy {
  readonly recipe: Recipe;
  /** The commits of the code that ran the cells, in the order of running. */
  readonly commits: ReadonlyArray<string>;
  readonly device: string;
  readonly claims: ReadonlyArray<ClaimRow>;
  /** Pass@k of the conditions that have the whole table of methods, and of the ablations. */
  readonly main: ReadonlyArray<EvaluationRow>;
  readonly ablations: ReadonlyArray<EvaluationRow>;
  readonly frontier: ReadonlyArray<FrontierRow>;
  readonly sweeps: ReadonlyArray<SweepRow>;
  /** The mean of the main condition. */
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  readonly insights: ReadonlyArray<InsightRow>;
  /** The files of the figures beside the page, with what they show. */
  readonly figures: ReadonlyArray<{ readonly file: string; readonly summary: string }>;
  readonly records: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
  /** Cells that are done, by condition. */
  readonly done: ReadonlyMap<string, number>;
}

/** A section; nothing where none of its parts is there. */
const section = (title: string, ...parts: ReadonlyArray<string | undefined>): ReadonlyArray<string> => {
  const present = parts.flatMap((part) => part === undefined ? [] : [part.trimEnd(), ""]);
  return present.length === 0 ? [] : [`## ${title}`, "", ...present];
};

const untitled = (table: Table): string => markdownTable({ ...table, title: undefined });

const list = (lines: ReadonlyArray<string>): string => lines.map((line) => `- ${line}`).join("\n");

const tally = (words: string, rows: ReadonlyArray<Judged>): string =>
  `${words}: ${tallyOf(rows).map(({ count, words }) => `${count} ${words}`).join(", ")} (of ${rows.length})`;

const inShort = ({ recipe, claims, done }: GridStudy): ReadonlyArray<string | undefined> => {
  const total = recipe.cells?.length ?? 0;
  const finished = [...done.values()].reduce((sum, count) => sum + count, 0);
  return [
    isModelOrganism(recipe) ? `${modelOrganism}.` : undefined,
    finished < total
      ? `**An unfinished study: ${finished} of ${total} cells are done.** Numbers are of those cells; claims that need others are untried.`
      : `All ${total} cells of the study are done.`,
    list([
      tally("the paper's claims", claims.filter(isPaper)),
      tally("beyond the paper", claims.filter((row) => !isPaper(row))),
      tally("of these about the frontier, whether NSR is special or a slower road", claims.filter(isAboutFrontier)),
    ]),
    otherSentence(claims),
  ];
};

/** The page with a newline at the end, or what is wrong with the rows. */
export const gridPage = (study: GridStudy): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, commits, device, figures, records, done, frontier, sweeps, dynamics, insights } = study;
    const series = seriesOf([...study.main, ...frontier, ...sweeps]);
    const picture = (name: string) =>
      figures.filter(({ file }) => file === `${name}.svg`).map(({ file, summary }) => `![${summary}](${file})`)[0];
    const [judged] = yield* verdicts.build(study.claims);
    const [main, published] = yield* table1.build(study.main);
    const ablations = study.ablations.length === 0 ? [] : (yield* table1.build(study.ablations)).slice(0, 1);
    const trained = dynamics.length === 0 ? [] : yield* dynamicsTable.build(dynamics);
    return [
      `# Study \`${recipe.name}\``,
      "",
      `${recipe.summary}. Everything on this page is made by \`${commandOf(recipe)}\`; [${pageFile}](${pageFile}) is ` +
      "the same for a browser, with figures that answer to hover, single responses and one prompt through every stage.",
      "",
      ...section("In short", ...inShort(study)),
      ...section("Claims and verdicts", untitled(judged)),
      ...section("Pass@k", picture("figure_2"), untitled(main)),
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
      ...section("Training dynamics", picture("figure_4"), ...trained.map(untitled)),
      ...section("Ablations", ...ablations.map(untitled)),
      ...section(
        "What a single step does",
        insights.length === 0 ? undefined : insightWords(insights),
        ...insightTables(insights).flatMap(({ title, sentence, table }) => [`### ${title}`, sentence, untitled(table)]),
      ),
      ...section("Token gradients", picture("figure_5")),
      ...section(
        "What was run",
        untitled(conditionsTable(recipe, done)),
        untitled(settingsTable(recipe.settings)),
        "Evaluations:",
        list(recipe.evaluations.map((one) => `**${one.name}**: ${evaluationWords(one)}`)),
      ),
      ...section("What differs from the paper", list(differencesOf(recipe))),
      ...section("The paper's numbers", markdownTable(published)),
      ...section(
        "How it was made",
        list([
          `recipe: \`${recipe.name}\``,
          ...commits.map((commit) => `commit: \`${commit}\``),
          `device: ${markdownText(device)}`,
          ...records.map(({ file, sha256 }) => `[${file}](${file}): SHA-256 \`${sha256}\``),
        ]),
      ),
    ].join("\n").trimEnd() + "\n";
  });
