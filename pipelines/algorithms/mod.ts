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
