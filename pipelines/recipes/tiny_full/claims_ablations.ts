/**
 * Claims about what makes the algorithms what they are: clipping and mini-batches (Section 4.3 and a public report), the KL penalty (Appendix
 * D.1; C.1 in version 1), advantage normalisation (Appendix D.3; C.3), the entropy bonus (Section 4.2 and the gradient in Appendix B; A), the
 * weight lambda (Section 5 and the ablation of a later version) and long training (Appendix E; D). Ablations draw 64 responses a problem.
 */
import type { Models, StudyClaim } from "../../records/claim.ts";
import { base, difference, greatest, least, main, metric, models, passAt } from "./conditions.ts";

const many = 64;
const point = 0.01;
const share = { unit: "share" } as const;

const gain = (k: number, of: Models, against: Models) => difference(passAt(k, of), passAt(k, against));
const alike = (of: Models, against: Models) => [gain(1, of, against), gain(many, of, against)];
const entropy = (of: Models) => metric("testEntropy", of, 50, 60);

/** A claim that a change moves neither Pass@1 nor Pass@64 by more than a point, either way. */
const keeps = (id: string, statement: string, where: string, pairs: ReadonlyArray<[Models, Models]>) =>
  [
    { id: `${id}-nowhere-worse`, words: "nowhere more than a point worse", over: least, above: true },
    { id: `${id}-nowhere-better`, words: "nowhere more than a point better", over: greatest, above: false },
  ].map((side): StudyClaim => ({
    id: side.id,
    statement: `${statement}: at Pass@1 and Pass@64 ${side.words}`,
    where,
    statistic: side.over(pairs.flatMap(([of, against]) => alike(of, against))),
    comparison: side.above ? "above" : "below",
    threshold: side.above ? -point : point,
    ...share,
  }));

const clipping: ReadonlyArray<StudyClaim> = [
  ...keeps(
    "clip-off",
    "Without clipping PSR, NSR and W-REINFORCE are as with it",
    "Section 4.3",
    ["psr", "nsr", "w-reinforce"].map((algorithm) => [models(algorithm, "clip off"), models(algorithm)]),
  ),
  {
    id: "nsr-entropy-needs-clipping",
    statement: "Without clipping NSR keeps less entropy than with it",
    where: "beyond the paper: a public report",
    statistic: difference(entropy(models("nsr", "clip off")), entropy(models("nsr"))),
    comparison: "below",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "nsr-entropy-without-clipping",
    statement: "Without clipping, too, NSR keeps more entropy than PSR",
    where: "beyond the paper: a public report",
    statistic: difference(entropy(models("nsr", "clip off")), entropy(models("psr", "clip off"))),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "nsr-entropy-on-policy",
    statement: "With one update a batch, where nothing is off-policy, NSR keeps more entropy than PSR",
    where: "beyond the paper: a public report",
    statistic: difference(
      entropy(models("nsr", "one update a batch")),
      entropy(models("psr", "one update a batch")),
    ),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "nsr-coverage-many-updates",
    statement: "With 16 updates a batch NSR is above PSR at k = 64",
    where: "beyond the paper: updates a batch",
    statistic: gain(many, models("nsr", "16 updates a batch"), models("psr", "16 updates a batch")),
    comparison: "above",
    threshold: 0,
    ...share,
  },
];

