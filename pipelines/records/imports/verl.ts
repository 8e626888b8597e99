/**
 * verl dumps of rollouts and validation (`trainer.rollout_data_dir`, `trainer.validation_data_dir`): one line per response with `input`
 * (the prompt without special tokens), `output`, `score`, `step`, in later versions `gts` (the gold answer), and the reward function's own
 * fields, of which `acc` and `pred` are read. The verdict is `acc`, else a score above 0. All responses to one `input` are one problem,
 * named by its hash, since a dump has no other name.
 */
import { Result } from "effect";
import { isObject } from "../../../data/is_object.ts";
import { goldsOf } from "../../../data/tasks/golds.ts";
import { byPrompt, type Importer, judged, scoreOf, written } from "./importer.ts";

const goldsIn = (gts: unknown): ReadonlyArray<string> | null =>
  goldsOf(gts) ?? (isObject(gts) ? goldsOf(gts.target) ?? goldsOf(gts.ground_truth) : null) ??
    (Array.isArray(gts) && gts.length === 1 ? goldsOf(gts[0]) : null);

/** Dumps of verl. */
export const verl: Importer = {
  name: "verl",
  summary: "verl's dumps of rollouts and validation",
  reader: byPrompt("verl", "verl", "input", (row) =>
    Result.map(scoreOf(row), (score) => {
      const acc = judged(row.acc);
      return {
        golds: goldsIn(row.gts),
        ...(row.pred !== undefined && { answer: written(row.pred) ?? null }),
        correct: acc ?? score > 0,
        by: acc === undefined ? "score" : "acc",
      };
    })),
};
