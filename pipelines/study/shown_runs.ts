/**
 * The single runs on a study's page: NSR and PSR on the first base and seed of the main condition. If their cells no longer have all
 * records, the two are trained once more, with the same bytes. The results keep the shown records (`excerpts.ndjson`) and the gradient of
 * some tokens of the first step (`explained.ndjson`), so the page is derived from them.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { Explained } from "../records/explained.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { excerptLines, fromExcerpts, type ShownRecords } from "../reports/page/excerpts.ts";
import { explain, explainableOf } from "../reports/page/explain_run.ts";
import { PageError, rowsIn, scan } from "../reports/page/read_records.ts";
import { readRun, type RunSelection } from "../reports/page/read_run.ts";
import type { RunHtml } from "../reports/page/run_html.ts";
import type { Walk } from "../reports/page/walk.ts";
import { exists } from "../files/text_file.ts";
import { textFault } from "../reports/figures/figure_5.ts";
import { toText } from "../records/text.ts";
import { trainCell } from "./run_cell.ts";

/** The shown records of single runs. */
export interface Shown {
  /** The lines of `excerpts.ndjson`. */
  readonly excerpts: ReadonlyArray<string>;
  readonly explained: ReadonlyArray<Explained>;
}

/** The folder of a cell's run with all its records: its own if it kept them, else one that is trained again. */
export const trainShown = Effect.fn("Shown.train")(function* (recipe: Recipe, cell: Cell, folder: string) {
  const own = join(folder, cell.name);
  const out = (yield* exists(join(own, "steps"))) ? own : join(folder, "shown", cell.name);
  yield* trainCell(recipe, cell, out);
  return out;
});

/** What a page shows of runs: responses of each, a prompt's way through the first that has one, and its tokens' gradients in all. */
export const recordsOfRuns = Effect.fnUntraced(function* <E, R>(
  runs: ReadonlyArray<string>,
  choice: RunSelection,
  explainedOf: (run: string, html: RunHtml, walk: Walk) => Effect.Effect<ReadonlyArray<Explained>, E, R>,
) {
  const read = yield* Effect.forEach(runs, (run) => Effect.map(readRun(run, choice), (html) => ({ run, html })));
  const walk = read.find(({ html }) => html.walk !== undefined)?.html.walk;
  const explained = walk === undefined
    ? []
    : yield* Effect.forEach(read, ({ run, html }) => explainedOf(run, html, walk));
  const responses = read.flatMap(({ html }) => html.responses);
  return { responses, explained: explained.flat(), ...(walk && { walk }) };
});

/** The shown records of these runs; all are explained at the same prompt. */
export const shownOf = Effect.fn("Shown.read")(function* (runs: ReadonlyArray<string>) {
  const { explained, ...shown } = yield* recordsOfRuns(
    runs,
    { step: 0, problem: undefined },
    Effect.fnUntraced(function* (run, { config }, { step, problemId }) {
      const found = yield* explainableOf(run, config, step, problemId);
      return found === undefined ? [] : yield* explain(found);
    }),
  );
  const found: Shown = { excerpts: excerptLines(shown), explained };
  return found;
});

const excerptsFile = "excerpts.ndjson";
const explainedFile = "explained.ndjson";

/** The files of the shown records; none if there are none. */
export const shownFiles = (shown: Shown | undefined): ReadonlyArray<readonly [name: string, text: string]> => [
  ...shown === undefined || shown.excerpts.length === 0
    ? []
    : [[excerptsFile, shown.excerpts.map((line) => `${line}\n`).join("")] as const],
  ...shown === undefined || shown.explained.length === 0 ? [] : [[explainedFile, toText(shown.explained)] as const],
];

/** Reads the shown records from a folder of results. */
export const readShown = Effect.fn("Shown.readFiles")(function* (folder: string) {
  const { rows: explained } = yield* rowsIn(folder, explainedFile, Explained);
  const fault = textFault(explained);
  if (fault !== undefined) {
    return yield* new PageError({ message: `Cannot read "${join(folder, explainedFile)}": ${fault}` });
  }
  const scanned = yield* scan(folder, excerptsFile);
  const found: Shown = {
    excerpts: (scanned?.lines ?? []).map(({ text }) => text),
    explained,
  };
  return found;
});

/** The shown records in the form of a page. */
export const shownRecords = (
  { excerpts, explained }: Shown,
): Effect.Effect<ShownRecords & { readonly explained: ReadonlyArray<Explained> }, PageError> =>
  Effect.mapBoth(Effect.fromResult(fromExcerpts(excerpts, excerptsFile)), {
    onFailure: (message) => new PageError({ message }),
    onSuccess: (records) => ({ ...records, explained }),
  });

/** Whether the shown records have runs of all these cells. */
export const covers = ({ excerpts }: Shown, cells: ReadonlyArray<Cell>): boolean =>
  cells.every(({ name }) => excerpts.some((line) => line.includes(`"where":"${name}, `)));
