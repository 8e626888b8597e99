/** The registry of the algorithms. The command line's choices, the property tests and the rows of the tables are derived from it. */
import type { Algorithm } from "./algorithm.ts";
import { grpo } from "./grpo.ts";
import type { LossForm } from "./objective.ts";
import { nsr } from "./nsr.ts";
import { ppo } from "./ppo.ts";
import { psr } from "./psr.ts";
import { reinforce } from "./reinforce.ts";
import { wReinforce } from "./w_reinforce.ts";

export type { Advantage, AdvantageNeed, Algorithm, Credit, Response } from "./algorithm.ts";

/** Every algorithm under its `--algorithm` name. */
export const algorithms = {
  ppo,
  grpo,
  psr,
  nsr,
  "w-reinforce": wReinforce,
  reinforce,
} as const satisfies Readonly<Record<string, Algorithm>>;

/** A value of `--algorithm`. */
export type AlgorithmName = keyof typeof algorithms;

/** The loss form of an algorithm; undefined for the clipped ratio. */
export const lossFormOf = (name: AlgorithmName): LossForm | undefined => {
  const { loss }: Algorithm = algorithms[name];
  return loss;
};

/** The settings that decide whether the loss has GRPO's KL term. */
export interface KlSettings {
  readonly algorithm: AlgorithmName;
  readonly klInLoss?: boolean | undefined;
}

/** Whether the loss has the KL term: the value of `--kl-in-loss` if given, else the algorithm's default. */
export const isKlInLoss = ({ algorithm, klInLoss }: KlSettings): boolean => klInLoss ?? algorithms[algorithm].klInLoss;

/** Whether training needs the log-probs of a reference model. */
export const needsReference = (settings: KlSettings): boolean =>
  algorithms[settings.algorithm].needsReference || isKlInLoss(settings);
