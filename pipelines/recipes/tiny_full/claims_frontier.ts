/**
 * A question beyond the paper: is NSR special, or slower along the same frontier? Models are compared at equal Pass@1 and at an equal
 * number of updates (PSR and NSR drop the other sign and make fewer), also under overfitting: few problems reused for many epochs, larger
 * rates, more updates per batch. Evaluations along training draw 64 responses per problem, so k = 64. "No better" allows one point.
 */
import type { Models, Statistic, StudyClaim } from "../../records/claim.ts";
import {
  above,
  below,
  claimsAt,
  courseOf,
  gain,
  largerRate,
  many,
  models,
  nameOf,
  passAt,
  point,
  within,
} from "./conditions.ts";

const matched = (by: "pass-at-1" | "updates", of: Models, course: Models, k = many): Statistic => ({
  name: "at-matched",
  by,
  of: passAt(k, of),
  course: courseOf(course),
});

const aboveBest = (of: Models, course: Models, k = many): Statistic => ({
  name: "above-best",
  of: passAt(k, of),
  course: courseOf(course),
});

const frontier: ReadonlyArray<StudyClaim> = [
  ...claimsAt("beyond the paper: matched Pass@1", {
    "nsr-special-at-matched-pass-at-1": [
      "Where PSR, GRPO and PPO, stopped early, have NSR's Pass@1, NSR is above them at k = 64",
      above(0, ["psr", "grpo", "ppo"].map((other) => matched("pass-at-1", models("nsr"), models(other)))),
    ],
  }),
  ...["psr", "grpo", "ppo"].flatMap((other) =>
    claimsAt("beyond the paper: matched Pass@1", {
      [`slower-road-${other}`]: [
        `Stopped where it has NSR's Pass@1, ${nameOf(other)} has NSR's Pass@64 within a point`,
        within(point, matched("pass-at-1", models("nsr"), models(other))),
      ],
    })
  ),
  ...claimsAt("beyond the paper: matched number of updates", {
    "nsr-special-at-matched-updates": [
      "After as many updates as NSR made, PSR and GRPO are below NSR at k = 64",
      above(0, ["psr", "grpo"].map((other) => matched("updates", models("nsr"), models(other)))),
    ],
  }),
  ...claimsAt("beyond the paper: matched Pass@1", {
    "w-reinforce-special-at-matched-pass-at-1": [
      "Where REINFORCE, stopped early, has W-REINFORCE's Pass@1, W-REINFORCE is above it at k = 64",
      above(0, matched("pass-at-1", models("w-reinforce"), models("reinforce"))),
    ],
  }),
];

/** The search for a regime in which NSR is special, declared before the study was run. */
const regimes = [
  { condition: "few problems", suffix: "few-problems", words: "With 64 problems reused for 60 epochs" },
  { condition: "16 updates a batch", suffix: "many-updates", words: "With 16 updates a batch" },
  { condition: "lr 1e-3", suffix: "largest-rate", words: "At ten times the learning rate" },
];

const search: ReadonlyArray<StudyClaim> = regimes.flatMap(({ condition, suffix, words }) =>
  claimsAt("beyond the paper: where NSR is special", {
    [`nsr-special-${suffix}`]: [
      `${words}, where PSR and GRPO, stopped early, have NSR's Pass@1, NSR is above them at k = 64`,
      above(
        0,
        ["psr", "grpo"].map((other) => matched("pass-at-1", models("nsr", condition), models(other, condition))),
      ),
    ],
    [`nsr-out-of-reach-${suffix}`]: [
      `${words}, no early stop of PSR or GRPO has NSR's Pass@1`,
      above(0, ["psr", "grpo"].map((other) => aboveBest(models("nsr", condition), models(other, condition), 1))),
    ],
  })
);

const fewProblems: ReadonlyArray<StudyClaim> = claimsAt("beyond the paper: few problems", {
  "few-problems-psr-below-base": [
    "With 64 problems reused for 60 epochs PSR sinks below the base, at Pass@1 already",
    below(0, gain(1, models("psr", "few problems"))),
  ],
  "few-problems-nsr-above": [
    "With 64 problems reused for 60 epochs NSR is above PSR and GRPO, at Pass@1 and Pass@64",
    above(
      0,
      ["psr", "grpo"].flatMap((other) =>
        [1, many].map((k) => gain(k, models("nsr", "few problems"), models(other, "few problems")))
      ),
    ),
  ],
  "few-problems-overfit-psr": [
    "PSR on 64 problems is below PSR on 2,048 at the same rate, at Pass@1",
    below(0, gain(1, models("psr", "few problems"), models("psr", largerRate))),
  ],
});

/** The claims about the frontier, and the search for a regime in which NSR is special. */
export const frontierClaims: ReadonlyArray<StudyClaim> = [...frontier, ...search, ...fewProblems];
