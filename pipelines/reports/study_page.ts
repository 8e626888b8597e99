/**
 * The page of a study, as Markdown: what was run under which values, every table and figure of it, the paper's own numbers, which of the
 * paper's claims hold, and what differs from the paper. Its numbers come from the rows alone, so the page can be written again at any time.
 */
import { Result } from "effect";
import { runs, training } from "../../data/paper/hyperparameters.ts";
import type { Evaluation, Recipe } from "../recipes/mod.ts";
import { flagOf, settingKeys, settings } from "../settings.ts";
import { claims } from "./claims.ts";
import { dynamicsTable } from "./dynamics_table.ts";
import { markdownTable, markdownText } from "./markdown_table.ts";
import { reports } from "./mod.ts";
import type { DynamicsRow, EvaluationRow } from "./rows.ts";
import { nameOf } from "./series.ts";
import { table1 } from "./table_1.ts";
import { empty, type Table, textCell } from "./table.ts";

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

const published: Readonly<Record<string, unknown>> = {
  ...training,
  model: runs[0].model,
  maxTokens: runs[0].maxTokens,
  steps: training.epochs * training.stepsPerEpoch,
  testEvery: training.stepsPerEpoch,
};

const shown = (value: unknown): string => Array.isArray(value) ? value.join(", ") : String(value);

const valuesOf = ({ settings: values }: Recipe) =>
  settingKeys.flatMap((key) => values[key] === undefined ? [] : [{ key, value: values[key] }]);

const settingsTable = (recipe: Recipe): Table => ({
  notes: [
    "What is not listed has its default: the paper's value, but for template and longest response, which follow the task.",
  ],
  columns: ["Setting", "This study", "The paper", "Meaning"].map((name) => ({ name, align: "left" })),
  blocks: [{
    rows: valuesOf(recipe).map(({ key, value }) => [
      textCell(flagOf(key)),
      textCell(shown(value)),
      published[key] === undefined ? empty : textCell(shown(published[key])),
      textCell(settings[key].description),
    ]),
  }],
});

const evaluationLine = ({ name, settings: values }: Evaluation): string => {
  const said = settingKeys.flatMap((key) =>
    values[key] === undefined ? [] : [`${flagOf(key).replaceAll("-", " ")} ${shown(values[key])}`]
  );
  return `- **${name}**: ${said.join(", ")}`;
};

const differences = (recipe: Recipe): ReadonlyArray<string> => {
  const values = valuesOf(recipe);
  const changed = values.filter(({ key, value }) => published[key] !== undefined && published[key] !== value);
  const methods = recipe.algorithms.filter((name) => name === "reinforce").map(nameOf);
  return [
    ...changed.map(({ key, value }) =>
      `${flagOf(key).replaceAll("-", " ")}: ${shown(value)}, not ${shown(published[key])}`
    ),
    ...(methods.length === 0 ? [] : [`${methods.join(", ")} is trained too; the paper's Table 1 does not have it`]),
    "no checkpoint is selected: each model is what its training ended with, where the paper takes the one that is best on the MATH test set",
    "each algorithm is trained once: the intervals are over problems, and another seed may fall outside of them",
  ].map((line) => `- ${line}`);
};

const picture = (name: string, file: string): string => `![${reports[name]?.summary ?? name}](${file})`;

const section = (title: string, ...parts: ReadonlyArray<string | undefined>): ReadonlyArray<string> => [
  `## ${title}`,
  "",
  ...parts.flatMap((part) => part === undefined ? [] : [part.trimEnd(), ""]),
];

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
      `${recipe.summary}. Everything on this page is made by \`deno task reproduce --recipe ${recipe.name}\`.`,
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
        untitled(settingsTable(recipe)),
        "Evaluations:",
        recipe.evaluations.map(evaluationLine).join("\n"),
      ),
      ...section("What differs from the paper", differences(recipe).join("\n")),
    ].join("\n").trimEnd() + "\n";
  });
