/**
 * What verl dumps of rollouts and of validation (`trainer.rollout_data_dir`, `trainer.validation_data_dir`): a line a response with `input` (the
 * prompt without its special tokens), `output`, `score`, `step`, in later versions `gts` (the gold answer), and whatever the reward function
 * adds, of which `acc` and `pred` are read. Right is what `acc` calls so, else a score above 0. Responses to one `input` are one problem,
 * named by its hash, because a dump says no more.
 */
import { Result } from "effect";
import { goldsOf } from "../../../data/tasks/golds.ts";
import {
  askedVerdict,
  counter,
  type Fault,
  goldFields,
  type Importer,
  isRow,
  judged,
  nameOfInput,
  questionOf,
  text,
  written,
} from "./importer.ts";

const goldsIn = (gts: unknown): ReadonlyArray<string> | null =>
  goldsOf(gts) ?? (isRow(gts) ? goldsOf(gts.target) ?? goldsOf(gts.ground_truth) : null) ??
    (Array.isArray(gts) && gts.length === 1 ? goldsOf(gts[0]) : null);

/** Dumps of verl. */
export const verl: Importer = {
  name: "verl",
  summary: "verl's dumps of rollouts and validation",
  reader: (options) => {
    const { task, split, metric } = options;
    const drawn = counter();
    return (row) =>
      Result.gen(function* () {
        const input = yield* text(row, "input");
        const responseText = yield* text(row, "output");
        const { acc, score, pred } = row;
        if (typeof score !== "number") {
          return yield* Result.fail<Fault>({ field: "score", expected: "a number", found: score });
        }
        const problemId = nameOfInput("verl", input);
        const correct = (yield* askedVerdict(row, options)) ?? judged(acc) ?? score > 0;
        return [{
          task,
          split,
          problemId,
          question: questionOf(input),
          ...goldFields(goldsIn(row.gts)),
          promptText: input,
          sampleIndex: drawn(problemId),
          responseText,
          ...(pred !== undefined && { answer: written(pred) ?? null }),
          correct,
          reason: metric === undefined ? `verl's score is ${score}` : `verl's ${metric} is ${row[metric]}`,
        }];
      });
  },
};
