/** AIME 2025: the 30 problems of the American Invitational Mathematics Examination on which the paper tests. Test only. */
import { mathematics } from "./mathematics.ts";

/** The task `aime-2025`. */
export const aime2025 = mathematics({
  name: "aime-2025",
  summary: "AIME 2025: 30 test problems with whole-number answers",
  splits: ["test"],
  folder: "aime2025",
  gold: "answer",
  paperByString: true,
});
