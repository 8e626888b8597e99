/** Proximal policy optimisation (Schulman et al. 2017): the critic as baseline, the KL to the reference in the reward, gamma = lambda = 1. */
import type { Algorithm } from "./algorithm.ts";
import { gae } from "./gae.ts";

/** PPO: both signs, generalised advantages with a critic, KL in the reward. */
export const ppo: Algorithm = {
  name: "ppo",
  summary: "proximal policy optimisation: a critic as baseline, KL in the reward",
  weight: () => 1,
  advantage: gae({ gamma: 1, lambda: 1 }),
  needsReference: true,
  needsCritic: true,
};
