/**
 * Claims about the whole Pass@k spectrum: Section 3.2, Table 1, Figures 2 and 3 (the order of methods), Section 5, and the same at the
 * training temperature, at a larger rate and on the hard problems. "Not below" allows one point, "close" two; both were fixed before any
 * run.
 */
import { ks } from "../../../data/paper/published.ts";
import type { Models, StudyClaim } from "../../records/claim.ts";
import {
  above,
  asPublished,
  asTrained,
  base,
  below,
  claimsAt,
  type EvaluationQuery,
  gain,
  largerRate,
  models,
  others,
  point,
} from "./conditions.ts";

const largest = 256;

const overSpectrum = (of: Models, against: Models = base, more: EvaluationQuery = {}) =>
  ks.map((k) => gain(k, of, against, more));

const againstOthers = (k: number, of: Models, condition?: string) =>
  others.map((other) => gain(k, of, models(other, condition)));

const asked: ReadonlyArray<readonly [suffix: string, words: string, more: EvaluationQuery]> = [
  ["", "", { evaluation: asPublished }],
  ["-as-trained", " at the training temperature", { evaluation: asTrained }],
  ["-hard", " on the hard problems (four numbers, tolerance at most 2)", { slice: "hard" }],
];

const spectrum: ReadonlyArray<StudyClaim> = asked.flatMap(([suffix, words, more]) => [
  ...claimsAt(suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere", {
    [`psr-raises-pass-at-1${suffix}`]: [
      `PSR raises Pass@1 over the base${words}`,
      above(0, gain(1, models("psr"), base, more)),
    ],
    [`psr-below-base-at-256${suffix}`]: [
      `PSR is below the base at k = 256${words}`,
      below(0, gain(largest, models("psr"), base, more)),
    ],
  }),
  ...claimsAt(suffix === "" ? "Section 3.2" : "Section 3.2, asked elsewhere", {
    [`psr-below-base-beyond-8${suffix}`]: [
      `PSR is below the base at every k > 8${words}`,
      below(0, ks.filter((k) => k > 8).map((k) => gain(k, models("psr"), base, more))),
    ],
  }),
  ...claimsAt(suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere", {
    [`nsr-raises-pass-at-1${suffix}`]: [
      `NSR raises Pass@1 over the base${words}`,
      above(0, gain(1, models("nsr"), base, more)),
    ],
  }),
  ...claimsAt(suffix === "" ? "Section 3.2, Figure 2" : "Section 3.2, asked elsewhere", {
    [`nsr-not-below-base${suffix}`]: [
      `NSR is nowhere more than one point below the base, at any k${words}`,
      above(-point, overSpectrum(models("nsr"), base, more)),
    ],
  }),
]);

const comparisons: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Section 3.2", {
    "nsr-close-at-pass-at-1": [
      "NSR's Pass@1 is within two points of PPO's, GRPO's and PSR's, or above",
      above(-2 * point, againstOthers(1, models("nsr"))),
    ],
  }),
  ...claimsAt("Section 3.2, Figure 2", {
    "nsr-best-at-256": ["NSR is above PPO, GRPO and PSR at k = 256", above(0, againstOthers(largest, models("nsr")))],
    "rl-loses-at-256": [
      "PPO and GRPO are below the base at k = 256",
      below(0, ["ppo", "grpo"].map((algorithm) => gain(largest, models(algorithm)))),
    ],
  }),
  ...claimsAt("Section 5, Table 1", {
    "w-reinforce-above-nsr-at-1": [
      "W-REINFORCE is above NSR at Pass@1",
      above(0, gain(1, models("w-reinforce"), models("nsr"))),
    ],
    "w-reinforce-above-others-at-256": [
      "W-REINFORCE is above PPO, GRPO and PSR at k = 256",
      above(0, againstOthers(largest, models("w-reinforce"))),
    ],
  }),
  ...claimsAt("Section 5", {
    "w-reinforce-best-trade-off": [
      "W-REINFORCE is nowhere more than one point below PPO or GRPO, at any k",
      above(-point, ["ppo", "grpo"].flatMap((other) => overSpectrum(models("w-reinforce"), models(other)))),
    ],
  }),
];

const rates: ReadonlyArray<StudyClaim> = claimsAt("beyond the paper: learning rate", {
  "psr-below-base-at-256-larger-rate": [
    "At three times the learning rate PSR is below the base at k = 256",
    below(0, gain(largest, models("psr", largerRate))),
  ],
  "nsr-not-below-base-larger-rate": [
    "At three times the learning rate NSR is nowhere more than one point below the base, at any k",
    above(-point, overSpectrum(models("nsr", largerRate))),
  ],
  "nsr-best-at-256-larger-rate": [
    "At three times the learning rate NSR is above PPO, GRPO and PSR at k = 256",
    above(0, againstOthers(largest, models("nsr", largerRate), largerRate)),
  ],
  "larger-rate-costs-coverage": [
    "Three times the learning rate makes every algorithm worse at k = 256",
    below(
      0,
      ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"].map((algorithm) =>
        gain(largest, models(algorithm, largerRate), models(algorithm))
      ),
    ),
  ],
});

/** The claims about Pass@k, in the paper's order. */
export const passAtKClaims: ReadonlyArray<StudyClaim> = [...spectrum, ...comparisons, ...rates];
