/**
 * OpenRLHF rollouts (`batch_inference`, best-of-n and rejection sampling): one line per response with `input` (the prompt), `output`, an
 * optional `reward`, and the gold answer under its name in the data set (`label`, `answer`, `gts`). A reward of 1, 0 or -1 is a verdict;
 * other numbers, from a reward model, are not. All responses to one `input` are one problem, named by its hash.
 */
import { Result } from "effect";
import { goldsOf } from "../../../data/tasks/golds.ts";
import {
  askedVerdict,
  counter,
  goldFields,
  type Importer,
  nameOfInput,
  questionOf,
  text,
  verdictOfScore,
} from "./importer.ts";

/** Rollouts of OpenRLHF. */
export const openrlhf: Importer = {
  name: "openrlhf",
  summary: "OpenRLHF's rollouts",
  reader: (options) => {
    const { task, split, metric } = options;
    const drawn = counter();
    return (row) =>
      Result.gen(function* () {
        const input = yield* text(row, "input");
        const responseText = yield* text(row, "output");
        const problemId = nameOfInput("openrlhf", input);
        const correct = (yield* askedVerdict(row, options)) ?? verdictOfScore(row.reward);
        return [{
          task,
          split,
          problemId,
          question: questionOf(input),
          ...goldFields(goldsOf(row.label) ?? goldsOf(row.answer) ?? goldsOf(row.gts)),
          promptText: input,
          sampleIndex: drawn(problemId),
          responseText,
          ...(correct !== undefined && {
            correct,
            reason: `OpenRLHF's ${metric ?? "reward"} is ${row[metric ?? "reward"]}`,
          }),
        }];
      });
  },
};
