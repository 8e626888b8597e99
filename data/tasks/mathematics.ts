/** The common parts of the mathematics tasks: problems from files, the paper's templates, and the verifier on the last box. */
import { grade } from "../grading/grade.ts";
import { endsInThought } from "../grading/thought.ts";
import type { Split, Task } from "../task.ts";
import { template, templateNames } from "../template.ts";
import { type GoldFrom, parseRows } from "./rows.ts";

/** A mathematics task; `folder` is its place under the data folder, `gold` tells which field holds the gold answers. */
export function mathematics(
  { name, summary, splits, folder, gold, prefersChat = false, paperByString = false }: {
    readonly name: string;
    readonly summary: string;
    readonly splits: ReadonlyArray<Split>;
    readonly folder: string | null;
    readonly gold: GoldFrom;
    readonly prefersChat?: boolean;
    /** Whether mode `paper` compares answers only as strings, as the authors' training does for AIME and AMC. */
    readonly paperByString?: boolean;
  },
): Task {
  return {
    name,
    summary,
    splits,
    source: {
      kind: "files",
      folder,
      parse: (rows, { file, split }) => parseRows(rows, { file, prefix: `${name}/${split}`, gold }),
    },
    templates: templateNames,
    extracts: true,
    prefersChat,
    promptText: ({ question }, chosen = templateNames[0]) => template(chosen, question),
    grade: ({ goldAnswer, promptText }, responseText, mode) =>
      grade(goldAnswer, responseText, mode, paperByString, promptText !== undefined && endsInThought(promptText)),
  };
}
