/**
 * Claims about single tokens and single steps (Sections 4.2 and 4.3, Equations 7 and 8, Appendices C and D.3), measured by the stage `insights` on the
 * first step from every base; and about the transfer to a latent mode (Figure 3), tried on bases that are strong under one tag, weak under
 * another, and trained and evaluated under the weak one. In the gradient of the logits much of this is exact; a step moves shared weights.
 */
import type { Statistic, StudyClaim } from "../../records/claim.ts";
import {
  asPublished,
  difference,
  greatest,
  inStrongMode,
  latent,
  latentBase,
  least,
  measured,
  models,
  passAt,
  wideStep,
} from "./conditions.ts";

const point = 0.01;
const number = { unit: "number" } as const;
const share = { unit: "share" } as const;

/** As good as all, and as good as none, of tokens or problems. */
const all = 0.999;
const none = 0.001;

const directed = ["psr", "nsr", "w-reinforce", "grpo"];

const over = (algorithm: string, insight: string, of: string, against: string): Statistic => ({
  name: "ratio",
  of: measured(algorithm, insight, of),
  over: measured(algorithm, insight, against),
});

const equations: ReadonlyArray<StudyClaim> = [["psr", "Eq. 7"], ["nsr", "Eq. 8"]].map(([algorithm, equation]) => ({
  id: `kernels-gradient-${algorithm}`,
  statement:
    `The kernels' gradient by the logits of every ${algorithm.toUpperCase()} token is ${equation}'s (largest deviation, relative)`,
  where: `Section 4.2, ${equation}`,
  statistic: difference(
    measured(algorithm, "the kernels' gradient is the paper's", `largest deviation from ${equation}`),
  ),
  comparison: "below",
  threshold: 0.001,
  ...number,
}));

const sure = "sure tokens are left alone";
const prior = "other tokens move by their prior";
const solved = "a solved problem gives no update";

const section42: ReadonlyArray<StudyClaim> = [
  {
    id: "nsr-leaves-sure-tokens",
    statement: "NSR's gradient moves tokens surer than 0.99 less than a tenth as far as those below 0.5",
    where: "Section 4.2",
    statistic: over("nsr", sure, "update at probability 0.99 and more", "update at probability below 0.5"),
    comparison: "below",
    threshold: 0.1,
    ...number,
  },
  {
    id: "nsr-step-leaves-sure-tokens",
    statement:
      "After a step, too, NSR's tokens surer than 0.99 lose less than a tenth of the log-prob that those below 0.5 lose",
    where: "Section 4.2, after a step",
    statistic: over(
      "nsr",
      sure,
      "log-prob change at probability 0.99 and more",
      "log-prob change at probability below 0.5",
    ),
    comparison: "below",
    threshold: 0.1,
    ...number,
  },
  {
    id: "nsr-redistributes-by-prior",
    statement: "NSR's gradient gives to the other tokens in proportion to their probability (correlation)",
    where: "Section 4.2",
    statistic: difference(measured("nsr", prior, "correlation of the logit gradient")),
    comparison: "above",
    threshold: 0.99,
    ...number,
  },
  {
    id: "nsr-step-redistributes-by-prior",
    statement: "After a step, too, the other tokens' probability rises with their prior (correlation)",
    where: "Section 4.2, after a step",
    statistic: difference(measured("nsr", prior, "correlation of the step's probability change")),
    comparison: "above",
    threshold: 0.5,
    ...number,
  },
  {
    id: "nsr-stops-once-solved",
    statement: "NSR takes no update from a solved problem",
    where: "Section 4.2",
    statistic: difference(measured("nsr", solved, "share of solved problems, no gradient", wideStep)),
    comparison: "above",
    threshold: all,
    ...share,
  },
  {
    id: "psr-goes-on-once-solved",
    statement: "PSR goes on updating on every solved problem",
    where: "Section 4.2",
    statistic: difference(measured("psr", solved, "share of solved problems, no gradient", wideStep)),
    comparison: "below",
    threshold: none,
    ...share,
  },
];

