/**
 * What the tasks of real mathematics share: problems come from files, are asked with the paper's templates, and are graded by the
 * verifier on the answer in the last box.
 */
import { grade } from "../grading/grade.ts";
import { endsInThought } from "../grading/thought.ts";
import type { Split, Task } from "../task.ts";
import { template, templateNames } from "../template.ts";
import { type GoldFrom, parseRows } from "./rows.ts";

/** A task of real mathematics; `folder` is its place under the data folder, `gold` where its gold answers stand. */
export function mathematics(
  { name, summary, splits, folder, gold, prefersChat = false, paperByString = false }: {
    readonly name: string;
    readonly summary: string;
    readonly splits: ReadonlyArray<Split>;
    readonly folder: string | null;
    readonly gold: GoldFrom;
    readonly prefersChat?: boolean;
    /** Whether the mode `paper` compares answers as strings alone, as the authors' training does for AIME and AMC. */
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
    prefersChat,
    promptText: ({ question }, chosen = templateNames[0]) => template(chosen, question),
    grade: ({ goldAnswer, promptText }, responseText, mode) =>
      grade(goldAnswer, responseText, mode, paperByString, promptText !== undefined && endsInThought(promptText)),
  };
}
