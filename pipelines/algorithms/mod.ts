/** The registry of the algorithms. The command line's choices, the property tests and the rows of the tables are derived from it. */
import type { Algorithm } from "./algorithm.ts";
import { cispo } from "./cispo.ts";
import { dapo } from "./dapo.ts";
import { drGrpo } from "./dr_grpo.ts";
import { gpg } from "./gpg.ts";
import { grpo } from "./grpo.ts";
import { gspo } from "./gspo.ts";
import { lens } from "./lens.ts";
import { dualClipped, sequenceClip } from "./loss_forms.ts";
import { ngrpo } from "./ngrpo.ts";
import { nsr } from "./nsr.ts";
import { clippedRatio, type LossForm } from "./objective.ts";
import { ppo } from "./ppo.ts";
import { psr } from "./psr.ts";
import { reinforce } from "./reinforce.ts";
import { reinforcePlusPlus } from "./reinforce_plus_plus.ts";
import { rloo } from "./rloo.ts";
import { signWeights } from "./sign_weights.ts";
import { topr } from "./topr.ts";
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
  "dr-grpo": drGrpo,
  dapo,
  rloo,
  "reinforce++": reinforcePlusPlus,
  gspo,
  cispo,
  gpg,
  topr,
  ngrpo,
  lens,
  "sign-weights": signWeights,
} as const satisfies Readonly<Record<string, Algorithm>>;

/** A value of `--algorithm`. */
export type AlgorithmName = keyof typeof algorithms;

/** The forms that are max(-A r, -A clip(r)), whose loss a dual clip can bound. */
const ratioForms: ReadonlyArray<LossForm> = [clippedRatio, sequenceClip];

/** Whether the loss of an algorithm is a clipped ratio, of tokens or of responses. */
export const hasClippedRatio = ({ loss = clippedRatio }: Algorithm): boolean => ratioForms.includes(loss);

/** The loss form of an algorithm, under a dual clip if one is given; undefined for the clipped ratio alone. */
export const lossFormOf = (name: AlgorithmName, dualClip?: number): LossForm | undefined => {
  const { loss }: Algorithm = algorithms[name];
  return dualClip === undefined ? loss : dualClipped(loss ?? clippedRatio, dualClip);
};

/** Whether an algorithm drops whole groups, so that it must see a whole batch to split it. */
export const dropsGroups = (name: AlgorithmName): boolean => {
  const { keepsGroup }: Algorithm = algorithms[name];
  return keepsGroup !== undefined;
};

/** The settings that decide whether the loss has GRPO's KL term. */
export interface KlSettings {
  readonly algorithm: AlgorithmName;
  readonly klInLoss?: boolean | undefined;
}

/** Whether the loss has the KL term: the value of `--kl-in-loss` if given, else the algorithm's default. */
export const isKlInLoss = ({ algorithm, klInLoss }: KlSettings): boolean =>
  klInLoss ?? algorithms[algorithm].klInLoss === true;

/** Whether training needs the log-probs of a reference model. */
export const needsReference = (settings: KlSettings): boolean =>
  algorithms[settings.algorithm].needsReference === true || isKlInLoss(settings);
