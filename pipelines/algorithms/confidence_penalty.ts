/**
 * LENS's advantage (arXiv 2510.08696, Section 5.1). With c the geometric mean of a response's token probabilities under the sampling policy
 * and G the size of its group, a wrong response has the reward -(1 / G) c / (D - c) and a right one 1 (Eq. (10)). D is twice the greatest c
 * of the group, or, where it has a right response and that is more, 1 / ((1 / G) sum of 1 / p over the right ones), p a response's whole
 * probability (Eq. (14)). A mixed group then has A = (r - mean) / (std + 1e-6), with the sample standard deviation; one that is all wrong
 * has A = alpha (r - mean), alpha = 0.25 (Section 6); one that is all right has none. So confident mistakes cost most.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import type { Advantage, Response } from "./algorithm.ts";
import { groupAdvantage, hasSignal, meanOf } from "./group_advantage.ts";
import { groupStatistics } from "./group_baseline.ts";

const EPSILON = 1e-6;

const logLikelihoodOf = ({ oldLogProbs = new Float32Array(0) }: Response): number =>
  oldLogProbs.reduce((sum, logProb) => sum + logProb, 0);

/** The rewards of a group in which confident mistakes cost more. */
export const calibratedRewards = (group: ReadonlyArray<Response>): ReadonlyArray<number> => {
  const confidences = group.map((response) =>
    Elementary.exp(logLikelihoodOf(response) / response.responseTokens.length)
  );
  const inverses = group.filter(({ reward }) => reward > 0).map((response) =>
    Elementary.exp(-logLikelihoodOf(response))
  );
  const importance = inverses.length === 0 ? 0 : group.length / (meanOf(inverses) * inverses.length);
  const difficulty = Math.max(importance, 2 * Math.max(...confidences));
  return group.map(({ reward }, i) => reward > 0 ? 1 : -confidences[i] / (difficulty - confidences[i]) / group.length);
};

/** Calibrated rewards against their group; `alpha` weighs the groups that are all wrong. */
export const confidencePenalty = (alpha: number): Advantage =>
  groupAdvantage(["oldLogProbs"], (group) => {
    const rewards = calibratedRewards(group);
    const mean = meanOf(rewards);
    if (!hasSignal(group)) return rewards.map((reward) => alpha * (reward - mean));
    const { std } = groupStatistics(rewards);
    return rewards.map((reward) => (reward - mean) / (std + EPSILON));
  });
