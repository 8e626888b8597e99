/** Reads a study's folder for a page: its row files, as far as they exist, and its `record.json`. */
import { Effect } from "effect";
import { basename, join, resolve } from "node:path";
import { recipes } from "../recipes/mod.ts";
import type { Failure } from "../settings/command.ts";
import type { RecordSchema } from "../records/schema.ts";
import { dynamicsOfCells } from "./derived_rows.ts";
import { ChosenRow, ClaimRow, FrontierRow, InsightRow, StepRow, SweepRow } from "../records/study_rows.ts";
import { readProvenance } from "./records.ts";
import { readShown, shownRecords } from "./shown_runs.ts";
import { evaluationsFile } from "../reports/read_lines.ts";
import { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import { rowsIn, scan } from "../reports/page/read_records.ts";
import { exists, type FileError } from "../files/text_file.ts";
import type { StudyReport } from "../reports/page/study_report.ts";

/** Whether a folder was written by `reproduce` or `evaluate`. */
export const isStudy = (folder: string): Effect.Effect<boolean, FileError> => exists(join(folder, evaluationsFile));

/** The page's content. */
export const readStudy = Effect.fn("Report.readStudy")(
  function* (folder: string): Effect.fn.Return<StudyReport, Failure> {
    const provenance = yield* readProvenance(folder);
    const hashes: Array<{ readonly file: string; readonly sha256: string }> = [];
    const read = Effect.fnUntraced(function* <A extends object>(
      file: string,
      noun: RecordSchema<A>,
    ): Effect.fn.Return<ReadonlyArray<A>, Failure> {
      const { rows, scanned } = yield* rowsIn(folder, file, noun);
      if (scanned !== undefined) hashes.push({ file, sha256: scanned.sha256 });
      return rows;
    });
    // The dynamics of a study with recorded cells have a cell in each row.
    const hasCells = (provenance?.cells.length ?? 0) > 0;
    const evaluations = yield* read(evaluationsFile, EvaluationRow);
    const trained = hasCells
      ? dynamicsOfCells(yield* read("dynamics.ndjson", StepRow))
      : { dynamics: yield* read("dynamics.ndjson", DynamicsRow) };
    const claims = yield* read("claims.ndjson", ClaimRow);
    const frontier = yield* read("frontier.ndjson", FrontierRow);
    const sweeps = yield* read("sweeps.ndjson", SweepRow);
    const chosen = yield* read("chosen.ndjson", ChosenRow);
    const insights = yield* read("insights.ndjson", InsightRow);
    const { explained, ...runs } = yield* Effect.flatMap(readShown(folder), shownRecords);
    for (const file of ["record.json", "counts.ndjson", "problems.ndjson", "excerpts.ndjson", "explained.ndjson"]) {
      const scanned = yield* scan(folder, file, () => false);
      if (scanned !== undefined) hashes.push({ file, sha256: scanned.sha256 });
    }
    const { recipe: name = basename(resolve(folder)), device, commit, cells = [] } = provenance ?? {};
    return {
      name,
      ...(Object.hasOwn(recipes, name) && { recipe: recipes[name] }),
      commits: [...new Set([commit, ...cells.map((cell) => cell.commit)].filter((one) => one !== undefined))],
      ...(device !== undefined && { device }),
      cells: cells.map(({ cell }) => cell),
      evaluations,
      ...trained,
      claims,
      frontier,
      sweeps,
      chosen,
      insights,
      explained,
      ...runs,
      records: hashes,
    };
  },
);
