/**
 * A study's folder as a page shows it: the rows that stand there, whatever of them is there, and what its README says of how it was made. Pictures
 * that the page does not draw itself are taken as they are.
 */
import { Effect } from "effect";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { recipes } from "../../recipes/mod.ts";
import type { Failure } from "../../runtime/command.ts";
import { evaluationsFile } from "../read_lines.ts";
import { DynamicsRow, EvaluationRow, FlatRow } from "../rows.ts";
import { exists, namesIn, PageError, recordsOf, scan } from "./read_records.ts";
import type { Picture, StudyHtml } from "./study_html.ts";
import { TokenGradientRow } from "./token_gradients_section.ts";

/** What the page draws itself, with values to hover. */
const drawn = ["figure_2.svg", "figure_4.svg"];

/** Where the records of `explain` may stand. */
const explainedFiles = ["token_gradients.ndjson", "explained.ndjson", "figure_5.ndjson"];

/** Whether a folder is what `reproduce` or `evaluate` writes. */
export const isStudy = (folder: string): Effect.Effect<boolean> => exists(join(folder, evaluationsFile));

const factOf = (readme: ReadonlyArray<string>, name: string): string | undefined =>
  readme.map((line) => line.startsWith(`- ${name}: `) ? line.slice(name.length + 4).replaceAll("`", "") : "")
    .find((value) => value !== "");

const bytesOf = (path: string) =>
  Effect.tryPromise({
    try: () => readFile(path),
    catch: (cause) =>
      new PageError({ message: `Cannot read "${path}": ${cause instanceof Error ? cause.message : cause}` }),
  });

/** The page's content. */
export const readStudy = Effect.fn("Report.readStudy")(
  function* (folder: string): Effect.fn.Return<StudyHtml, Failure> {
    const names = yield* namesIn(folder);
    const explainedFile = explainedFiles.find((name) => names.includes(name));
    const readme = (yield* scan(folder, "README.md"))?.lines.map(({ text }) => text) ?? [];
    const evaluationsScanned = yield* scan(folder, evaluationsFile);
    const dynamicsScanned = yield* scan(folder, "dynamics.ndjson");
    const claimsScanned = yield* scan(folder, "claims.ndjson");
    const countsScanned = yield* scan(folder, "counts.ndjson", () => false);
    const explainedScanned = explainedFile === undefined ? undefined : yield* scan(folder, explainedFile);
    const evaluations = yield* recordsOf(folder, evaluationsScanned, EvaluationRow);
    const dynamics = yield* recordsOf(folder, dynamicsScanned, DynamicsRow);
    const claims = yield* recordsOf(folder, claimsScanned, FlatRow);
    const explained = yield* recordsOf(folder, explainedScanned, TokenGradientRow);
    const broken = explained.find(({ record }) =>
      !Array.isArray(record.shownTexts) || record.shownTexts.length !== record.shownProbabilities.length ||
      !record.shownTexts.every((text) => typeof text === "string")
    );
    if (broken !== undefined) {
      const message = `Cannot read "${
        join(folder, broken.file)
      }", line ${broken.line}: field "shownTexts" must be a text for each token`;
      return yield* new PageError({ message });
    }
    const pictures = yield* Effect.forEach(
      names.filter((name) => name.endsWith(".svg") && !drawn.includes(name)),
      (file): Effect.Effect<Picture, PageError> =>
        Effect.map(bytesOf(join(folder, file)), (bytes) => ({
          name: file.slice(0, -4),
          type: "image/svg+xml",
          base64: bytes.toString("base64"),
        })),
    );
    const name = factOf(readme, "recipe") ?? basename(resolve(folder));
    const commit = factOf(readme, "commit");
    const device = factOf(readme, "device");
    return {
      name,
      ...(recipes[name] && { recipe: recipes[name] }),
      ...(commit !== undefined && { commit }),
      ...(device !== undefined && { device }),
      evaluations: evaluations.map(({ record }) => record),
      dynamics: dynamics.map(({ record }) => record),
      claims: claims.map(({ record }) => record),
      tokenGradients: explained.map(({ record }) => record),
      pictures,
      records: [evaluationsScanned, dynamicsScanned, claimsScanned, countsScanned, explainedScanned]
        .flatMap((file) => file === undefined ? [] : [{ file: file.file, sha256: file.sha256 }]),
    };
  },
);
