/**
 * The page of a study, as Markdown: what was run under which values, every table and figure of it, the paper's own numbers, which of the
 * paper's claims hold, and what differs from the paper. Its numbers come from the rows alone, so the page can be written again at any time.
 */
import { Result } from "effect";
import type { Recipe } from "../../recipes/mod.ts";
import { commandOf } from "../../recipes/recipe.ts";
import { claims } from "../tables/claims.ts";
import { dynamicsTable } from "../tables/dynamics_table.ts";
import { markdownTable, markdownText } from "../tables/markdown_table.ts";
import { reports } from "../mod.ts";
import { pageFile } from "./page.ts";
import {
  differencesOf,
  evaluationWords,
  isModelOrganism,
  modelOrganism,
  settingsTable,
} from "../tables/recipe_tables.ts";
import type { DynamicsRow, EvaluationRow } from "../../records/rows.ts";
import { table1 } from "../tables/table_1.ts";
import type { Table } from "../tables/table.ts";

/** What a page is made of. */
export interface Study {
  readonly recipe: Recipe;
  /** The commit of the code, where it is known. */
  readonly commit?: string;
  /** The line that says which adapter was used. */
  readonly device: string;
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  /** The files of the figures beside the page, by the names of their reports: `{"figure-2": "figure_2.svg"}`. */
  readonly figures: Readonly<Record<string, string>>;
  /** The files of records beside the page, with their SHA-256. */
  readonly records?: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
}

const picture = (name: string, file: string): string => `![${reports[name]?.summary ?? name}](${file})`;

const section = (title: string, ...parts: ReadonlyArray<string | undefined>): ReadonlyArray<string> => [
  `## ${title}`,
  "",
  ...parts.flatMap((part) => part === undefined ? [] : [part.trimEnd(), ""]),
];

const list = (lines: ReadonlyArray<string>): string => lines.map((line) => `- ${line}`).join("\n");

const untitled = (table: Table): string => markdownTable({ ...table, title: undefined });

/** The page with a newline at the end, or what is wrong with the rows. */
export const studyPage = (study: Study): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, commit, device, figures, records } = study;
    const [passAtK, ...others] = yield* table1.build(study.evaluations);
    const answered = yield* claims.build(study.evaluations);
    const dynamics = study.dynamics.length === 0 ? [] : yield* dynamicsTable.build(study.dynamics);
    const { "figure-2": curves, ...rest } = figures;
    return [
      `# Study \`${recipe.name}\``,
      "",
      `${recipe.summary}. Everything on this page is made by \`${commandOf(recipe)}\`; [${pageFile}](${pageFile}) is ` +
      `the same for a browser.${isModelOrganism(recipe) ? ` ${modelOrganism}.` : ""}`,
      "",
      `- recipe: \`${recipe.name}\``,
      ...(commit === undefined ? [] : [`- commit: \`${commit}\``]),
      `- device: ${markdownText(device)}`,
      ...(records ?? []).map(({ file, sha256 }) => `- [${file}](${file}): SHA-256 \`${sha256}\``),
      "",
      ...section(
        "Pass@k",
        curves === undefined ? undefined : picture("figure-2", curves),
        untitled(passAtK),
      ),
      ...section(
        "Training dynamics",
        ...Object.entries(rest).map(([name, file]) => picture(name, file)),
        ...dynamics.map(untitled),
      ),
      ...section("What the paper says, asked of both", ...answered.map(untitled)),
      ...section("The paper's numbers", ...others.map(markdownTable)),
      ...section(
        "What was run",
        untitled(settingsTable(recipe.settings)),
        "Evaluations:",
        list(recipe.evaluations.map((one) => `**${one.name}**: ${evaluationWords(one)}`)),
      ),
      ...section("What differs from the paper", list(differencesOf(recipe))),
    ].join("\n").trimEnd() + "\n";
  });
