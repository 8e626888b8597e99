/**
 * The records of a study as files in its folder of results: the provenance (`record.json`), and the rows from which all other files are
 * derived without running anything. A study with claims keeps the key of each cell and resumes from a clone of its results on the same
 * device; one without keeps the rows of each algorithm's model and the commit.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { isObject } from "../files/json.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { rowsIn } from "../reports/page/read_records.ts";
import * as Command from "../settings/command.ts";
import { readRunText } from "../files/run_directory.ts";
import { toText } from "../records/text.ts";
import type * as RecordTypes from "../records/schema.ts";
import { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import {
  countRows,
  type Done,
  dynamicsRows,
  insightRows,
  passAtKRows,
  problemRows,
  stepRows,
} from "./recorded_rows.ts";
import { CountRow, InsightRow, ProblemRow, StepRow } from "../records/study_rows.ts";
import type { Outcome } from "./run_cell.ts";
import { readShown, type Shown, shownFiles } from "./shown_runs.ts";

/** A finished cell: the key of all its inputs, and the commit of the code if known. */
export interface CellRecord {
  readonly cell: string;
  readonly key: string;
  readonly commit?: string;
}

/** The rows of a study, and their provenance. Without cells only `evaluations` and `dynamics` have rows; with cells these two are empty. */
export interface Records {
  readonly recipe: string;
  readonly device: string;
  /** The commit of the code, if known and not named by the cells. */
  readonly commit?: string;
  readonly cells: ReadonlyArray<CellRecord>;
  /** Pass@k and dynamics of each algorithm's one model. */
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  readonly problems: ReadonlyArray<ProblemRow>;
  readonly counts: ReadonlyArray<CountRow>;
  readonly steps: ReadonlyArray<StepRow>;
  readonly insights: ReadonlyArray<InsightRow>;
  /** The records of single runs for the page. */
  readonly shown?: Shown;
}

/** The test problems of a recipe by the seed that generated them; the published ones have the key `undefined`. */
export type TestPrompts = ReadonlyMap<number | undefined, ReadonlyArray<RecordTypes.Prompt>>;

/** A finished cell with its outcome, or only its record if its rows are in the results already. */
export interface Finished {
  readonly cell: Cell;
  readonly record: CellRecord;
  readonly outcome?: Outcome;
}

/** The problems of an evaluation, by its name. */
export const problemsOf = ({ evaluations }: Recipe, problems: ReadonlyArray<ProblemRow>) => (name: string) => {
  const seed = evaluations.find((one) => one.name === name)?.settings.problemSeed;
  return problems.filter(({ problemSeed }) => problemSeed === seed);
};

const noRecords = { cells: [], evaluations: [], dynamics: [], problems: [], counts: [], steps: [], insights: [] };

/** The records of finished cells, in the order of the recipe; those without an outcome keep their rows of `earlier`. */
export const recordsFrom = (
  recipe: Recipe,
  device: string,
  prompts: TestPrompts,
  finished: ReadonlyArray<Finished>,
  earlier: Records | undefined,
  shown?: Shown,
): Records => {
  const { name, claims } = recipe;
  const made = { ...noRecords, recipe: name, device, ...(shown !== undefined && { shown }) };
  if (claims === undefined) {
    const done = finished.flatMap(({ cell, outcome }): Done[] => outcome === undefined ? [] : [{ cell, outcome }]);
    const commit = finished.at(-1)?.record.commit;
    return {
      ...made,
      ...(commit !== undefined && { commit }),
      evaluations: passAtKRows(recipe, prompts.get(undefined) ?? [], done),
      dynamics: dynamicsRows(done),
    };
  }
  const problems = [...prompts].flatMap(([seed, some]) => problemRows(some, seed, recipe.byFamilies));
  const asked = problemsOf(recipe, problems);
  const kept = <A extends { readonly cell: string }>(rows: ReadonlyArray<A> = [], cell: string) =>
    rows.filter((row) => row.cell === cell);
  const of = <A extends { readonly cell: string }>(
    rowsOf: (done: ReadonlyArray<Done>) => ReadonlyArray<A>,
    rows: ReadonlyArray<A> | undefined,
  ) =>
    finished.flatMap(({ cell, outcome }) =>
      outcome === undefined ? kept(rows, cell.name) : rowsOf([{ cell, outcome }])
    );
  return {
    ...made,
    cells: finished.map(({ record }) => record),
    problems,
    counts: of((done) => countRows(done, asked), earlier?.counts),
    steps: of(stepRows, earlier?.steps),
    insights: of(insightRows, earlier?.insights),
  };
};

