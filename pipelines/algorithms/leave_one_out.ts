/**
 * RLOO's advantage (arXiv 2402.14740, Section 2.2): the reward minus the mean reward of the other responses of the group, which is
 * (r - mean) G / (G - 1) in a group of G. A group of one keeps its reward, as in verl.
 */
import { groupAdvantage, meanOf } from "./group_advantage.ts";

/** A = r - the mean of the others. */
export const leaveOneOut = groupAdvantage([], (group) => {
  if (group.length === 1) return [group[0].reward];
  const mean = meanOf(group.map(({ reward }) => reward));
  return group.map(({ reward }) => (reward - mean) * group.length / (group.length - 1));
});
