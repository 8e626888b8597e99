/**
 * The door of the algorithms and their registry: a new one is a file and a line here. The command line's choices, the
 * law tests and the rows of the tables read `algorithms`.
 */
import type { Algorithm } from "./algorithm.ts";
import { grpo } from "./grpo.ts";
import { nsr } from "./nsr.ts";
import { ppo } from "./ppo.ts";
import { psr } from "./psr.ts";
import { reinforce } from "./reinforce.ts";
import { wReinforce } from "./w_reinforce.ts";

export type { Advantage, AdvantageNeed, Algorithm, Credit, Response } from "./algorithm.ts";

/** Every algorithm under the name that `--algorithm` takes. */
export const algorithms = {
  ppo,
  grpo,
  psr,
  nsr,
  "w-reinforce": wReinforce,
  reinforce,
} as const satisfies Readonly<Record<string, Algorithm>>;

/** A name that `--algorithm` takes. */
export type AlgorithmName = keyof typeof algorithms;

/** Settings that may add the KL term of GRPO to the loss of another algorithm, or take it away. */
export interface KlSettings {
  readonly algorithm: AlgorithmName;
  readonly klInLoss?: boolean | undefined;
}

/** Whether the loss has the KL term: as `--kl-in-loss` says, else as the algorithm does. */
export const isKlInLoss = ({ algorithm, klInLoss }: KlSettings): boolean => klInLoss ?? algorithms[algorithm].klInLoss;

/** Whether training needs the log-probs of a reference. */
export const needsReference = (settings: KlSettings): boolean =>
  algorithms[settings.algorithm].needsReference || isKlInLoss(settings);
