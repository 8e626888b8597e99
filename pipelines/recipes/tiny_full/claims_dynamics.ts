/**
 * Claims about the training dynamics: Figure 4 and Section 4.1 (greedy accuracy, entropy, correct and fully solved ratio), and the
 * gradients of the two signs along training. On-policy E[grad log pi] = 0, so the expected gradients from correct and from incorrect
 * responses, both divided by all tokens of the mini-batch, are the same vector. Without noise, their cosine and the ratio of their norms
 * would be 1.
 */
import type { Metric, Models, Statistic, StudyClaim } from "../../records/claim.ts";
import {
  above,
  accuracy,
  base,
  below,
  claimsAt,
  difference,
  entropy,
  largerRate,
  metric,
  models,
  others,
  within,
} from "./conditions.ts";

/** A quantity of one algorithm, minus that of each other one. */
const against = (
  quantity: (of: Models) => Metric,
  algorithm: string,
  others: ReadonlyArray<string>,
  condition?: string,
) => others.map((other) => difference(quantity(models(algorithm, condition)), quantity(models(other, condition))));

/** The ratio of correct responses, over the last ten batches unless others are given. */
const correct = (of: Models, first = 51, last = 60) => metric("correctRatio", of, first, last);
const solved = (of: Models) => metric("fullySolvedRatio", of, 51, 60);

const onPolicy = (field: string) => metric(field, models("reinforce", "one update a batch"), 1, 60);
const ratio = (of: Metric, over: Metric): Statistic => ({ name: "ratio", of, over });

const figure4: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Section 3.2, Figure 4a", {
    "psr-plateaus": [
      "PSR's greedy accuracy gains less than one point in the second half of training",
      below(0.01, difference(accuracy(models("psr")), accuracy(models("psr"), 20, 30))),
    ],
    "psr-overtaken": [
      "PPO, GRPO and NSR end with a higher greedy accuracy than PSR",
      above(0, ["ppo", "grpo", "nsr"].map((other) => difference(accuracy(models(other)), accuracy(models("psr"))))),
    ],
  }),
  ...claimsAt("Section 4.1, Figure 4b", {
    "entropy-nsr-highest": ["NSR keeps more entropy than PPO, GRPO and PSR", above(0, against(entropy, "nsr", others))],
    "entropy-nsr-like-base": [
      "NSR's entropy stays within a tenth of a nat of the base's",
      within(0.1, difference(entropy(models("nsr")), entropy(base, 0, 0))),
    ],
    "entropy-psr-lowest": [
      "PSR ends with less entropy than PPO and GRPO",
      below(0, against(entropy, "psr", ["ppo", "grpo"])),
    ],
    "ppo-entropy-rebounds": [
      "PPO's entropy rises again late in training",
      above(0, difference(entropy(models("ppo")), entropy(models("ppo"), 30, 40))),
    ],
    "grpo-entropy-does-not-rebound": [
      "GRPO's entropy does not rise again",
      below(0, difference(entropy(models("grpo")), entropy(models("grpo"), 30, 40))),
    ],
  }),
  ...claimsAt("Section 4.1, Figure 4c", {
    "correct-ratio-nsr-rises": [
      "NSR's share of correct rollouts rises",
      above(0, difference(correct(models("nsr")), correct(models("nsr"), 1, 10))),
    ],
    "correct-ratio-nsr-lowest": [
      "NSR has fewer correct rollouts than PPO, GRPO and PSR",
      below(0, against(correct, "nsr", others)),
    ],
    "correct-ratio-psr-early": [
      "Early in training PSR has more correct rollouts than NSR",
      above(0, difference(correct(models("psr"), 1, 20), correct(models("nsr"), 1, 20))),
    ],
  }),
  ...claimsAt("Section 4.1, Figure 4d", {
    "fully-solved-psr-highest": [
      "PSR solves more prompts fully than PPO, GRPO and NSR",
      above(0, against(solved, "psr", ["ppo", "grpo", "nsr"])),
    ],
    "fully-solved-nsr-lowest": [
      "NSR solves fewer prompts fully than PPO, GRPO and PSR",
      below(0, against(solved, "nsr", ["ppo", "grpo", "psr"])),
    ],
  }),
];

const signs: ReadonlyArray<StudyClaim> = [
  ...claimsAt("beyond the paper: E[grad log pi] = 0", {
    "signs-point-one-way": [
      "The gradients from correct and from incorrect responses of a batch point the same way (cosine above 0)",
      above(0, onPolicy("cosine")),
    ],
    "signs-are-noisy": [
      "Noise hides that the two gradients have one expectation: their cosine in a batch is below one half",
      below(0.5, onPolicy("cosine")),
    ],
    "signs-have-one-norm": [
      "The norms of the two gradients over one denominator are within a tenth of each other (ratio above 0.9)",
      above(0.9, [
        ratio(onPolicy("positiveGradNorm"), onPolicy("negativeGradNorm")),
        ratio(onPolicy("negativeGradNorm"), onPolicy("positiveGradNorm")),
      ]),
    ],
  }),
  ...claimsAt("beyond the paper: learning rate", {
    "entropy-nsr-highest-larger-rate": [
      "At three times the learning rate NSR keeps more entropy than PPO, GRPO and PSR",
      above(0, against(entropy, "nsr", others, largerRate)),
    ],
  }),
];

/** The claims about training dynamics, in the order of Figure 4. */
export const dynamicsClaims: ReadonlyArray<StudyClaim> = [...figure4, ...signs];
