/** AMC 23: the 40 problems of the American Mathematics Competitions 2023 on which the paper tests. Test only. */
import { mathematics } from "./mathematics.ts";

/** The task `amc-23`. */
export const amc23 = mathematics({
  name: "amc-23",
  summary: "AMC 2023: 40 test problems with whole-number answers",
  splits: ["test"],
  folder: "amc23",
  gold: "answer",
  paperByString: true,
});
