/**
 * MATH (Hendrycks et al. 2021, MIT): 7,500 training and 5,000 test problems, as in the paper. The gold answer is the last box of
 * `solution`, not `target`: the published targets lost the row breaks of 172 matrices and the text of four lists. Boxes joined by "and" or
 * "or" are a list (14 rows); if they are one answer twice or either will do, the last one counts (8 rows). Rows train/5341 and train/5343
 * have empty answers and are dropped, which leaves 7,498 for training. `deno task audit --task math` lists all of them.
 */
import { mathematics } from "./mathematics.ts";

/** The task `math`. */
export const math = mathematics({
  name: "math",
  summary: "MATH: 7,500 training and 5,000 test problems of competition mathematics",
  splits: ["train", "test"],
  folder: "math",
  gold: "solution",
});
