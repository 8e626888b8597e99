/**
 * verl dumps of rollouts and validation (`trainer.rollout_data_dir`, `trainer.validation_data_dir`): one line per response with `input`
 * (the prompt without special tokens), `output`, `score`, `step`, in later versions `gts` (the gold answer), and the reward function's own
 * fields, of which `acc` and `pred` are read. The verdict is `acc`, else a score above 0. All responses to one `input` are one problem,
 * named by its hash, since a dump has no other name.
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
        const by = metric ?? (judged(acc) === undefined ? "score" : "acc");
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
          reason: `verl's ${by} is ${row[by]}`,
        }];
      });
  },
};
