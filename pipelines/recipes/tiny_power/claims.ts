/**
 * The claims of the study with power, written down before its first cell. Twelve are primary; they ask what the earlier study left undecided,
 * what the paper stands on, and what nobody has asked. All others explore. "Not below" allows one point, "close" two.
 */
import type { StudyClaim } from "../../records/claim.ts";
import {
  above,
  below,
  claimsAt,
  difference,
  entropy,
  gain,
  least,
  many,
  models,
  nameOf,
  others,
  point,
  within,
} from "../tiny_full/conditions.ts";
import { studyClaims } from "../tiny_full/claims.ts";
import { exploredClaims, matched } from "./claims_explored.ts";
import * as Conditions from "./conditions.ts";

const primary = (claims: ReadonlyArray<StudyClaim>): ReadonlyArray<StudyClaim> =>
  claims.map((claim) => ({ ...claim, primary: true }));

const nsr = models("nsr");

/** Claims of the earlier study asked again, word for word; `where` is their place in the paper. */
const again = (where: string, ids: ReadonlyArray<string>): ReadonlyArray<StudyClaim> =>
  ids.flatMap((id) => studyClaims.filter((claim) => claim.id === id)).map((claim) => ({ ...claim, where }));

const paper: ReadonlyArray<StudyClaim> = primary([
  ...again("Section 3.2, Figure 2", [
    "nsr-not-below-base",
    "psr-below-base-at-256",
    "rl-loses-at-256",
    "nsr-best-at-256",
    "nsr-close-at-pass-at-1",
  ]),
  ...again("Section 5, Table 1", ["w-reinforce-above-others-at-256"]),
  ...claimsAt("Section 4.3", {
    "clip-off-keeps-nsr": [
      "Without clipping NSR's Pass@64 is within a point of that with it",
      within(point, gain(many, models("nsr", Conditions.clipOff), nsr)),
    ],
  }),
]);

const beyond: ReadonlyArray<StudyClaim> = primary([
  ...again("beyond the paper: matched Pass@1", ["slower-road-psr", "slower-road-grpo"]),
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
  ...again("Section 3.2, Table 1", [
    "psr-raises-pass-at-1",
    "nsr-raises-pass-at-1",
    "nsr-not-below-base-hard",
    "psr-below-base-at-256-hard",
  ]),
  ...again("Section 5, Table 1", ["w-reinforce-above-nsr-at-1", "w-reinforce-best-trade-off"]),
  ...claimsAt("Section 4.1, Figure 4b", {
    "nsr-keeps-entropy": [
      "NSR keeps more entropy than PPO, GRPO and PSR",
      above(0, others.map((other) => difference(entropy(nsr), entropy(models(other))))),
    ],
  }),
];

const parts: ReadonlyArray<StudyClaim> = [
  ...["psr", "w-reinforce"].flatMap((algorithm) =>
    claimsAt("Section 4.3", {
      [`clip-off-keeps-${algorithm}`]: [
        `Without clipping ${nameOf(algorithm)}'s Pass@64 is within a point of that with it`,
        within(point, gain(many, models(algorithm, Conditions.clipOff), models(algorithm))),
      ],
    })
  ),
  ...again("Appendix D.1", ["no-kl-is-better-psr", "no-kl-is-better-nsr"]),
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
  ...again("Section 5, ablation of a later version", [
    "lambda-trades-pass-at-1",
    "lambda-trades-coverage",
    "lambda-not-critical",
  ]),
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
      `With 16 updates a batch ${nameOf(algorithm)} without clipping is below that with it at Pass@1`,
      below(0, gain(1, models(algorithm, Conditions.manyUpdatesClipOff), models(algorithm, Conditions.manyUpdates))),
    ]])),
  }),
  ...again("beyond the paper: few problems", ["few-problems-psr-below-base"]),
  ...claimsAt("beyond the paper: few problems", {
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
