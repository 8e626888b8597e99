/**
 * Claims about the whole Pass@k spectrum: Section 3.2, Table 1, Figures 2 and 3 (the order of methods), Section 5, and the same asked at the
 * training temperature, at a larger rate and of the hard problems. "Not below" allows one point, "close" two: fixed before any run.
 */
import { ks } from "../../../data/paper/published.ts";
import type { Models, StudyClaim } from "../../records/claim.ts";
import {
  asPublished,
  asTrained,
  base,
  difference,
  greatest,
  largerRate,
  least,
  models,
  others,
  passAt,
} from "./conditions.ts";

const largest = 256;
const point = 0.01;
const share = { unit: "share" } as const;

const gain = (k: number, of: Models, more: Parameters<typeof passAt>[2] = {}, against: Models = base) =>
  difference(passAt(k, of, more), passAt(k, against, more));

const overSpectrum = (of: Models, more: Parameters<typeof passAt>[2] = {}, against: Models = base) =>
  ks.map((k) => gain(k, of, more, against));

const againstOthers = (k: number, of: Models, condition?: string) =>
  others.map((other) => gain(k, of, {}, models(other, condition)));

const asked: ReadonlyArray<readonly [suffix: string, words: string, more: Parameters<typeof passAt>[2]]> = [
  ["", "", { evaluation: asPublished }],
  ["-as-trained", " at the training temperature", { evaluation: asTrained }],
  ["-hard", " on the hard problems (four numbers, tolerance at most 2)", { slice: "hard" }],
];

const spectrum: ReadonlyArray<StudyClaim> = asked.flatMap(([suffix, words, more]) => [
  {
    id: `psr-raises-pass-at-1${suffix}`,
    statement: `PSR raises Pass@1 over the base${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    statistic: gain(1, models("psr"), more),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: `psr-below-base-at-256${suffix}`,
    statement: `PSR is below the base at k = 256${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    statistic: gain(largest, models("psr"), more),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: `psr-below-base-beyond-8${suffix}`,
    statement: `PSR is below the base at every k > 8${words}`,
    where: suffix === "" ? "Section 3.2" : "Section 3.2, asked elsewhere",
    statistic: greatest(ks.filter((k) => k > 8).map((k) => gain(k, models("psr"), more))),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: `nsr-raises-pass-at-1${suffix}`,
    statement: `NSR raises Pass@1 over the base${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    statistic: gain(1, models("nsr"), more),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: `nsr-not-below-base${suffix}`,
    statement: `NSR is nowhere more than one point below the base, at any k${words}`,
    where: suffix === "" ? "Section 3.2, Figure 2" : "Section 3.2, asked elsewhere",
    statistic: least(overSpectrum(models("nsr"), more)),
    comparison: "above",
    threshold: -point,
    ...share,
  },
]);

const comparisons: ReadonlyArray<StudyClaim> = [
  {
    id: "nsr-close-at-pass-at-1",
    statement: "NSR's Pass@1 is within two points of PPO's, GRPO's and PSR's, or above",
    where: "Section 3.2",
    statistic: least(againstOthers(1, models("nsr"))),
    comparison: "above",
    threshold: -2 * point,
    ...share,
  },
  {
    id: "nsr-best-at-256",
    statement: "NSR is above PPO, GRPO and PSR at k = 256",
    where: "Section 3.2, Figure 2",
    statistic: least(againstOthers(largest, models("nsr"))),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: "rl-loses-at-256",
    statement: "PPO and GRPO are below the base at k = 256",
    where: "Section 3.2, Figure 2",
    statistic: greatest(["ppo", "grpo"].map((algorithm) => gain(largest, models(algorithm)))),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: "w-reinforce-above-nsr-at-1",
    statement: "W-REINFORCE is above NSR at Pass@1",
    where: "Section 5, Table 1",
    statistic: gain(1, models("w-reinforce"), {}, models("nsr")),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: "w-reinforce-above-others-at-256",
    statement: "W-REINFORCE is above PPO, GRPO and PSR at k = 256",
    where: "Section 5, Table 1",
    statistic: least(againstOthers(largest, models("w-reinforce"))),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: "w-reinforce-best-trade-off",
    statement: "W-REINFORCE is nowhere more than one point below PPO or GRPO, at any k",
    where: "Section 5",
    statistic: least(["ppo", "grpo"].flatMap((other) => overSpectrum(models("w-reinforce"), {}, models(other)))),
    comparison: "above",
    threshold: -point,
    ...share,
  },
];

const rates: ReadonlyArray<StudyClaim> = [
  {
    id: "psr-below-base-at-256-larger-rate",
    statement: "At three times the learning rate PSR is below the base at k = 256",
    where: "beyond the paper: learning rate",
    statistic: gain(largest, models("psr", largerRate)),
    comparison: "below",
    threshold: 0,
    ...share,
  },
  {
    id: "nsr-not-below-base-larger-rate",
    statement: "At three times the learning rate NSR is nowhere more than one point below the base, at any k",
    where: "beyond the paper: learning rate",
    statistic: least(overSpectrum(models("nsr", largerRate))),
    comparison: "above",
    threshold: -point,
    ...share,
  },
  {
    id: "nsr-best-at-256-larger-rate",
    statement: "At three times the learning rate NSR is above PPO, GRPO and PSR at k = 256",
    where: "beyond the paper: learning rate",
    statistic: least(againstOthers(largest, models("nsr", largerRate), largerRate)),
    comparison: "above",
    threshold: 0,
    ...share,
  },
  {
    id: "larger-rate-costs-coverage",
    statement: "Three times the learning rate makes every algorithm worse at k = 256",
    where: "beyond the paper: learning rate",
    statistic: greatest(
      ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"].map((algorithm) =>
        gain(largest, models(algorithm, largerRate), {}, models(algorithm))
      ),
    ),
    comparison: "below",
    threshold: 0,
    ...share,
  },
];

/** The claims about Pass@k, in the paper's order. */
export const passAtKClaims: ReadonlyArray<StudyClaim> = [...spectrum, ...comparisons, ...rates];
