/** The results of a recipe that trains each of its algorithms once: rows, Table 1, Figures 2 and 4 and the page. */
import { Effect } from "effect";
import { tasks } from "../../data/mod.ts";
import { ks as publishedKs } from "../../data/paper/published.ts";
import { possibleKs } from "../evaluate.ts";
import type { Recipe } from "../recipes/mod.ts";
import { figure2 } from "../reports/figure_2.ts";
import { figure4 } from "../reports/figure_4.ts";
import { renderTables } from "../reports/render_table.ts";
import type { DynamicsRow, EvaluationRow } from "../reports/rows.ts";
import { studyPage } from "../reports/study_page.ts";
import { table1 } from "../reports/table_1.ts";
import { sha256, toText } from "../runtime/stage_record.ts";
import type * as Noun from "../schema.ts";
import { defaults } from "../settings.ts";
import { passAtK } from "../stages/pass_at_k.ts";
import type { Measured, Outcome } from "./run_cell.ts";
import { addFigure, commitOf, type Files, fromResult, writeFiles } from "./write_files.ts";

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

/** Writes rows, tables, pictures and the page of outcomes by algorithm, the base among them; gives files and Table 1. */
export const writeAlgorithmResults = Effect.fnUntraced(function* (
  out: string,
  recipe: Recipe,
  prompts: ReadonlyArray<Noun.Prompt>,
  outcomes: ReadonlyMap<string, Outcome>,
  device: string,
) {
  const task = recipe.settings.task ?? defaults.task;
  const rows = [...outcomes].flatMap(([label, { measured }]) =>
    measured.flatMap((one) => evaluationRows(task, prompts, label, one))
  );
  const first = outcomes.get("base")?.metrics ?? [];
  const dynamics = recipe.algorithms.flatMap((algorithm) =>
    [...first, ...outcomes.get(algorithm)?.metrics ?? []].map((row) => dynamicsRow(algorithm, row))
  );
  const files: Files = { texts: new Map(), pictures: new Map() };
  const { texts } = files;
  texts.set("evaluations.ndjson", toText(rows));
  texts.set("dynamics.ndjson", toText(dynamics));
  const records = [...texts].map(([file, text]) => ({ file, sha256: sha256(text) }));
  const tables = yield* fromResult(table1.build(rows));
  texts.set("table_1.csv", renderTables(tables, { format: "csv", isTerminal: false }));
  texts.set("table_1.md", renderTables(tables, { format: "markdown", isTerminal: false }));
  const figures: Record<string, string> = {
    "figure-2": yield* addFigure(files, yield* fromResult(figure2.build(rows))),
    "figure-4": yield* addFigure(files, yield* fromResult(figure4.build(dynamics))),
  };
  const commit = yield* commitOf;
  const page = studyPage({
    recipe,
    ...(commit && { commit }),
    device,
    evaluations: rows,
    dynamics,
    figures,
    records,
  });
  texts.set("README.md", yield* fromResult(page));
  return { files: yield* writeFiles(out, files), tables };
});
