/**
 * OpenRLHF rollouts (`batch_inference`, best-of-n and rejection sampling): one line per response with `input` (the prompt), `output`, an
 * optional `reward`, and the gold answer under its name in the data set (`label`, `answer`, `gts`). A reward of 1, 0 or -1 is a verdict;
 * other numbers, from a reward model, are not. All responses to one `input` are one problem, named by its hash.
 */
import { Result } from "effect";
import { goldsOf } from "../../../data/tasks/golds.ts";
import { byPrompt, type Importer, verdictOfScore } from "./importer.ts";

/** Rollouts of OpenRLHF. */
export const openrlhf: Importer = {
  name: "openrlhf",
  summary: "OpenRLHF's rollouts",
  reader: byPrompt("openrlhf", "OpenRLHF", "input", ({ label, answer, gts, reward }) =>
    Result.succeed({
      golds: goldsOf(label) ?? goldsOf(answer) ?? goldsOf(gts),
      correct: verdictOfScore(reward),
      by: "reward",
    })),
};
