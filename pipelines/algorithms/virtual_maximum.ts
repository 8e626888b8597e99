/**
 * NGRPO's calibrated advantage (arXiv 2509.18851, "Advantage Calibration"): A = (r - mean) / (std + 1e-6) with the mean and the sample
 * standard deviation of the group's rewards and one more, the highest there is, 1. So a group that is all wrong has negative advantages, and
 * one that is all right has none. A group of one keeps its reward, as in the authors' code.
 */
import { groupAdvantage } from "./group_advantage.ts";
import { groupStatistics } from "./group_baseline.ts";

const EPSILON = 1e-6;
const MAXIMUM = 1;

/** The reward against its group and a virtual response of the highest reward. */
export const virtualMaximum = groupAdvantage([], (group) => {
  const rewards = group.map(({ reward }) => reward);
  const { mean, std } = groupStatistics(group.length === 1 ? rewards : [...rewards, MAXIMUM]);
  return rewards.map((reward) => (reward - mean) / (std + EPSILON));
});
