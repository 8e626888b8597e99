/**
 * The claims of the study with power, written down before its first cell. Twelve are primary; they ask what the earlier study left undecided,
 * what the paper stands on, and what nobody has asked. All others explore. "Not below" allows one point, "close" two.
 */
import { ks } from "../../../data/paper/published.ts";
import type { StudyClaim } from "../../records/claim.ts";
import {
  above,
  base,
  below,
  claimsAt,
  difference,
  entropy,
  gain,
  least,
  many,
  models,
  others,
  point,
  within,
} from "../tiny_full/conditions.ts";
import { exploredClaims, matched } from "./claims_explored.ts";
import * as Conditions from "./conditions.ts";

const largest = 256;

const primary = (claims: ReadonlyArray<StudyClaim>): ReadonlyArray<StudyClaim> =>
  claims.map((claim) => ({ ...claim, primary: true }));

const nsr = models("nsr");
const psr = models("psr");

const paper: ReadonlyArray<StudyClaim> = primary([
  ...claimsAt("Section 3.2, Figure 2", {
    "nsr-not-below-base": [
      "NSR is nowhere more than one point below the base, at any k",
      above(-point, ks.map((k) => gain(k, nsr))),
    ],
    "psr-below-base-at-256": ["PSR is below the base at k = 256", below(0, gain(largest, psr))],
    "rl-loses-at-256": [
      "PPO and GRPO are below the base at k = 256",
      below(0, ["ppo", "grpo"].map((algorithm) => gain(largest, models(algorithm)))),
    ],
    "nsr-best-at-256": [
      "NSR is above PPO, GRPO and PSR at k = 256",
      above(0, others.map((other) => gain(largest, nsr, models(other)))),
    ],
    "nsr-close-at-pass-at-1": [
      "NSR's Pass@1 is within two points of PPO's, GRPO's and PSR's, or above",
      above(-2 * point, others.map((other) => gain(1, nsr, models(other)))),
    ],
  }),
  ...claimsAt("Section 5, Table 1", {
    "w-reinforce-above-others-at-256": [
      "W-REINFORCE is above PPO, GRPO and PSR at k = 256",
      above(0, others.map((other) => gain(largest, models("w-reinforce"), models(other)))),
    ],
  }),
  ...claimsAt("Section 4.3", {
    "clip-off-keeps-nsr": [
      "Without clipping NSR's Pass@64 is within a point of that with it",
      within(point, gain(many, models("nsr", Conditions.clipOff), nsr)),
    ],
  }),
]);

const beyond: ReadonlyArray<StudyClaim> = primary([
  ...["psr", "grpo"].flatMap((other) =>
    claimsAt("beyond the paper: matched Pass@1", {
      [`slower-road-${other}`]: [
        `Stopped where it has NSR's Pass@1, ${other.toUpperCase()} has NSR's Pass@64 within a point`,
        within(point, matched(nsr, models(other))),
      ],
    })
  ),
  ...claimsAt("beyond the paper: which wrong responses", {
    "unsolved-above-random": [
      "NSR on problems that nobody solved is above NSR on as many random wrong responses at k = 64",
      above(0, gain(many, models("nsr", Conditions.unsolved), models("nsr", Conditions.random))),
    ],
  }),
  ...claimsAt("beyond the paper: few problems", {
    "few-problems-nsr-above-psr": [
      "With 64 problems reused for 60 epochs NSR is above PSR at Pass@1",
      above(0, gain(1, models("nsr", Conditions.fewProblems), models("psr", Conditions.fewProblems))),
    ],
  }),
  ...claimsAt("beyond the paper: errors of the verifier", {
    "false-rejects-cost-nsr-more": [
      "Rejecting 10 % of correct responses costs NSR more Pass@1 than accepting 10 % of wrong ones",
      below(0, gain(1, models("nsr", Conditions.falseRejects(0.1)), models("nsr", Conditions.falseAccepts(0.1)))),
    ],
  }),
]);

const spectrum: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Section 3.2, Table 1", {
    "psr-raises-pass-at-1": ["PSR raises Pass@1 over the base", above(0, gain(1, psr))],
    "nsr-raises-pass-at-1": ["NSR raises Pass@1 over the base", above(0, gain(1, nsr))],
    "nsr-not-below-base-hard": [
      "NSR is nowhere more than one point below the base, at any k on the hard problems (four numbers, tolerance at most 2)",
      above(-point, ks.map((k) => gain(k, nsr, base, { slice: "hard" }))),
    ],
    "psr-below-base-at-256-hard": [
      "PSR is below the base at k = 256 on the hard problems (four numbers, tolerance at most 2)",
      below(0, gain(largest, psr, base, { slice: "hard" })),
    ],
  }),
  ...claimsAt("Section 5, Table 1", {
    "w-reinforce-above-nsr-at-1": ["W-REINFORCE is above NSR at Pass@1", above(0, gain(1, models("w-reinforce"), nsr))],
    "w-reinforce-best-trade-off": [
      "W-REINFORCE is nowhere more than one point below PPO or GRPO, at any k",
      above(
        -point,
        ["ppo", "grpo"].flatMap((other) => ks.map((k) => gain(k, models("w-reinforce"), models(other)))),
      ),
    ],
  }),
  ...claimsAt("Section 4.1, Figure 4b", {
    "nsr-keeps-entropy": [
      "NSR keeps more entropy than PPO, GRPO and PSR",
      above(0, others.map((other) => difference(entropy(nsr), entropy(models(other))))),
    ],
  }),
];