/** The files of records by name; empty files are left out. */
export const recordFiles = (records: Records): Map<string, string> => {
  const { recipe, device, commit, cells, shown } = records;
  const provenance = { recipe, device, commit, ...(cells.length > 0 && { cells }) };
  const rows: ReadonlyArray<readonly [name: string, rows: ReadonlyArray<object>]> = [
    ["evaluations", records.evaluations],
    ["problems", records.problems],
    ["counts", records.counts],
    ["dynamics", cells.length > 0 ? records.steps : records.dynamics],
    ["insights", records.insights],
  ];
  return new Map([
    ["record.json", `${JSON.stringify(provenance, null, 1)}\n`],
    ...rows.flatMap(([name, some]) => some.length === 0 ? [] : [[`${name}.ndjson`, toText(some)] as const]),
    ...shownFiles(shown),
  ]);
};

/** The content of `record.json`: the cells, or one commit. */
export type Provenance = Pick<Records, "recipe" | "device" | "commit" | "cells">;

/** Records in which cells of the same name and key have the commits of `there`. */
export const withCommits = (records: Records, there: Provenance | undefined): Records => {
  if (there === undefined) return records;
  const { commit: _, cells, ...rest } = records;
  const same = (record: CellRecord) => there.cells.find(({ cell, key }) => cell === record.cell && key === record.key);
  return {
    ...rest,
    ...(there.commit !== undefined && { commit: there.commit }),
    cells: cells.map((record) => same(record) ?? record),
  };
};

const isCell = (value: unknown): value is CellRecord =>
  isObject(value) && typeof value.cell === "string" && typeof value.key === "string" &&
  (value.commit === undefined || typeof value.commit === "string");

/** The content of `record.json` in a folder of results; undefined if there is none. */
export const readProvenance = Effect.fnUntraced(function* (folder: string) {
  const file = join(folder, "record.json");
  const text = yield* readRunText(file);
  if (text === undefined) return undefined;
  const refusal = (problem: string) => new Command.UsageError({ message: `Cannot read "${file}": ${problem}` });
  const bad = refusal("expected recipe and device");
  const record: unknown = yield* Effect.try({ try: () => JSON.parse(text), catch: () => bad });
  if (!isObject(record) || typeof record.recipe !== "string" || typeof record.device !== "string") return yield* bad;
  const { recipe, device, commit, cells = [] } = record;
  if (!Array.isArray(cells) || !cells.every(isCell)) {
    return yield* refusal('field "cells" must be a list of cell and key');
  }
  const found: Provenance = { recipe, device, ...(typeof commit === "string" && { commit }), cells };
  return found;
});

/** The records in a folder of results; undefined if there is no `record.json`. */
export const readRecords = Effect.fn("Records.read")(function* (folder: string) {
  const provenance = yield* readProvenance(folder);
  if (provenance === undefined) return undefined;
  const rows = <A extends object>(name: string, noun: RecordTypes.RecordSchema<A>) =>
    Effect.map(rowsIn(folder, name, noun), ({ rows }) => rows);
  const made = { ...noRecords, ...provenance, shown: yield* readShown(folder) };
  if (provenance.cells.length === 0) {
    return {
      ...made,
      evaluations: yield* rows("evaluations.ndjson", EvaluationRow),
      dynamics: yield* rows("dynamics.ndjson", DynamicsRow),
    } satisfies Records;
  }
  return {
    ...made,
    problems: yield* rows("problems.ndjson", ProblemRow),
    counts: yield* rows("counts.ndjson", CountRow),
    steps: yield* rows("dynamics.ndjson", StepRow),
    insights: yield* rows("insights.ndjson", InsightRow),
  } satisfies Records;
});
