/** What the claims of a study ask of its courses. */
import type { Course, Statistic } from "../../../pipelines/records/claim.ts";

/** Every course that a statistic or its parts need. */
export const coursesOf = (statistic: Statistic): ReadonlyArray<Course> => {
  switch (statistic.name) {
    case "least":
    case "greatest":
      return statistic.of.flatMap(coursesOf);
    case "at-matched":
    case "above-best":
    case "selected":
      return [statistic.course];
    default:
      return [];
  }
};
