/**
 * The page of a study of many cells, as Markdown: verdicts first, then the main table, frontier, dynamics, sweeps and ablations, what was run
 * and what differs from the paper. Its numbers come from the rows alone.
 */
import { Result } from "effect";
import type { Recipe } from "../recipes/mod.ts";
import type { ClaimRow } from "../study/judge.ts";
import { markdownTable, markdownText } from "./markdown_table.ts";
import { conditionsTable } from "./recipe_tables.ts";
import type { EvaluationRow } from "./rows.ts";
import { table1 } from "./table_1.ts";
import type { Table } from "./table.ts";
import { verdicts } from "./verdicts.ts";

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
  /** The files of the figures beside the page, with what they show. */
  readonly figures: ReadonlyArray<{ readonly file: string; readonly summary: string }>;
  readonly records: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
  /** Cells that are done, by condition. */
  readonly done: ReadonlyMap<string, number>;
}

const section = (title: string, ...parts: ReadonlyArray<string>): ReadonlyArray<string> => [
  `## ${title}`,
  "",
  ...parts.flatMap((part) => [part.trimEnd(), ""]),
];

const untitled = (table: Table): string => markdownTable({ ...table, title: undefined });

/** The page with a newline at the end, or what is wrong with the rows. */
export const gridPage = (study: GridStudy): Result.Result<string, string> =>
  Result.gen(function* () {
    const { recipe, commits, device, figures, records, done } = study;
    const total = recipe.cells?.length ?? 0;
    const finished = [...done.values()].reduce((sum, count) => sum + count, 0);
    const [judged] = yield* verdicts.build(study.claims);
    const [main, published] = yield* table1.build(study.main);
    const ablations = study.ablations.length === 0 ? [] : (yield* table1.build(study.ablations)).slice(0, 1);
    return [
      `# Study \`${recipe.name}\``,
      "",
      `${recipe.summary}. Everything on this page is made by \`deno task reproduce --recipe ${recipe.name}\`. It is a model organism: a ` +
      "79,040-parameter model on a made-up task shows mechanisms, it does not stand for a 7B model.",
      "",
      `- recipe: \`${recipe.name}\`, ${finished} of ${total} cells done`,
      ...commits.map((commit) => `- commit: \`${commit}\``),
      `- device: ${markdownText(device)}`,
      ...records.map(({ file, sha256 }) => `- [${file}](${file}): SHA-256 \`${sha256}\``),
      "",
      ...section("Claims and verdicts", untitled(judged)),
      ...section("Pictures", ...figures.map(({ file, summary }) => `![${summary}](${file})`)),
      ...section("Pass@k", untitled(main)),
      ...(ablations.length === 0 ? [] : section("Ablations", ...ablations.map(untitled))),
      ...section("What was run", untitled(conditionsTable(recipe, done))),
      ...section("The paper's numbers", markdownTable(published)),
    ].join("\n").trimEnd() + "\n";
  });
