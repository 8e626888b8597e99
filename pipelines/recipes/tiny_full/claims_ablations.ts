/**
 * Claims about the parts of the algorithms: clipping and mini-batches (Section 4.3 and a public report), the KL penalty (Appendix D.1; C.1
 * in version 1), advantage normalisation (Appendix D.3; C.3), the entropy bonus (Section 4.2 and the gradient in Appendix B; A), the weight
 * lambda (Section 5 and the ablation of a later version) and long training (Appendix E; D). Ablations draw 64 responses per problem.
 */
import type { Models, StudyClaim } from "../../records/claim.ts";
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
  metric,
  models,
  nameOf,
  passAt,
  point,
  within,
} from "./conditions.ts";

const alike = (of: Models, against: Models) => [gain(1, of, against), gain(many, of, against)];

/** A claim that a change moves both Pass@1 and Pass@64 by at most one point, either way. */
const keeps = (id: string, statement: string, where: string, pairs: ReadonlyArray<[Models, Models]>) => {
  const gains = pairs.flatMap(([of, against]) => alike(of, against));
  return [
    { side: "worse", ...above(-point, gains) },
    { side: "better", ...below(point, gains) },
  ].map(({ side, ...decided }): StudyClaim => ({
    id: `${id}-nowhere-${side}`,
    statement: `${statement}: at Pass@1 and Pass@64 nowhere more than a point ${side}`,
    where,
    ...decided,
  }));
};

const clipping: ReadonlyArray<StudyClaim> = [
  ...keeps(
    "clip-off",
    "Without clipping PSR, NSR and W-REINFORCE are as with it",
    "Section 4.3",
    ["psr", "nsr", "w-reinforce"].map((algorithm) => [models(algorithm, "clip off"), models(algorithm)]),
  ),
  ...claimsAt("beyond the paper: a public report", {
    "nsr-entropy-needs-clipping": [
      "Without clipping NSR keeps less entropy than with it",
      below(0, difference(entropy(models("nsr", "clip off")), entropy(models("nsr")))),
    ],
    "nsr-entropy-without-clipping": [
      "Without clipping, too, NSR keeps more entropy than PSR",
      above(0, difference(entropy(models("nsr", "clip off")), entropy(models("psr", "clip off")))),
    ],
    "nsr-entropy-on-policy": [
      "With one update a batch, where nothing is off-policy, NSR keeps more entropy than PSR",
      above(0, difference(entropy(models("nsr", "one update a batch")), entropy(models("psr", "one update a batch")))),
    ],
  }),
  ...claimsAt("beyond the paper: updates a batch", {
    "nsr-coverage-many-updates": [
      "With 16 updates a batch NSR is above PSR at k = 64",
      above(0, gain(many, models("nsr", "16 updates a batch"), models("psr", "16 updates a batch"))),
    ],
  }),
];

const penalties: ReadonlyArray<StudyClaim> = [
  ...["psr", "nsr"].flatMap((algorithm) =>
    claimsAt("Appendix D.1", {
      [`no-kl-is-better-${algorithm}`]: [
        `${nameOf(algorithm)} without a KL penalty is better at Pass@1 than with 1e-3 or 1e-2`,
        above(0, ["KL 1e-3", "KL 1e-2"].map((condition) => gain(1, models(algorithm), models(algorithm, condition)))),
      ],
    })
  ),
  ...["psr", "nsr"].flatMap((algorithm) =>
    claimsAt("Appendix D.3", {
      [`normalised-advantage-leaves-no-signal-${algorithm}`]: [
        `${nameOf(algorithm)} with normalised advantages stays within a point of the base at Pass@1: nothing is learnt`,
        within(point, gain(1, models(algorithm, "normalised advantage"), base)),
      ],
    })
  ),
  ...claimsAt("beyond the paper: Appendix D.3", {
    "normalised-advantage-leaves-the-bonus": [
      "With normalised advantages the entropy bonus of 1e-4 alone steers: AdamW scales it up, and entropy rises",
      above(0, difference(entropy(models("psr", "normalised advantage, bonus")), metric("testEntropy", base, 0, 0))),
    ],
  }),
  ...["psr", "nsr"].flatMap((algorithm) =>
    claimsAt("Appendix D.3", {
      [`normalised-advantage-leaves-no-gradient-${algorithm}`]: [
        `${nameOf(algorithm)} with normalised advantages has less than a hundredth of its gradient's norm`,
        below(0.01, {
          name: "ratio",
          of: metric("gradNorm", models(algorithm, "normalised advantage"), 1, 60),
          over: metric("gradNorm", models(algorithm), 1, 60),
        }),
      ],
    })
  ),
];

const bonuses = ["entropy bonus 1e-3", "entropy bonus 1e-2", "entropy bonus 1e-1"];

const entropyBonus: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Appendix B", {
    "entropy-bonus-keeps-entropy": [
      "A large enough entropy bonus (0.1) keeps PSR's entropy above PSR's own",
      above(0, difference(entropy(models("psr", "entropy bonus 1e-1")), entropy(models("psr")))),
    ],
  }),
  ...claimsAt("Section 4.2, Appendix B", {
    "entropy-bonus-is-not-nsr": [
      "No entropy bonus (1e-3, 1e-2, 1e-1) makes PSR as good as NSR at Pass@1 and Pass@64 both",
      below(0, bonuses.map((condition) => least(alike(models("psr", condition), models("nsr"))))),
    ],
  }),
];

const lambdas: ReadonlyArray<StudyClaim> = claimsAt("Section 5, ablation of a later version", {
  "lambda-trades-pass-at-1": [
    "A larger lambda gives a higher Pass@1: 1 is above 0.1, and 0.1 above 0",
    above(0, [
      gain(1, models("reinforce"), models("w-reinforce")),
      gain(1, models("w-reinforce"), models("nsr")),
    ]),
  ],
  "lambda-trades-coverage": [
    "A larger lambda gives a lower Pass@64: 1 is below 0.1, and 0.1 below 0",
    below(0, [
      gain(many, models("reinforce"), models("w-reinforce")),
      gain(many, models("w-reinforce"), models("nsr")),
    ]),
  ],
  "lambda-not-critical": [
    "Lambda 0.03 and 0.3 are within two points of 0.1 or above, at Pass@1 and Pass@64",
    above(
      -2 * point,
      ["lambda 0.03", "lambda 0.3"].flatMap((condition) =>
        alike(models("w-reinforce", condition), models("w-reinforce"))
      ),
    ),
  ],
});

const afterLong = (k: number, algorithm: string) =>
  difference(passAt(k, models(algorithm, "long")), passAt(k, models(algorithm, "long"), { step: 60 }));

const long: ReadonlyArray<StudyClaim> = claimsAt("Appendix E", {
  "long-nsr-degrades": [
    "Four times as long, NSR falls back: its Pass@1 is below that after 60 steps",
    below(0, afterLong(1, "nsr")),
  ],
  "long-w-reinforce-does-not-degrade": [
    "Four times as long, W-REINFORCE is not more than a point below itself after 60 steps, at Pass@1",
    above(-point, afterLong(1, "w-reinforce")),
  ],
  "long-nsr-loses-coverage": [
    "Four times as long, NSR's Pass@64 is below that after 60 steps",
    below(0, afterLong(many, "nsr")),
  ],
});

/** The claims about ablations. */
export const ablationClaims: ReadonlyArray<StudyClaim> = [
  ...clipping,
  ...penalties,
  ...entropyBonus,
  ...lambdas,
  ...long,
];
