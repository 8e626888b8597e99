/**
 * Claims about the whole Pass@k spectrum: Section 3.2, Table 1, Figures 2 and 3 (the order of methods), Section 5, and the same asked at the
 * training temperature, at a larger rate and of the hard problems. "Not below" allows one point, "close" two: fixed before any run.
 */
import { ks } from "../../../data/paper/published.ts";
import type { Models, StudyClaim } from "../../records/claim.ts";
import {
  above,
  type Asked,
  asPublished,
  asTrained,
  base,
  below,
  gain,
  largerRate,
  models,
  others,
  point,
} from "./conditions.ts";

const largest = 256;

const overSpectrum = (of: Models, against: Models = base, more: Asked = {}) =>
  ks.map((k) => gain(k, of, against, more));

const againstOthers = (k: number, of: Models, condition?: string) =>
  others.map((other) => gain(k, of, models(other, condition)));

const asked: ReadonlyArray<readonly [suffix: string, words: string, more: Asked]> = [
  ["", "", { evaluation: asPublished }],
  ["-as-trained", " at the training temperature", { evaluation: asTrained }],
  ["-hard", " on the hard problems (four numbers, tolerance at most 2)", { slice: "hard" }],
];

const spectrum: ReadonlyArray<StudyClaim> = asked.flatMap(([suffix, words, more]) => [
  {
    id: `psr-raises-pass-at-1${suffix}`,
    statement: `PSR raises Pass@1 over the base${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    ...above(0, gain(1, models("psr"), base, more)),
  },
  {
    id: `psr-below-base-at-256${suffix}`,
    statement: `PSR is below the base at k = 256${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    ...below(0, gain(largest, models("psr"), base, more)),
  },
  {
    id: `psr-below-base-beyond-8${suffix}`,
    statement: `PSR is below the base at every k > 8${words}`,
    where: suffix === "" ? "Section 3.2" : "Section 3.2, asked elsewhere",
    ...below(0, ks.filter((k) => k > 8).map((k) => gain(k, models("psr"), base, more))),
  },
  {
    id: `nsr-raises-pass-at-1${suffix}`,
    statement: `NSR raises Pass@1 over the base${words}`,
    where: suffix === "" ? "Section 3.2, Table 1" : "Section 3.2, asked elsewhere",
    ...above(0, gain(1, models("nsr"), base, more)),
  },
  {
    id: `nsr-not-below-base${suffix}`,
    statement: `NSR is nowhere more than one point below the base, at any k${words}`,
    where: suffix === "" ? "Section 3.2, Figure 2" : "Section 3.2, asked elsewhere",
    ...above(-point, overSpectrum(models("nsr"), base, more)),
  },
]);

const comparisons: ReadonlyArray<StudyClaim> = [
  {
    id: "nsr-close-at-pass-at-1",
    statement: "NSR's Pass@1 is within two points of PPO's, GRPO's and PSR's, or above",
    where: "Section 3.2",
    ...above(-2 * point, againstOthers(1, models("nsr"))),
  },
  {
    id: "nsr-best-at-256",
    statement: "NSR is above PPO, GRPO and PSR at k = 256",
    where: "Section 3.2, Figure 2",
    ...above(0, againstOthers(largest, models("nsr"))),
  },
  {
    id: "rl-loses-at-256",
    statement: "PPO and GRPO are below the base at k = 256",
    where: "Section 3.2, Figure 2",
    ...below(0, ["ppo", "grpo"].map((algorithm) => gain(largest, models(algorithm)))),
  },
  {
    id: "w-reinforce-above-nsr-at-1",
    statement: "W-REINFORCE is above NSR at Pass@1",
    where: "Section 5, Table 1",
    ...above(0, gain(1, models("w-reinforce"), models("nsr"))),
  },
  {
    id: "w-reinforce-above-others-at-256",
    statement: "W-REINFORCE is above PPO, GRPO and PSR at k = 256",
    where: "Section 5, Table 1",
    ...above(0, againstOthers(largest, models("w-reinforce"))),
  },
  {
    id: "w-reinforce-best-trade-off",
    statement: "W-REINFORCE is nowhere more than one point below PPO or GRPO, at any k",
    where: "Section 5",
    ...above(-point, ["ppo", "grpo"].flatMap((other) => overSpectrum(models("w-reinforce"), models(other)))),
  },
];

const rates: ReadonlyArray<StudyClaim> = [
  {
    id: "psr-below-base-at-256-larger-rate",
    statement: "At three times the learning rate PSR is below the base at k = 256",
    where: "beyond the paper: learning rate",
    ...below(0, gain(largest, models("psr", largerRate))),
  },
  {
    id: "nsr-not-below-base-larger-rate",
    statement: "At three times the learning rate NSR is nowhere more than one point below the base, at any k",
    where: "beyond the paper: learning rate",
    ...above(-point, overSpectrum(models("nsr", largerRate))),
  },
  {
    id: "nsr-best-at-256-larger-rate",
    statement: "At three times the learning rate NSR is above PPO, GRPO and PSR at k = 256",
    where: "beyond the paper: learning rate",
    ...above(0, againstOthers(largest, models("nsr", largerRate), largerRate)),
  },
  {
    id: "larger-rate-costs-coverage",
    statement: "Three times the learning rate makes every algorithm worse at k = 256",
    where: "beyond the paper: learning rate",
    ...below(
      0,
      ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"].map((algorithm) =>
        gain(largest, models(algorithm, largerRate), models(algorithm))
      ),
    ),
  },
];

/** The claims about Pass@k, in the paper's order. */
export const passAtKClaims: ReadonlyArray<StudyClaim> = [...spectrum, ...comparisons, ...rates];
