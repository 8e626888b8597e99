/**
 * The results of a study of cells, from the records of whatever cells are done: what follows from them, tables, pictures and the page. One
 * process or many, interrupted or not, the same cells give the same bytes, for nothing here depends on who ran them or when.
 */
import { Effect } from "effect";
import { studyClaims } from "../recipes/tiny_full/claims.ts";
import type { Recipe } from "../recipes/mod.ts";
import type { Chart } from "../reports/figures/chart.ts";
import { mainAndAblations } from "../reports/tables/evaluation_blocks.ts";
import { figure2 } from "../reports/figures/figure_2.ts";
import { figure4 } from "../reports/figures/figure_4.ts";
import { figure5 } from "../reports/figures/figure_5.ts";
import { frontier } from "../reports/figures/frontier.ts";
import { gridPage } from "../reports/page/grid_page.ts";
import { pageFile } from "../reports/page/page.ts";
import { studyHtml } from "../reports/page/study_html.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { sweeps } from "../reports/figures/sweeps.ts";
import type { Table } from "../reports/tables/table.ts";
import { table1 } from "../reports/tables/table_1.ts";
import { verdicts } from "../reports/tables/verdicts.ts";
import { sha256, toText } from "../records/text.ts";
import { defaults } from "../settings/settings.ts";
import { evidenceOf } from "./evidence.ts";
import { dynamicsOfCells, evaluationRows, frontierRows, meanDynamics, sweepRows } from "./grid_rows.ts";
import { judgeTwice } from "./judge.ts";
import { slicesOf } from "./recorded_rows.ts";
import { problemsOf, recordFiles, type Records } from "./records.ts";
import { shownRecords } from "./shown_runs.ts";
import { addFigure, type Files, fromResult } from "./write_files.ts";

const formats = [["csv", "csv"], ["md", "markdown"], ["tex", "latex"], ["json", "json"]] as const;

const addTables = (files: Files, name: string, tables: ReadonlyArray<Table>) => {
  for (const [ending, format] of formats) {
    files.texts.set(`${name}.${ending}`, renderTables(tables, { format, isTerminal: false }));
  }
};

/** Cells that are done, by condition. */
const countBy = (recipe: Recipe, { cells }: Records): ReadonlyMap<string, number> => {
  const done = new Set(cells.map(({ cell }) => cell));
  const some = (recipe.cells ?? []).filter(({ name }) => done.has(name));
  return new Map([...Map.groupBy(some, ({ condition }) => condition)].map(([name, cells]) => [name, cells.length]));
};

/** What claims are judged by: the published test problems, and the others that some evaluations ask again. */
const askedOf = (recipe: Recipe, { problems, counts, steps, insights }: Records) => {
  const named = new Map(recipe.evaluations.map((one) => [one.name, one]));
  const repeated = counts.flatMap((row) => {
    const repeats = named.get(row.evaluation)?.repeats;
    return repeats === undefined ? [] : [{ ...row, evaluation: repeats }];
  });
  const other = recipe.evaluations.find(({ repeats }) => repeats !== undefined)?.name ?? "";
  const published = {
    counts: counts.filter(({ evaluation }) => named.get(evaluation)?.repeats === undefined),
    steps,
    insights,
    slices: slicesOf(problems.filter(({ problemSeed }) => problemSeed === undefined)),
  };
  return {
    published,
    other: { ...published, counts: repeated, slices: slicesOf(problemsOf(recipe, problems)(other)) },
  };
};

/** Every file of a study's folder, made of its records alone, and the table of verdicts. */
export const gridFiles = Effect.fnUntraced(function* (recipe: Recipe, found: Records) {
  const files: Files = { texts: recordFiles(found), pictures: new Map() };
  const { texts } = files;
  const { published, other } = askedOf(recipe, found);
  const { counts, steps } = published;
  const evidence = evidenceOf(published);
  const claims = judgeTwice(studyClaims, published, other);
  const evaluations = evaluationRows(recipe.settings.task ?? defaults.task, counts, evidence);
  const [along, swept] = [frontierRows(counts, evidence), sweepRows(recipe, evidence)];
  texts.set("claims.ndjson", toText(claims));
  texts.set("evaluations.ndjson", toText(evaluations));
  texts.set("frontier.ndjson", toText(along));
  texts.set("sweeps.ndjson", toText(swept));
  const records = [...texts].map(([file, text]) => ({ file, sha256: sha256(text) }));

  const { main, ablations } = mainAndAblations(evaluations);
  const judged = yield* fromResult(verdicts.build(claims));
  addTables(files, "claims", judged);
  if (main.length > 0) addTables(files, "table_1", yield* fromResult(table1.build(main)));
  if (ablations.length > 0) addTables(files, "ablations", (yield* fromResult(table1.build(ablations))).slice(0, 1));

  const mean = meanDynamics(steps, "main");
  const whole = main.filter(({ slice }) => slice === "all");
  const figures: Array<{ readonly file: string; readonly summary: string }> = [];
  const draw = Effect.fnUntraced(function* (summary: string, chart: Chart) {
    figures.push({ file: yield* addFigure(files, chart), summary });
  });
  if (along.length > 0) yield* draw(frontier.summary, yield* fromResult(frontier.build(along)));
  if (whole.length > 0) yield* draw(figure2.summary, yield* fromResult(figure2.build(whole)));
  if (mean.length > 0) yield* draw(`${figure4.summary}, mean over cells`, yield* fromResult(figure4.build(mean)));
  if (swept.length > 0) yield* draw(sweeps.summary, yield* fromResult(sweeps.build(swept)));

  const { explained = [], ...runs } = found.shown === undefined ? {} : yield* shownRecords(found.shown);
  if (explained.length > 0) yield* draw(figure5.summary, yield* fromResult(figure5.build(explained)));

  if (main.length > 0) {
    const commits = [...new Set(found.cells.flatMap(({ commit }) => commit ?? []))];
    const page = gridPage({
      recipe,
      commits,
      device: found.device,
      claims,
      main,
      ablations,
      frontier: along,
      sweeps: swept,
      dynamics: mean,
      insights: found.insights,
      figures,
      records,
      done: countBy(recipe, found),
    });
    texts.set("README.md", yield* fromResult(page));
    const html = studyHtml({
      recipe,
      commits,
      device: found.device,
      cells: found.cells.map(({ cell }) => cell),
      ...dynamicsOfCells(steps),
      evaluations,
      claims,
      frontier: along,
      sweeps: swept,
      insights: found.insights,
      explained,
      ...runs,
      records,
    });
    texts.set(pageFile, yield* fromResult(html));
  }
  return { files, tables: judged };
});
