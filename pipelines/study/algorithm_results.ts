/** The results of a recipe that trains each of its algorithms once: rows, Table 1, Figures 2 and 4 and the page. */
import { Effect } from "effect";
import { tasks } from "../../data/mod.ts";
import { ks as publishedKs } from "../../data/paper/published.ts";
import { possibleKs } from "../evaluation/evaluate.ts";
import type { Recipe } from "../recipes/mod.ts";
import { figure2 } from "../reports/figures/figure_2.ts";
import { figure4 } from "../reports/figures/figure_4.ts";
import { figure5 } from "../reports/figures/figure_5.ts";
import { pageFile } from "../reports/page/page.ts";
import { studyHtml } from "../reports/page/study_html.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { recordsOf, scan } from "../reports/page/read_records.ts";
import { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import { studyPage } from "../reports/page/study_page.ts";
import { table1 } from "../reports/tables/table_1.ts";
import { sha256, toText } from "../records/text.ts";
import type * as Noun from "../records/schema.ts";
import { defaults } from "../settings/settings.ts";
import { passAtK } from "../stages/pass_at_k.ts";
import type { Measured, Outcome } from "./run_cell.ts";
import { type Provenance, readProvenance } from "./records.ts";
import { readShown, type Shown, shownFiles, shownRecords } from "./shown_runs.ts";
import { addFigure, type Files, fromResult } from "./write_files.ts";

/** Pass@k rows of a model's counts: of all problems, and of each part that the task names. */
const evaluationRows = (
  task: string,
  prompts: ReadonlyArray<Noun.Prompt>,
  label: string,
  { evaluation, tallies }: Measured,
): EvaluationRow[] => {
  const ks = possibleKs(publishedKs, Math.min(...tallies.map(({ n }) => n)));
  const parts = [["all", () => true] as const, ...Object.entries(tasks[task].slices ?? {})];
  return parts.flatMap(([slice, holds]) => {
    const names = new Set(prompts.filter(holds).map(({ problemId }) => problemId));
    const chosen = tallies.filter(({ problemId }) => names.has(problemId));
    if (chosen.length === 0) return [];
    return passAtK(chosen, ks, defaults.bootstrap).map((row) => ({
      label,
      algorithm: label,
      task,
      evaluation,
      ...row,
      slice,
    }));
  });
};

/** The row of a step: `step` and the rest of its metrics. */
const dynamicsRow = (algorithm: string, row: Readonly<Record<string, unknown>>): DynamicsRow =>
  // `train` wrote the row.
  ({ algorithm, ...row }) as unknown as DynamicsRow;

/** What a study of algorithms recorded: its rows, the device, and the commit of the code where it is known (`record.json`). */
export interface AlgorithmRecords {
  readonly recipe: string;
  readonly device: string;
  readonly commit?: string;
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  /** What the page shows of single runs. */
  readonly shown?: Shown;
}

/** The records of outcomes by algorithm, the base among them. */
export const algorithmRecords = (
  recipe: Recipe,
  device: string,
  commit: string | undefined,
  prompts: ReadonlyArray<Noun.Prompt>,
  outcomes: ReadonlyMap<string, Outcome>,
): AlgorithmRecords => {
  const task = recipe.settings.task ?? defaults.task;
  const first = outcomes.get("base")?.metrics ?? [];
  return {
    recipe: recipe.name,
    device,
    ...(commit !== undefined && { commit }),
    evaluations: [...outcomes].flatMap(([label, { measured }]) =>
      measured.flatMap((one) => evaluationRows(task, prompts, label, one))
    ),
    dynamics: recipe.algorithms.flatMap((algorithm) =>
      [...first, ...outcomes.get(algorithm)?.metrics ?? []].map((row) => dynamicsRow(algorithm, row))
    ),
  };
};

/** The records that stand in a folder of results; undefined where there is no `record.json`. */
export const readAlgorithmRecords = Effect.fn("AlgorithmRecords.read")(function* (folder: string) {
  const record = yield* readProvenance(folder);
  if (record === undefined) return undefined;
  const evaluations = yield* recordsOf(folder, yield* scan(folder, "evaluations.ndjson"), EvaluationRow, [
    "k",
    "passAtK",
  ]);
  const dynamics = yield* recordsOf(folder, yield* scan(folder, "dynamics.ndjson"), DynamicsRow, ["step"]);
  const { recipe, device, commit } = record;
  const found: AlgorithmRecords = {
    recipe,
    device,
    ...(commit !== undefined && { commit }),
    evaluations: evaluations.map((one) => one.record),
    dynamics: dynamics.map((one) => one.record),
    shown: yield* readShown(folder),
  };
  return found;
});

/** Records with the commit that `there` names. */
export const withCommit = ({ commit: _, ...records }: AlgorithmRecords, { commit }: Provenance): AlgorithmRecords => ({
  ...records,
  ...(commit !== undefined && { commit }),
});

/** The files of records by name. */
export const algorithmRecordFiles = ({ evaluations, dynamics, shown, recipe, device, commit }: AlgorithmRecords) =>
  new Map([
    ["record.json", `${JSON.stringify({ recipe, device, commit }, null, 1)}\n`],
    ["evaluations.ndjson", toText(evaluations)],
    ["dynamics.ndjson", toText(dynamics)],
    ...shownFiles(shown),
  ]);

/** Every file of a study's folder, made of its records alone, and Table 1. */
export const algorithmFiles = Effect.fnUntraced(function* (recipe: Recipe, found: AlgorithmRecords) {
  const { evaluations, dynamics, shown, commit, device } = found;
  const files: Files = { texts: algorithmRecordFiles(found), pictures: new Map() };
  const { texts } = files;
  const records = [...texts].map(([file, text]) => ({ file, sha256: sha256(text) }));
  const tables = yield* fromResult(table1.build(evaluations));
  texts.set("table_1.csv", renderTables(tables, { format: "csv", isTerminal: false }));
  texts.set("table_1.md", renderTables(tables, { format: "markdown", isTerminal: false }));
  const figures: Record<string, string> = {
    "figure-2": yield* addFigure(files, yield* fromResult(figure2.build(evaluations))),
    "figure-4": yield* addFigure(files, yield* fromResult(figure4.build(dynamics))),
  };
  const { explained = [], ...runs } = shown === undefined ? {} : yield* shownRecords(shown);
  if (explained.length > 0) figures["figure-5"] = yield* addFigure(files, yield* fromResult(figure5.build(explained)));
  const page = studyPage({ recipe, ...(commit && { commit }), device, evaluations, dynamics, figures, records });
  texts.set("README.md", yield* fromResult(page));
  const html = studyHtml({
    recipe,
    commits: commit === undefined ? [] : [commit],
    device,
    evaluations,
    dynamics,
    explained,
    ...runs,
    records,
  });
  texts.set(pageFile, yield* fromResult(html));
  return { files, tables };
});
