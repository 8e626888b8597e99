/**
 * EasyR1's generation log (`generations.log`): blocks of `[prompt] …`, `[output] …`, `[ground_truth] …` and `[score] …`, each of one or
 * more lines; or JSON lines with the fields `prompt`, `output`, `ground_truth` and `score`. Its rewards range from 0 to 1, so a score above
 * 0.5 is right. All responses to one prompt are one problem, named by its hash.
 */
import { Result } from "effect";
import { goldsOf } from "../../../data/tasks/golds.ts";
import { byPrompt, type Importer, type Row, scoreOf } from "./importer.ts";

const block = /^\[prompt\] ([^]*?)\n\[output\] ([^]*)\n\[ground_truth\] ([^]*?)\n\[score\] (\S+)\s*$/;

/** The blocks of a log. A response may contain the head of a field, but no whole block. */
const blocksOf = (log: string): ReadonlyArray<{ readonly line: number; readonly row: Row }> | undefined => {
  if (!log.startsWith("[prompt] ")) return undefined;
  let line = 1;
  return log.split(/\n(?=\[prompt\] )/).map((part) => {
    const [, prompt, output, ground_truth, score] = block.exec(part) ?? [];
    const from = line;
    line += part.split("\n").length;
    return {
      line: from,
      row: { prompt, output, ground_truth, score: score === undefined ? undefined : Number(score) },
    };
  });
};

/** Generations of EasyR1. */
export const easyr1: Importer = {
  name: "easyr1",
  summary: "EasyR1's generations.log, or lines of JSON",
  rowsOfText: blocksOf,
  reader: byPrompt("easyr1", "EasyR1", "prompt", (row) =>
    Result.map(scoreOf(row), (score) => ({
      golds: goldsOf(row.ground_truth),
      correct: score > 0.5,
      by: "score",
    }))),
};
