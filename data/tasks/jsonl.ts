/**
 * Anyone's own problems: a JSONL or Parquet file named with `--data FILE`, one problem a row, with `problem` or `question`, and
 * `answer` or a `solution` that boxes it. A folder with `train` and `test` files serves both splits; a single file serves
 * whichever split is asked for. A model that has a chat template is asked by it.
 */
import { mathematics } from "./mathematics.ts";

/** The task `jsonl`. */
export const jsonl = mathematics({
  name: "jsonl",
  summary: "your own problems: a JSONL or Parquet file named with --data",
  splits: ["train", "test"],
  folder: null,
  gold: "answer",
  prefersChat: true,
});