const regularisers = [
  { id: "clipping", insight: "clipping keeps the direction", words: "Clipping" },
  { id: "kl", insight: "the KL term keeps the direction", words: "The KL term" },
];

const section43: ReadonlyArray<StudyClaim> = [
  ...regularisers.flatMap(({ id, insight, words }): ReadonlyArray<StudyClaim> => [
    {
      id: `${id}-turns-no-token`,
      statement: `${words} turns no token's update round (largest share of PSR, NSR, W-REINFORCE and GRPO)`,
      where: "Section 4.3, Appendix C",
      statistic: greatest(
        directed.map((one) => difference(measured(one, insight, "share of tokens turned round, second pass"))),
      ),
      comparison: "below",
      threshold: none,
      ...share,
    },
    {
      id: `${id}-keeps-the-direction`,
      statement: `${words} keeps the gradient's direction: cosine above 0.9 for PSR, NSR, W-REINFORCE and GRPO (least)`,
      where: "Section 4.3, Appendix C",
      statistic: least(
        directed.map((one) => difference(measured(one, insight, "cosine of the gradients, second pass"))),
      ),
      comparison: "above",
      threshold: 0.9,
      ...number,
    },
  ]),
  {
    id: "grpo-keeps-the-sign",
    statement: "GRPO's advantages keep the sign of the reward",
    where: "Section 4.3",
    statistic: difference(measured("grpo", "the advantage keeps the sign", "share of responses")),
    comparison: "above",
    threshold: all,
    ...share,
  },
  ...["psr", "nsr"].map((algorithm): StudyClaim => ({
    id: `normalised-advantages-are-nothing-${algorithm}`,
    statement: `Normalised, the advantages of ${algorithm.toUpperCase()} leave no problem a gradient`,
    where: "Appendix D.3",
    statistic: difference(
      measured(algorithm, "normalised advantages of one sign are nothing", "share of all problems, no gradient"),
    ),
    comparison: "above",
    threshold: all,
    ...share,
  })),
];

const inWeakMode = (k: number, algorithm: string) =>
  difference(passAt(k, models(algorithm, latent)), passAt(k, latentBase));

const transfer: ReadonlyArray<StudyClaim> = [
  {
    id: "latent-mode-is-there",
    statement: "The base with a latent mode is more than ten points stronger under the strong tag (the premise)",
    where: "Section 3.2, Figure 3",
    statistic: difference(passAt(1, latentBase, { evaluation: inStrongMode }), passAt(1, latentBase)),
    comparison: "above",
    threshold: 0.1,
    ...share,
  },
  {
    id: "latent-psr-does-not-raise",
    statement: "PSR raises the weak mode by less than a point at Pass@1",
    where: "Section 3.2, Figure 3",
    statistic: inWeakMode(1, "psr"),
    comparison: "below",
    threshold: point,
    ...share,
  },
  ...["nsr", "grpo"].map((algorithm): StudyClaim => ({
    id: `latent-${algorithm}-raises`,
    statement: `${algorithm.toUpperCase()} raises the weak mode at Pass@1`,
    where: "Section 3.2, Figure 3",
    statistic: inWeakMode(1, algorithm),
    comparison: "above",
    threshold: 0,
    ...share,
  })),
  {
    id: "latent-nsr-above-psr",
    statement: "In the weak mode NSR ends above PSR, at Pass@1 and Pass@64",
    where: "Section 3.2, Figure 3",
    statistic: least(
      [1, 64].map((k) =>
        difference(
          passAt(k, models("nsr", latent), { evaluation: asPublished }),
          passAt(k, models("psr", latent), { evaluation: asPublished }),
        )
      ),
    ),
    comparison: "above",
    threshold: 0,
    ...share,
  },
];

/** The claims about the transfer to a latent mode. */
export const transferClaims: ReadonlyArray<StudyClaim> = transfer;

/** The claims about tokens and steps. */
export const insightClaims: ReadonlyArray<StudyClaim> = [...equations, ...section42, ...section43];
