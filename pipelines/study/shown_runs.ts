/**
 * What the page of a study shows of single runs: NSR and PSR on the first base and seed of the main condition. Their cells keep all records;
 * where these are gone, the two are trained once more: the same bytes. The results keep the records that are shown (`excerpts.ndjson`) and the
 * gradient of some tokens of the first step (`explained.ndjson`), so that the page follows from them.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { Explained } from "../records/explained.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { excerptLines, fromExcerpts, type ShownRecords } from "../reports/page/excerpts.ts";
import { explain, explainableOf } from "../reports/page/explain_run.ts";
import { PageError, rowsIn, scan } from "../reports/page/read_records.ts";
import { readRun } from "../reports/page/read_run.ts";
import { exists } from "../files/text_file.ts";
import { textFault } from "../reports/figures/figure_5.ts";
import { toText } from "../records/text.ts";
import { trainCell } from "./run_cell.ts";

/** What is shown of runs, as records beside those of the study. */
export interface Shown {
  /** The lines of `excerpts.ndjson`. */
  readonly excerpts: ReadonlyArray<string>;
  readonly explained: ReadonlyArray<Explained>;
}

/** The run of a cell with all its records: the cell's own where it kept them, else one that is trained for it beside the study's runs. */
export const trainShown = Effect.fn("Shown.train")(function* (recipe: Recipe, cell: Cell, folder: string) {
  const own = join(folder, cell.name);
  const out = (yield* exists(join(own, "steps"))) ? own : join(folder, "shown", cell.name);
  yield* trainCell(recipe, cell, out);
  return out;
});

/** What is shown of some runs; all are explained at the prompt that is followed. */
export const shownOf = Effect.fn("Shown.read")(function* (runs: ReadonlyArray<string>) {
  const read = yield* Effect.forEach(
    runs,
    (run) => Effect.map(readRun(run, { step: 0, problem: undefined }), (html) => ({ run, html })),
  );
  const walk = read.find(({ html }) => html.walk !== undefined)?.html.walk;
  const explained = walk === undefined ? [] : yield* Effect.forEach(
    read,
    ({ run, html }) =>
      Effect.flatMap(
        explainableOf(run, html.config, walk.step, walk.problemId),
        (found) => found === undefined ? Effect.succeed([]) : explain(found),
      ),
  );
  const responses = read.flatMap(({ html }) => html.responses);
  const found: Shown = {
    excerpts: excerptLines({ responses, ...(walk && { walk }) }),
    explained: explained.flat(),
  };
  return found;
});

const excerptsFile = "excerpts.ndjson";
const explainedFile = "explained.ndjson";

/** The files of what is shown; none where nothing is. */
export const shownFiles = (shown: Shown | undefined): ReadonlyArray<readonly [name: string, text: string]> => [
  ...shown === undefined || shown.excerpts.length === 0
    ? []
    : [[excerptsFile, shown.excerpts.map((line) => `${line}\n`).join("")] as const],
  ...shown === undefined || shown.explained.length === 0 ? [] : [[explainedFile, toText(shown.explained)] as const],
];

/** What is shown, from a folder of results. */
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

/** The records of what is shown, as a page takes them. */
export const shownRecords = (
  { excerpts, explained }: Shown,
): Effect.Effect<ShownRecords & { readonly explained: ReadonlyArray<Explained> }, PageError> =>
  Effect.mapBoth(Effect.fromResult(fromExcerpts(excerpts, excerptsFile)), {
    onFailure: (message) => new PageError({ message }),
    onSuccess: (records) => ({ ...records, explained }),
  });

/** Whether what is shown has runs of all these cells. */
export const covers = ({ excerpts }: Shown, cells: ReadonlyArray<Cell>): boolean =>
  cells.every(({ name }) => excerpts.some((line) => line.includes(`"where":"${name}, `)));
