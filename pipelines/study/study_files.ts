/**
 * The files of a study, derived from its records alone: rows, tables, figures and pages; those without rows are left out. The same cells
 * give the same bytes, however many processes ran them and whether or not they were interrupted.
 */
import { Effect } from "effect";
import type { Recipe } from "../recipes/mod.ts";
import { sha256, toText } from "../records/text.ts";
import type { Chart } from "../reports/figures/chart.ts";
import { figure2 } from "../reports/figures/figure_2.ts";
import { figure4 } from "../reports/figures/figure_4.ts";
import { figure5 } from "../reports/figures/figure_5.ts";
import { frontier } from "../reports/figures/frontier.ts";
import { sweeps } from "../reports/figures/sweeps.ts";
import { pageFile } from "../reports/page/page.ts";
import { studyHtml } from "../reports/page/study_html.ts";
import { studyPage } from "../reports/page/study_page.ts";
import { mainAndAblations } from "../reports/tables/evaluation_blocks.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { table1 } from "../reports/tables/table_1.ts";
import type { Table } from "../reports/tables/table.ts";
import { verdicts } from "../reports/tables/verdicts.ts";
import { derivedRows } from "./derived_rows.ts";
import { movedFile, movedVerdicts } from "./moved_verdicts.ts";
import { recordFiles, type Records } from "./records.ts";
import { shownRecords } from "./shown_runs.ts";
import { orRefusal } from "../settings/command.ts";
import { addFigure, type Files } from "./write_files.ts";

const formats = [["csv", "csv"], ["md", "markdown"], ["tex", "latex"], ["json", "json"]] as const;

const addTables = (files: Files, name: string, tables: ReadonlyArray<Table>) => {
  if (tables.length === 0) return;
  for (const [ending, format] of formats) {
    files.texts.set(`${name}.${ending}`, renderTables(tables, { format, isTerminal: false }));
  }
};

/** The result of `build` on some rows; undefined if there are none. */
const made = <A, B>(rows: ReadonlyArray<A>, build: (rows: ReadonlyArray<A>) => Parameters<typeof orRefusal<B>>[0]) =>
  rows.length === 0 ? Effect.succeed(undefined) : orRefusal(build(rows));

/** The most panels of the figure of Pass@k; if the parts of the problems would make more, it shows all problems alone. */
const fewPanels = 4;

const panelsOf = <A extends { readonly evaluation?: string; readonly slice?: string }>(rows: ReadonlyArray<A>) =>
  new Set(rows.map(({ evaluation, slice }) => JSON.stringify([evaluation, slice]))).size <= fewPanels
    ? rows
    : rows.filter(({ slice }) => slice === "all");

/** Every file of a study's folder, and the printed tables: its verdicts or, without claims, Table 1. */
export const studyFiles = Effect.fnUntraced(function* (recipe: Recipe, found: Records) {
  const files: Files = { texts: recordFiles(found), pictures: new Map() };
  const { texts } = files;
  const rows = derivedRows(recipe, found);
  for (const name of ["claims", "evaluations", "frontier", "sweeps", "chosen"] as const) {
    if (rows[name].length > 0) texts.set(`${name}.ndjson`, toText(rows[name]));
  }
  const records = [...texts].map(([file, text]) => ({ file, sha256: sha256(text) }));

  const { main, ablations } = mainAndAblations(rows.evaluations);
  const judged = (yield* made(rows.claims, verdicts.build)) ?? [];
  const measured = (yield* made(main, table1.build)) ?? [];
  addTables(files, "claims", judged);
  addTables(files, "table_1", measured);
  addTables(files, "ablations", ((yield* made(ablations, table1.build)) ?? []).slice(0, 1));

  const { explained = [], ...runs } = found.shown === undefined ? {} : yield* shownRecords(found.shown);
  const figures: Array<{ readonly file: string; readonly summary: string }> = [];
  const draw = Effect.fnUntraced(function* (summary: string, chart: Chart | undefined) {
    if (chart !== undefined) figures.push({ file: yield* addFigure(files, chart), summary });
  });
  const meanWords = found.cells.length === 0 ? "" : ", mean over cells";
  yield* draw(frontier.summary, yield* made(rows.frontier, frontier.build));
  yield* draw(figure2.summary, yield* made(panelsOf(main), figure2.build));
  yield* draw(`${figure4.summary}${meanWords}`, yield* made(rows.dynamics, figure4.build));
  yield* draw(sweeps.summary, yield* made(rows.sweeps, sweeps.build));
  yield* draw(figure5.summary, yield* made(explained, figure5.build));

  if (main.length > 0) {
    const commits = [...new Set([found, ...found.cells].flatMap(({ commit }) => commit ?? []))];
    const study = {
      recipe,
      commits,
      device: found.device,
      cells: found.cells.map(({ cell }) => cell),
      ...rows,
      insights: found.insights,
      explained,
      ...runs,
      records,
    };
    const moved = yield* movedVerdicts(recipe, rows.claims);
    if (moved !== undefined) texts.set(movedFile, moved);
    texts.set("README.md", yield* orRefusal(studyPage({ ...study, figures })));
    texts.set(pageFile, yield* orRefusal(studyHtml(study)));
  }
  return { files, tables: judged.length > 0 ? judged : measured };
});
