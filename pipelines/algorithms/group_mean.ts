/**
 * The reward minus its group's mean, not divided by a standard deviation. Dr. GRPO's advantage (arXiv 2503.20783, Section 3.2), and GPG's
 * (arXiv 2504.02546), which is alpha = B / (B - M) times that: B the responses of the batch, M those in groups whose rewards are all equal
 * (Eq. (7)). alpha is 1 in a batch without any signal. A group of one keeps its reward in Dr. GRPO (mean 0, as verl does) and has no signal
 * in GPG.
 */
import { groupAdvantage, hasSignal, meanOf } from "./group_advantage.ts";

/** Dr. GRPO's: A = r - mean. */
export const groupMean = groupAdvantage([], (group) => {
  const mean = group.length === 1 ? 0 : meanOf(group.map(({ reward }) => reward));
  return group.map(({ reward }) => reward - mean);
});

/** GPG's: A = alpha (r - mean). */
export const scaledGroupMean = groupAdvantage(
  [],
  (group) => {
    const mean = meanOf(group.map(({ reward }) => reward));
    return group.map(({ reward }) => reward - mean);
  },
  (groups) => {
    const count = (some: typeof groups) => some.reduce((sum, { length }) => sum + length, 0);
    const withSignal = count(groups.filter(hasSignal));
    return withSignal === 0 ? 1 : count(groups) / withSignal;
  },
);
