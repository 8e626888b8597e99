/**
 * Claims about the training dynamics: Figure 4 and Section 4.1 (greedy accuracy, entropy, correct and fully solved ratio), and what the
 * gradients of the two signs do along training. On-policy E[grad log pi] = 0, so the expected gradients from correct and from incorrect
 * responses, both divided by all tokens of the mini-batch, are one and the same vector: without noise their cosine and the ratio of their
 * norms would be 1. Means over the last tested steps of 60 (50 and 60) damp the noise of single ones.
 */
import type { Models, StudyClaim } from "../../records/claim.ts";
import { base, difference, greatest, largerRate, least, metric, models } from "./conditions.ts";

const last = [50, 60] as const;
const batches = [51, 60] as const;
const early = [1, 20] as const;

const accuracy = (of: Models, first: number = last[0], to: number = last[1]) => metric("testAccuracy", of, first, to);
const entropy = (of: Models, first: number = last[0], to: number = last[1]) => metric("testEntropy", of, first, to);

const figure4: ReadonlyArray<StudyClaim> = [
  {
    id: "psr-plateaus",
    statement: "PSR's greedy accuracy gains less than one point in the second half of training",
    where: "Section 3.2, Figure 4a",
    statistic: difference(accuracy(models("psr")), accuracy(models("psr"), 20, 30)),
    comparison: "below",
    threshold: 0.01,
    unit: "share",
  },
  {
    id: "psr-overtaken",
    statement: "PPO, GRPO and NSR end with a higher greedy accuracy than PSR",
    where: "Section 3.2, Figure 4a",
    statistic: least(
      ["ppo", "grpo", "nsr"].map((other) => difference(accuracy(models(other)), accuracy(models("psr")))),
    ),
    comparison: "above",
    threshold: 0,
    unit: "share",
  },
  {
    id: "entropy-nsr-highest",
    statement: "NSR keeps more entropy than PPO, GRPO and PSR",
    where: "Section 4.1, Figure 4b",
    statistic: least(
      ["ppo", "grpo", "psr"].map((other) => difference(entropy(models("nsr")), entropy(models(other)))),
    ),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "entropy-nsr-like-base",
    statement: "NSR's entropy stays within a tenth of a nat of the base's",
    where: "Section 4.1, Figure 4b",
    statistic: difference(entropy(models("nsr")), entropy(base, 0, 0)),
    comparison: "within",
    threshold: 0.1,
    unit: "nats",
  },
  {
    id: "entropy-psr-lowest",
    statement: "PSR ends with less entropy than PPO and GRPO",
    where: "Section 4.1, Figure 4b",
    statistic: greatest(
      ["ppo", "grpo"].map((other) => difference(entropy(models("psr")), entropy(models(other)))),
    ),
    comparison: "below",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "ppo-entropy-rebounds",
    statement: "PPO's entropy rises again late in training",
    where: "Section 4.1, Figure 4b",
    statistic: difference(entropy(models("ppo")), entropy(models("ppo"), 30, 40)),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "grpo-entropy-does-not-rebound",
    statement: "GRPO's entropy does not rise again",
    where: "Section 4.1, Figure 4b",
    statistic: difference(entropy(models("grpo")), entropy(models("grpo"), 30, 40)),
    comparison: "below",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "correct-ratio-nsr-rises",
    statement: "NSR's share of correct rollouts rises",
    where: "Section 4.1, Figure 4c",
    statistic: difference(
      metric("correctRatio", models("nsr"), ...batches),
      metric("correctRatio", models("nsr"), 1, 10),
    ),
    comparison: "above",
    threshold: 0,
    unit: "share",
  },
  {
    id: "correct-ratio-nsr-lowest",
    statement: "NSR has fewer correct rollouts than PPO, GRPO and PSR",
    where: "Section 4.1, Figure 4c",
    statistic: greatest(
      ["ppo", "grpo", "psr"].map((other) =>
        difference(metric("correctRatio", models("nsr"), ...batches), metric("correctRatio", models(other), ...batches))
      ),
    ),
    comparison: "below",
    threshold: 0,
    unit: "share",
  },
  {
    id: "correct-ratio-psr-early",
    statement: "Early in training PSR has more correct rollouts than NSR",
    where: "Section 4.1, Figure 4c",
    statistic: difference(
      metric("correctRatio", models("psr"), ...early),
      metric("correctRatio", models("nsr"), ...early),
    ),
    comparison: "above",
    threshold: 0,
    unit: "share",
  },
  {
    id: "fully-solved-psr-highest",
    statement: "PSR solves more prompts fully than PPO, GRPO and NSR",
    where: "Section 4.1, Figure 4d",
    statistic: least(
      ["ppo", "grpo", "nsr"].map((other) =>
        difference(
          metric("fullySolvedRatio", models("psr"), ...batches),
          metric("fullySolvedRatio", models(other), ...batches),
        )
      ),
    ),
    comparison: "above",
    threshold: 0,
    unit: "share",
  },
  {
    id: "fully-solved-nsr-lowest",
    statement: "NSR solves fewer prompts fully than PPO, GRPO and PSR",
    where: "Section 4.1, Figure 4d",
    statistic: greatest(
      ["ppo", "grpo", "psr"].map((other) =>
        difference(
          metric("fullySolvedRatio", models("nsr"), ...batches),
          metric("fullySolvedRatio", models(other), ...batches),
        )
      ),
    ),
    comparison: "below",
    threshold: 0,
    unit: "share",
  },
];

const signs: ReadonlyArray<StudyClaim> = [
  {
    id: "signs-point-one-way",
    statement: "The gradients from correct and from incorrect responses of a batch point the same way (cosine above 0)",
    where: "beyond the paper: E[grad log pi] = 0",
    statistic: difference(metric("cosine", models("reinforce", "one update a batch"), 1, 60)),
    comparison: "above",
    threshold: 0,
    unit: "number",
  },
  {
    id: "signs-are-noisy",
    statement: "Noise hides that the two gradients have one expectation: their cosine in a batch is below one half",
    where: "beyond the paper: E[grad log pi] = 0",
    statistic: difference(metric("cosine", models("reinforce", "one update a batch"), 1, 60)),
    comparison: "below",
    threshold: 0.5,
    unit: "number",
  },
  {
    id: "signs-have-one-norm",
    statement: "The norms of the two gradients over one denominator are within a tenth of each other (ratio above 0.9)",
    where: "beyond the paper: E[grad log pi] = 0",
    statistic: least([
      {
        name: "ratio",
        of: metric("positiveGradNorm", models("reinforce", "one update a batch"), 1, 60),
        over: metric("negativeGradNorm", models("reinforce", "one update a batch"), 1, 60),
      },
      {
        name: "ratio",
        of: metric("negativeGradNorm", models("reinforce", "one update a batch"), 1, 60),
        over: metric("positiveGradNorm", models("reinforce", "one update a batch"), 1, 60),
      },
    ]),
    comparison: "above",
    threshold: 0.9,
    unit: "number",
  },
  {
    id: "entropy-nsr-highest-larger-rate",
    statement: "At three times the learning rate NSR keeps more entropy than PPO, GRPO and PSR",
    where: "beyond the paper: learning rate",
    statistic: least(
      ["ppo", "grpo", "psr"].map((other) =>
        difference(entropy(models("nsr", largerRate)), entropy(models(other, largerRate)))
      ),
    ),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
];

/** The claims about training dynamics, in the order of Figure 4. */
export const dynamicsClaims: ReadonlyArray<StudyClaim> = [...figure4, ...signs];
