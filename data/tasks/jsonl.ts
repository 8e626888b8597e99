/**
 * The user's own problems: a JSONL or Parquet file given by `--data FILE`, one problem per row, with `problem` or `question`, and `answer`
 * or a `solution` with a box. A folder with `train` and `test` files serves both splits; a single file serves either. A model's own chat
 * template is used if it has one.
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
