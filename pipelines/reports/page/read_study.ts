/** A study's folder as a page shows it: the rows that stand there, whatever of them is there, and what its README says of how it was made. */
import { Effect } from "effect";
import { basename, join, resolve } from "node:path";
import { Explained } from "../../explained.ts";
import { recipes } from "../../recipes/mod.ts";
import type { Failure } from "../../runtime/command.ts";
import type { Noun } from "../../schema.ts";
import { meanDynamics } from "../../study/grid_rows.ts";
import { ClaimRow } from "../../study/judge.ts";
import { InsightRow, StepRow } from "../../study/rows.ts";
import { textFault } from "../figure_5.ts";
import { FrontierRow } from "../frontier.ts";
import { evaluationsFile } from "../read_lines.ts";
import { DynamicsRow, EvaluationRow } from "../rows.ts";
import { SweepRow } from "../sweeps.ts";
import { exists, namesIn, PageError, recordsOf, scan } from "./read_records.ts";
import type { StudyHtml } from "./study_html.ts";

/** Whether a folder is what `reproduce` or `evaluate` writes. */
export const isStudy = (folder: string): Effect.Effect<boolean> => exists(join(folder, evaluationsFile));

const factsOf = (readme: ReadonlyArray<string>, name: string): ReadonlyArray<string> =>
  readme.flatMap((line) => line.startsWith(`- ${name}: `) ? [line.slice(name.length + 4).replaceAll("`", "")] : []);

/** What a study of cells says of its training: means over the cells of the main condition, and which cells there are. */
export const dynamicsOfCells = (
  steps: ReadonlyArray<StepRow>,
): Pick<StudyHtml, "dynamics" | "dynamicsWords" | "cells"> => {
  const main = steps.filter(({ condition }) => condition === "main");
  const counts = [...Map.groupBy(main, ({ algorithm }) => algorithm).values()]
    .map((rows) => new Set(rows.map(({ cell }) => cell)).size);
  return {
    dynamics: meanDynamics(steps, "main"),
    dynamicsWords: {
      ...(counts.length > 0 && { cells: [Math.min(...counts), Math.max(...counts)] as const }),
      onPolicy: meanDynamics(steps, "one update a batch"),
    },
    cells: [...new Set(steps.map(({ cell }) => cell))],
  };
};

/** The page's content. */
export const readStudy = Effect.fn("Report.readStudy")(
  function* (folder: string): Effect.fn.Return<StudyHtml, Failure> {
    const names = yield* namesIn(folder);
    const readme = (yield* scan(folder, "README.md"))?.lines.map(({ text }) => text) ?? [];
    const hashes: Array<{ readonly file: string; readonly sha256: string }> = [];
    const read = Effect.fnUntraced(function* <A extends object>(
      file: string,
      noun: Noun<A>,
    ): Effect.fn.Return<ReadonlyArray<A>, Failure> {
      const scanned = yield* scan(folder, file);
      if (scanned !== undefined) hashes.push({ file, sha256: scanned.sha256 });
      return (yield* recordsOf(folder, scanned, noun)).map(({ record }) => record);
    });
    // Only a study of cells keeps its counts; its dynamics name the cell of each row.
    const hasCells = names.includes("counts.ndjson");
    const evaluations = yield* read(evaluationsFile, EvaluationRow);
    const trained = hasCells
      ? dynamicsOfCells(yield* read("dynamics.ndjson", StepRow))
      : { dynamics: yield* read("dynamics.ndjson", DynamicsRow) };
    const claims = yield* read("claims.ndjson", ClaimRow);
    const frontier = yield* read("frontier.ndjson", FrontierRow);
    const sweeps = yield* read("sweeps.ndjson", SweepRow);
    const insights = yield* read("insights.ndjson", InsightRow);
    const explained = yield* read("explained.ndjson", Explained);
    const fault = textFault(explained);
    if (fault !== undefined) {
      return yield* new PageError({ message: `Cannot read "${join(folder, "explained.ndjson")}": ${fault}` });
    }
    for (const file of ["counts.ndjson", "problems.ndjson"]) {
      const scanned = yield* scan(folder, file, () => false);
      if (scanned !== undefined) hashes.push({ file, sha256: scanned.sha256 });
    }
    const [recipe] = factsOf(readme, "recipe");
    const name = recipe?.split(",")[0] ?? basename(resolve(folder));
    const [device] = factsOf(readme, "device");
    return {
      name,
      ...(recipes[name] && { recipe: recipes[name] }),
      commits: factsOf(readme, "commit"),
      ...(device !== undefined && { device }),
      evaluations,
      ...trained,
      claims,
      frontier,
      sweeps,
      insights,
      explained,
      records: hashes.sort((a, b) => a.file < b.file ? -1 : 1),
    };
  },
);
