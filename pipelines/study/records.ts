/**
 * What a study of cells recorded, as files in its folder of results: which cells were run under what (`record.json`), the problems, right
 * responses, dynamics and measurements. All else in the folder follows from these, so it can be made again without running anything, and a
 * study goes on from a clone of its results on the same device.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { isObject } from "../files/json.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { recordsOf, scan } from "../reports/page/read_records.ts";
import * as Command from "../settings/command.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { toText } from "../records/text.ts";
import type * as Noun from "../records/schema.ts";
import { countRows, insightRows, problemRows, stepRows } from "./recorded_rows.ts";
import { CountRow, InsightRow, ProblemRow, StepRow } from "../records/study_rows.ts";
import type { Outcome } from "./run_cell.ts";
import { readShown, type Shown, shownFiles } from "./shown_runs.ts";

/** A cell that was run: the key of all that its outcome depends on, and the commit of the code where it is known. */
export interface CellRecord {
  readonly cell: string;
  readonly key: string;
  readonly commit?: string;
}

/** The rows of a study, and where they come from. */
export interface Records {
  readonly recipe: string;
  readonly device: string;
  readonly cells: ReadonlyArray<CellRecord>;
  readonly problems: ReadonlyArray<ProblemRow>;
  readonly counts: ReadonlyArray<CountRow>;
  readonly steps: ReadonlyArray<StepRow>;
  readonly insights: ReadonlyArray<InsightRow>;
  /** What the page shows of single runs. */
  readonly shown?: Shown;
}

/** The test problems of a recipe by the seed that made them; under `undefined` those that are published. */
export type TestPrompts = ReadonlyMap<number | undefined, ReadonlyArray<Noun.Prompt>>;

/** A cell that is done: what it ended with, or only its record where its rows are in the results already. */
export interface Finished {
  readonly cell: Cell;
  readonly record: CellRecord;
  readonly outcome?: Outcome;
}

/** Which problems an evaluation asks, by its name. */
export const problemsOf = ({ evaluations }: Recipe, problems: ReadonlyArray<ProblemRow>) => (name: string) => {
  const seed = evaluations.find((one) => one.name === name)?.settings.problemSeed;
  return problems.filter(({ problemSeed }) => problemSeed === seed);
};

/** The records of the cells that are done, in the order of the recipe; those without an outcome keep their rows of `earlier`. */
export const recordsFrom = (
  recipe: Recipe,
  device: string,
  prompts: TestPrompts,
  finished: ReadonlyArray<Finished>,
  earlier: Records | undefined,
  shown?: Shown,
): Records => {
  const problems = [...prompts].flatMap(([seed, some]) => problemRows(some, seed));
  const asked = problemsOf(recipe, problems);
  const kept = <A extends { readonly cell: string }>(rows: ReadonlyArray<A> = [], cell: string) =>
    rows.filter((row) => row.cell === cell);
  const of = <A extends { readonly cell: string }>(
    made: (done: ReadonlyArray<{ readonly cell: Cell; readonly outcome: Outcome }>) => ReadonlyArray<A>,
    rows: ReadonlyArray<A> | undefined,
  ) =>
    finished.flatMap(({ cell, outcome }) => outcome === undefined ? kept(rows, cell.name) : made([{ cell, outcome }]));
  return {
    recipe: recipe.name,
    device,
    cells: finished.map(({ record }) => record),
    problems,
    counts: of((done) => countRows(done, asked), earlier?.counts),
    steps: of(stepRows, earlier?.steps),
    insights: of(insightRows, earlier?.insights),
    ...(shown !== undefined && { shown }),
  };
};

/** The files of records by name. */
export const recordFiles = ({ recipe, device, cells, problems, counts, steps, insights, shown }: Records) =>
  new Map([
    ["record.json", `${JSON.stringify({ recipe, device, cells }, null, 1)}\n`],
    ["problems.ndjson", toText(problems)],
    ["counts.ndjson", toText(counts)],
    ["dynamics.ndjson", toText(steps)],
    ...insights.length === 0 ? [] : [["insights.ndjson", toText(insights)] as const],
    ...shownFiles(shown),
  ]);

/** What `record.json` of a folder of results says; of what it holds only some have cells, others one commit. */
export interface Provenance {
  readonly recipe: string;
  readonly device: string;
  readonly commit?: string;
  readonly cells: ReadonlyArray<unknown>;
}

/** Records with the commits that `there` names for the same cells under the same keys. */
export const withCommits = (records: Records, there: Provenance | undefined): Records => {
  const known = (there?.cells ?? []).filter(isCell);
  const same = (record: CellRecord) => known.find(({ cell, key }) => cell === record.cell && key === record.key);
  return { ...records, cells: records.cells.map((record) => same(record) ?? record) };
};

const isCell = (value: unknown): value is CellRecord =>
  isObject(value) && typeof value.cell === "string" && typeof value.key === "string";

/** What `record.json` of a folder of results says; undefined where there is none. */
export const readProvenance = Effect.fnUntraced(function* (folder: string) {
  const file = join(folder, "record.json");
  const text = yield* RunDirectory.readText(file);
  if (text === undefined) return undefined;
  const bad = new Command.UsageError({ message: `Cannot read "${file}": expected recipe and device` });
  const record: unknown = yield* Effect.try({ try: () => JSON.parse(text), catch: () => bad });
  if (!isObject(record) || typeof record.recipe !== "string" || typeof record.device !== "string") return yield* bad;
  const { recipe, device, commit, cells } = record;
  const found: Provenance = {
    recipe,
    device,
    ...(typeof commit === "string" && { commit }),
    cells: Array.isArray(cells) ? cells : [],
  };
  return found;
});

/** The records that stand in a folder of results; undefined where there is no `record.json`. */
export const readRecords = Effect.fn("Records.read")(function* (folder: string) {
  const record = yield* readProvenance(folder);
  if (record === undefined) return undefined;
  const { recipe, device, cells } = record;
  if (!cells.every(isCell)) {
    const message = `Cannot read "${join(folder, "record.json")}": field "cells" must be a list of cell and key`;
    return yield* new Command.UsageError({ message });
  }
  const rows = <A extends object>(name: string, noun: Noun.Noun<A>) =>
    Effect.gen(function* () {
      const read = yield* recordsOf(folder, yield* scan(folder, name), noun);
      return read.map(({ record }) => record);
    });
  const found: Records = {
    recipe,
    device,
    cells,
    problems: yield* rows("problems.ndjson", ProblemRow),
    counts: yield* rows("counts.ndjson", CountRow),
    steps: yield* rows("dynamics.ndjson", StepRow),
    insights: yield* rows("insights.ndjson", InsightRow),
    shown: yield* readShown(folder),
  };
  return found;
});