const penalties: ReadonlyArray<StudyClaim> = [
  ...["psr", "nsr"].map((algorithm): StudyClaim => ({
    id: `no-kl-is-better-${algorithm}`,
    statement: `${algorithm.toUpperCase()} without a KL penalty is better at Pass@1 than with 1e-3 or 1e-2`,
    where: "Appendix D.1",
    statistic: least(
      ["KL 1e-3", "KL 1e-2"].map((condition) => gain(1, models(algorithm), models(algorithm, condition))),
    ),
    comparison: "above",
    threshold: 0,
    ...share,
  })),
  ...["psr", "nsr"].map((algorithm): StudyClaim => ({
    id: `normalised-advantage-leaves-no-signal-${algorithm}`,
    statement:
      `${algorithm.toUpperCase()} with normalised advantages stays within a point of the base at Pass@1: nothing is learnt`,
    where: "Appendix D.3",
    statistic: gain(1, models(algorithm, "normalised advantage"), base),
    comparison: "within",
    threshold: point,
    ...share,
  })),
  {
    id: "normalised-advantage-leaves-the-bonus",
    statement:
      "With normalised advantages the entropy bonus of 1e-4 alone steers: AdamW scales it up, and entropy rises",
    where: "beyond the paper: Appendix D.3",
    statistic: difference(entropy(models("psr", "normalised advantage, bonus")), metric("testEntropy", base, 0, 0)),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  ...["psr", "nsr"].map((algorithm): StudyClaim => ({
    id: `normalised-advantage-leaves-no-gradient-${algorithm}`,
    statement: `${algorithm.toUpperCase()} with normalised advantages has less than a hundredth of its gradient's norm`,
    where: "Appendix D.3",
    statistic: {
      name: "ratio",
      of: metric("gradNorm", models(algorithm, "normalised advantage"), 1, 60),
      over: metric("gradNorm", models(algorithm), 1, 60),
    },
    comparison: "below",
    threshold: 0.01,
    unit: "number",
  })),
];

const bonuses = ["entropy bonus 1e-3", "entropy bonus 1e-2", "entropy bonus 1e-1"];

const entropyBonus: ReadonlyArray<StudyClaim> = [
  {
    id: "entropy-bonus-keeps-entropy",
    statement: "A large enough entropy bonus (0.1) keeps PSR's entropy above PSR's own",
    where: "Appendix B",
    statistic: difference(entropy(models("psr", "entropy bonus 1e-1")), entropy(models("psr"))),
    comparison: "above",
    threshold: 0,
    unit: "nats",
  },
  {
    id: "entropy-bonus-is-not-nsr",
    statement: "No entropy bonus (1e-3, 1e-2, 1e-1) makes PSR as good as NSR at Pass@1 and Pass@64 both",
    where: "Section 4.2, Appendix B",
    statistic: greatest(bonuses.map((condition) => least(alike(models("psr", condition), models("nsr"))))),
    comparison: "below",
    threshold: 0,
    ...share,
  },
];

const lambdas: ReadonlyArray<StudyClaim> = [
  {
    id: "lambda-trades-pass-at-1",
    statement: "A larger lambda gives a higher Pass@1: 1 is above 0.1, and 0.1 above 0",
    where: "Section 5, ablation of a later version",
    statistic: least([
      gain(1, models("reinforce"), models("w-reinforce")),
      gain(1, models("w-reinforce"), models("nsr")),
    ]),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: "lambda-trades-coverage",
    statement: "A larger lambda gives a lower Pass@64: 1 is below 0.1, and 0.1 below 0",
    where: "Section 5, ablation of a later version",
    statistic: greatest([
      gain(many, models("reinforce"), models("w-reinforce")),
      gain(many, models("w-reinforce"), models("nsr")),
    ]),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: "lambda-not-critical",
    statement: "Lambda 0.03 and 0.3 are within two points of 0.1 or above, at Pass@1 and Pass@64",
    where: "Section 5, ablation of a later version",
    statistic: least(
      ["lambda 0.03", "lambda 0.3"].flatMap((condition) =>
        alike(models("w-reinforce", condition), models("w-reinforce", main))
      ),
    ),
    comparison: "above",
    threshold: -2 * point,
    ...share,
  },
];

const afterLong = (k: number, algorithm: string) =>
  difference(passAt(k, models(algorithm, "long")), passAt(k, models(algorithm, "long"), { step: 60 }));

const long: ReadonlyArray<StudyClaim> = [
  {
    id: "long-nsr-degrades",
    statement: "Four times as long, NSR falls back: its Pass@1 is below that after 60 steps",
    where: "Appendix E",
    statistic: afterLong(1, "nsr"),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: "long-w-reinforce-does-not-degrade",
    statement: "Four times as long, W-REINFORCE is not more than a point below itself after 60 steps, at Pass@1",
    where: "Appendix E",
    statistic: afterLong(1, "w-reinforce"),
    comparison: "above",
    threshold: -point,
    ...share,
  },
  {
    id: "long-nsr-loses-coverage",
    statement: "Four times as long, NSR's Pass@64 is below that after 60 steps",
    where: "Appendix E",
    statistic: afterLong(many, "nsr"),
    comparison: "below",
    threshold: 0,
    ...share,
  },
];

/** The claims about ablations. */
export const ablationClaims: ReadonlyArray<StudyClaim> = [
  ...clipping,
  ...penalties,
  ...entropyBonus,
  ...lambdas,
  ...long,
];
