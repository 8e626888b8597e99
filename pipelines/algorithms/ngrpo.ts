/**
 * NGRPO (arXiv 2509.18851): GRPO with a virtual response of the highest reward in every group, so that groups that are all wrong teach; groups
 * that are all right are dropped, and nothing is drawn in their place. By the authors' script: clip 0.16 below and 0.24 above, learning rate 1e-6,
 * no KL term; by their code's default the entropy coefficient 1e-3 and the token mean.
 */
import type { Algorithm } from "./algorithm.ts";
import { virtualMaximum } from "./virtual_maximum.ts";

/** NGRPO: rewards against their group and a virtual best response, asymmetric clip. */
export const ngrpo: Algorithm = {
  name: "ngrpo",
  summary: "NGRPO: rewards against their group and a virtual best response, clip 0.16 below and 0.24 above",
  defaults: { aggregation: "token-mean", clipRatio: 0.16, clipRatioHigh: 0.24, entropyCoef: 1e-3, learningRate: 1e-6 },
  weight: () => 1,
  keepsGroup: (group) => group.some(({ reward }) => reward <= 0),
  advantage: virtualMaximum,
};
