/**
 * The output of the authors' `eval.py` (TianHongZXY/RLVR-Decomposed): one line per response with `question_id` (the row of the data set, so
 * problem names equal ours), `generation_id`, `prompt`, `question`, `answer` (for MATH the whole solution), `gold_answer`, `response`,
 * `pred_answer` and `label`.
 */
import { Result } from "effect";
import { askedVerdict, count, type Importer, judged, text, written } from "./importer.ts";

/** Files of the authors' evaluation. */
export const authors: Importer = {
  name: "authors",
  summary: "the paper's eval.py",
  reader: (options) => (row) =>
    Result.gen(function* () {
      const { task, split } = options;
      const correct = (yield* askedVerdict(row, options)) ?? judged(row.label);
      return [{
        task,
        split,
        problemId: `${task}/${split}/${yield* count(row, "question_id")}`,
        question: yield* text(row, "question"),
        goldAnswer: written(row.gold_answer) || (yield* text(row, "answer")),
        ...(typeof row.prompt === "string" && { promptText: row.prompt }),
        sampleIndex: yield* count(row, "generation_id"),
        responseText: yield* text(row, "response"),
        ...(correct !== undefined && {
          answer: written(row.pred_answer) ?? null,
          correct,
          reason: "as eval.py has it",
        }),
      }];
    }),
};
