/** Claims that explore what nobody has tried: later objectives, errors of the verifier, which wrong responses, what is cut off, mismatch, selection. */
import type { Models, Statistic, StudyClaim } from "../../records/claim.ts";
import {
  above,
  below,
  claimsAt,
  courseOf,
  gain,
  many,
  models,
  nameOf,
  passAt,
  point,
  within,
} from "../tiny_full/conditions.ts";
import * as Conditions from "./conditions.ts";

/** Pass@64 of some models minus that of a course where it has their Pass@1. */
export const matched = (of: Models, course: Models): Statistic => ({
  name: "at-matched",
  by: "pass-at-1",
  of: passAt(many, of),
  course: courseOf(course),
});

/** What selecting a checkpoint on the reported problems adds. */
const selected = (of: Models, k: number): Statistic => ({ name: "selected", of: passAt(k, of), course: courseOf(of) });

const nsr = models("nsr");

const against = models("nsr", Conditions.objectives);

const newObjectives: ReadonlyArray<StudyClaim> = Conditions.laterObjectives.flatMap((algorithm) =>
  claimsAt("beyond the paper: later objectives", {
    [`objective-${algorithm}-pass-at-1`]: [
      `${nameOf(algorithm)} is above NSR at Pass@1, each with the rate that the rule chose`,
      above(0, gain(1, models(algorithm, Conditions.objectives), against)),
    ],
    [`objective-${algorithm}-matched`]: [
      `Where ${nameOf(algorithm)}, stopped early, has NSR's Pass@1, NSR is above it at k = 64`,
      above(0, matched(against, models(algorithm, Conditions.objectives))),
    ],
  })
);

const noise: ReadonlyArray<StudyClaim> = Conditions.noises.flatMap((share) =>
  [Conditions.falseAccepts(share), Conditions.falseRejects(share)].flatMap((condition) =>
    ["nsr", "psr"].flatMap((algorithm) =>
      claimsAt("beyond the paper: errors of the verifier", {
        [`${condition.replaceAll(/[^\w]+/g, "-")}-${algorithm}`.replaceAll("--", "-")]: [
          `With ${condition} ${nameOf(algorithm)} is nowhere more than a point worse, at Pass@1 and Pass@64`,
          above(-point, [1, many].map((k) => gain(k, models(algorithm, condition), models(algorithm)))),
        ],
      })
    )
  )
);

const samplers = [[Conditions.roundedSampler, "a sampler in bf16"], [
  Conditions.staleSampler,
  "a sampler one step old",
]];

const tried: ReadonlyArray<StudyClaim> = [
  ...claimsAt("beyond the paper: which wrong responses", {
    "unsolved-as-good-as-all": [
      "NSR on problems that nobody solved is within a point of NSR on all wrong responses at Pass@64",
      within(point, gain(many, models("nsr", Conditions.unsolved), nsr)),
    ],
    "unsolved-below-all-at-1": [
      "NSR on problems that nobody solved is below NSR on all wrong responses at Pass@1",
      below(0, gain(1, models("nsr", Conditions.unsolved), nsr)),
    ],
    "random-as-good-as-all": [
      "NSR on as many random wrong responses is within a point of NSR on all at Pass@1",
      within(point, gain(1, models("nsr", Conditions.random), nsr)),
    ],
  }),
  ...claimsAt("beyond the paper: responses cut off", {
    "masking-above-grading": [
      "With at most 12 tokens in training, NSR that masks what was cut off is above NSR that counts it as wrong, at Pass@1 of up to 16 tokens",
      above(0, gain(1, models("nsr", Conditions.truncatedMasked), models("nsr", Conditions.truncatedGraded))),
    ],
    "masking-above-grading-at-64": [
      "The same at k = 64",
      above(0, gain(many, models("nsr", Conditions.truncatedMasked), models("nsr", Conditions.truncatedGraded))),
    ],
  }),
  ...samplers.flatMap(([condition, words]) =>
    ["nsr", "psr"].flatMap((algorithm) =>
      claimsAt("beyond the paper: mismatch from a true zero", {
        [`${condition.replaceAll(" ", "-")}-${algorithm}`]: [
          `${nameOf(algorithm)} with ${words} is within a point of that without, at Pass@1`,
          within(point, gain(1, models(algorithm, condition), models(algorithm))),
        ],
      })
    )
  ),
  ...["psr", "grpo"].flatMap((algorithm) =>
    claimsAt("beyond the paper: selection of checkpoints", {
      [`selection-adds-${algorithm}`]: [
        `Selecting ${
          nameOf(algorithm)
        }'s best of four checkpoints on the test problems adds less than a point of Pass@1`,
        below(point, selected(models(algorithm), 1)),
      ],
      [`selection-costs-coverage-${algorithm}`]: [
        `Selecting ${nameOf(algorithm)}'s best of four checkpoints by Pass@1 leaves Pass@64 within a point`,
        within(point, selected(models(algorithm), many)),
      ],
    })
  ),
];

/** The claims that explore. */
export const exploredClaims: ReadonlyArray<StudyClaim> = [...newObjectives, ...noise, ...tried];