const name = (algorithm: string): string => algorithm.toUpperCase();

const parts: ReadonlyArray<StudyClaim> = [
  ...["psr", "w-reinforce"].flatMap((algorithm) =>
    claimsAt("Section 4.3", {
      [`clip-off-keeps-${algorithm}`]: [
        `Without clipping ${name(algorithm)}'s Pass@64 is within a point of that with it`,
        within(point, gain(many, models(algorithm, Conditions.clipOff), models(algorithm))),
      ],
    })
  ),
  ...["psr", "nsr"].flatMap((algorithm) =>
    claimsAt("Appendix D.1", {
      [`no-kl-is-better-${algorithm}`]: [
        `${name(algorithm)} without a KL penalty is better at Pass@1 than with 1e-3 or 1e-2`,
        above(0, ["KL 1e-3", "KL 1e-2"].map((one) => gain(1, models(algorithm), models(algorithm, one)))),
      ],
    })
  ),
  ...claimsAt("Section 4.2, Appendix B", {
    "entropy-bonus-is-not-nsr": [
      "No entropy bonus (1e-2, 1e-1) makes PSR as good as NSR at Pass@1 and Pass@64 both",
      below(
        0,
        ["entropy bonus 1e-2", "entropy bonus 1e-1"].map((one) =>
          least([1, many].map((k) => gain(k, models("psr", one), nsr)))
        ),
      ),
    ],
  }),
  ...claimsAt("Section 5, ablation of a later version", {
    "lambda-trades-pass-at-1": [
      "A larger lambda gives a higher Pass@1: 1 is above 0.1, and 0.1 above 0",
      above(0, [gain(1, models("reinforce"), models("w-reinforce")), gain(1, models("w-reinforce"), nsr)]),
    ],
    "lambda-trades-coverage": [
      "A larger lambda gives a lower Pass@64: 1 is below 0.1, and 0.1 below 0",
      below(0, [gain(many, models("reinforce"), models("w-reinforce")), gain(many, models("w-reinforce"), nsr)]),
    ],
    "lambda-not-critical": [
      "Lambda 0.03 and 0.3 are within two points of 0.1 or above, at Pass@1 and Pass@64",
      above(
        -2 * point,
        ["lambda 0.03", "lambda 0.3"].flatMap((one) =>
          [1, many].map((k) => gain(k, models("w-reinforce", one), models("w-reinforce")))
        ),
      ),
    ],
  }),
  ...claimsAt("beyond the paper: clip x updates x lambda", {
    "many-updates-nsr-above-psr": [
      "With 16 updates a batch NSR is above PSR at k = 64",
      above(0, gain(many, models("nsr", Conditions.manyUpdates), models("psr", Conditions.manyUpdates))),
    ],
    "many-updates-nsr-special": [
      "With 16 updates a batch, where PSR and GRPO, stopped early, have NSR's Pass@1, NSR is above them at k = 64",
      above(
        0,
        ["psr", "grpo"].map((other) =>
          matched(models("nsr", Conditions.manyUpdates), models(other, Conditions.manyUpdates))
        ),
      ),
    ],
    ...Object.fromEntries(["nsr", "w-reinforce"].map((algorithm) => [`many-updates-need-the-clip-${algorithm}`, [
      `With 16 updates a batch ${name(algorithm)} without clipping is below that with it at Pass@1`,
      below(0, gain(1, models(algorithm, Conditions.manyUpdatesClipOff), models(algorithm, Conditions.manyUpdates))),
    ]])),
  }),
  ...claimsAt("beyond the paper: few problems", {
    "few-problems-psr-below-base": [
      "With 64 problems reused for 60 epochs PSR sinks below the base, at Pass@1 already",
      below(0, gain(1, models("psr", Conditions.fewProblems))),
    ],
    "nsr-special-few-problems": [
      "With 64 problems reused for 60 epochs, where PSR, stopped early, has NSR's Pass@1, NSR is above it at k = 64",
      above(0, matched(models("nsr", Conditions.fewProblems), models("psr", Conditions.fewProblems))),
    ],
  }),
];

/** Every claim of the study, the primary ones first. */
export const tinyPowerClaims: ReadonlyArray<StudyClaim> = [
  ...paper,
  ...beyond,
  ...spectrum,
  ...parts,
  ...exploredClaims,
];
