/**
 * Claims about single tokens and single steps (Sections 4.2 and 4.3, Equations 7 and 8, Appendices C and D.3), measured by the stage
 * `insights` on the first step from every base. Also claims about the transfer to a latent mode (Figure 3), on bases that are strong under
 * one tag and weak under another, under which they are trained and evaluated. In the gradient of the logits much of this is exact; a step
 * changes shared weights.
 */
import type { Statistic, StudyClaim } from "../../records/claim.ts";
import {
  above,
  below,
  claimsAt,
  difference,
  gain,
  inStrongMode,
  latent,
  latentBase,
  measured,
  models,
  nameOf,
  passAt,
  point,
  wideStep,
} from "./conditions.ts";

/** Practically all tokens or problems, and practically none. */
const all = 0.999;
const none = 0.001;

const directed = ["psr", "nsr", "w-reinforce", "grpo"];

const over = (algorithm: string, insight: string, of: string, against: string): Statistic => ({
  name: "ratio",
  of: measured(algorithm, insight, of),
  over: measured(algorithm, insight, against),
});

const equations: ReadonlyArray<StudyClaim> = [["psr", "Eq. 7"], ["nsr", "Eq. 8"]].flatMap(([algorithm, equation]) =>
  claimsAt(`Section 4.2, ${equation}`, {
    [`kernels-gradient-${algorithm}`]: [
      `The kernels' gradient by the logits of every ${
        nameOf(algorithm)
      } token is ${equation}'s (largest deviation, relative)`,
      below(0.001, measured(algorithm, "the kernels' gradient is the paper's", `largest deviation from ${equation}`)),
    ],
  })
);

const sure = "sure tokens are left alone";
const prior = "other tokens move by their prior";
const solved = "a solved problem gives no update";

const section42: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Section 4.2", {
    "nsr-leaves-sure-tokens": [
      "NSR's gradient moves tokens surer than 0.99 less than a tenth as far as those below 0.5",
      below(0.1, over("nsr", sure, "update at probability 0.99 and more", "update at probability below 0.5")),
    ],
  }),
  ...claimsAt("Section 4.2, after a step", {
    "nsr-step-leaves-sure-tokens": [
      "After a step, too, NSR's tokens surer than 0.99 lose less than a tenth of the log-prob that those below 0.5 lose",
      below(
        0.1,
        over("nsr", sure, "log-prob change at probability 0.99 and more", "log-prob change at probability below 0.5"),
      ),
    ],
  }),
  ...claimsAt("Section 4.2", {
    "nsr-redistributes-by-prior": [
      "NSR's gradient gives to the other tokens in proportion to their probability (correlation)",
      above(0.99, measured("nsr", prior, "correlation of the logit gradient")),
    ],
  }),
  ...claimsAt("Section 4.2, after a step", {
    "nsr-step-redistributes-by-prior": [
      "After a step, too, the other tokens' probability rises with their prior (correlation)",
      above(0.5, measured("nsr", prior, "correlation of the step's probability change")),
    ],
  }),
  ...claimsAt("Section 4.2", {
    "nsr-stops-once-solved": [
      "NSR takes no update from a solved problem",
      above(all, measured("nsr", solved, "share of solved problems, no gradient", wideStep)),
    ],
    "psr-goes-on-once-solved": [
      "PSR goes on updating on every solved problem",
      below(none, measured("psr", solved, "share of solved problems, no gradient", wideStep)),
    ],
  }),
];

const regularisers = [
  { id: "clipping", insight: "clipping keeps the direction", words: "Clipping" },
  { id: "kl", insight: "the KL term keeps the direction", words: "The KL term" },
];

const section43: ReadonlyArray<StudyClaim> = [
  ...regularisers.flatMap(({ id, insight, words }) =>
    claimsAt("Section 4.3, Appendix C", {
      [`${id}-turns-no-token`]: [
        `${words} turns no token's update round (largest share of PSR, NSR, W-REINFORCE and GRPO)`,
        below(none, directed.map((one) => measured(one, insight, "share of tokens turned round, second pass"))),
      ],
      [`${id}-keeps-the-direction`]: [
        `${words} keeps the gradient's direction: cosine above 0.9 for PSR, NSR, W-REINFORCE and GRPO (least)`,
        above(0.9, directed.map((one) => measured(one, insight, "cosine of the gradients, second pass"))),
      ],
    })
  ),
  ...claimsAt("Section 4.3", {
    "grpo-keeps-the-sign": [
      "GRPO's advantages keep the sign of the reward",
      above(all, measured("grpo", "the advantage keeps the sign", "share of responses")),
    ],
  }),
  ...["psr", "nsr"].flatMap((algorithm) =>
    claimsAt("Appendix D.3", {
      [`normalised-advantages-are-nothing-${algorithm}`]: [
        `Normalised, the advantages of ${nameOf(algorithm)} leave no problem a gradient`,
        above(
          all,
          measured(algorithm, "normalised advantages of one sign are nothing", "share of all problems, no gradient"),
        ),
      ],
    })
  ),
];

const inWeakMode = (k: number, algorithm: string) => gain(k, models(algorithm, latent), latentBase);

const transfer: ReadonlyArray<StudyClaim> = [
  ...claimsAt("Section 3.2, Figure 3", {
    "latent-mode-is-there": [
      "The base with a latent mode is more than ten points stronger under the strong tag (the premise)",
      above(0.1, difference(passAt(1, latentBase, { evaluation: inStrongMode }), passAt(1, latentBase))),
    ],
    "latent-psr-does-not-raise": [
      "PSR raises the weak mode by less than a point at Pass@1",
      below(point, inWeakMode(1, "psr")),
    ],
  }),
  ...["nsr", "grpo"].flatMap((algorithm) =>
    claimsAt("Section 3.2, Figure 3", {
      [`latent-${algorithm}-raises`]: [
        `${nameOf(algorithm)} raises the weak mode at Pass@1`,
        above(0, inWeakMode(1, algorithm)),
      ],
    })
  ),
  ...claimsAt("Section 3.2, Figure 3", {
    "latent-nsr-above-psr": [
      "In the weak mode NSR ends above PSR, at Pass@1 and Pass@64",
      above(0, [1, 64].map((k) => gain(k, models("nsr", latent), models("psr", latent)))),
    ],
  }),
];

/** The claims about the transfer to a latent mode. */
export const transferClaims: ReadonlyArray<StudyClaim> = transfer;

/** The claims about tokens and steps. */
export const insightClaims: ReadonlyArray<StudyClaim> = [...equations, ...section42, ...section43];
