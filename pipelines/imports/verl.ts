/**
 * What verl dumps of rollouts and of validation (`trainer.rollout_data_dir`, `trainer.validation_data_dir`): a line a response with `input` (the
 * prompt without its special tokens), `output`, `score`, `step`, in later versions `gts` (the gold answer), and whatever the reward function
 * adds, of which `acc` and `pred` are read. Right is what `acc` calls so, else a score above 0. Responses to one `input` are one problem,
 * named by its hash, because a dump says no more.
 */
import { Result } from "effect";
import { createHash } from "node:crypto";
import { counter, type Fault, type Importer, isRow, judged, text, written } from "./importer.ts";

/** The question within a chat whose special tokens are gone: what stands between `user` and `assistant`. */
const questionOf = (input: string): string => /(?:^|\n)user\n([^]*?)\n?assistant\n/.exec(input)?.[1].trim() ?? input;

const goldOf = (gts: unknown): string | undefined =>
  written(gts) ?? (isRow(gts) ? written(gts.target) ?? written(gts.ground_truth) : undefined) ??
    (Array.isArray(gts) && gts.length === 1 ? written(gts[0]) : undefined);

/** Dumps of verl. */
export const verl: Importer = {
  name: "verl",
  summary: "verl's dumps of rollouts and validation",
  reader: ({ task, split }) => {
    const drawn = counter();
    return (row) =>
      Result.gen(function* () {
        const input = yield* text(row, "input");
        const responseText = yield* text(row, "output");
        const { acc, score, pred } = row;
        if (typeof score !== "number") {
          return yield* Result.fail<Fault>({ field: "score", expected: "a number", found: score });
        }
        const problemId = `verl/${createHash("sha256").update(input).digest("hex").slice(0, 12)}`;
        const correct = judged(acc) ?? score > 0;
        const goldAnswer = goldOf(row.gts);
        return [{
          task,
          split,
          problemId,
          question: questionOf(input),
          ...(goldAnswer !== undefined && { goldAnswer }),
          promptText: input,
          sampleIndex: drawn(problemId),
          responseText,
          ...(pred !== undefined && { answer: written(pred) ?? null }),
          correct,
          reason: `verl's score is ${score}`,
        }];
      });
  },
};
