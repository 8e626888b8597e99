/** Registers an algorithm that is only here, as a line in `mod.ts` would: whoever imports this first finds it wherever the registry is read. */
import type { Algorithm } from "../../../pipelines/algorithms/algorithm.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";

/** Learns from all responses, from the wrong ones at half weight; an advantage falls from token to token. */
export const throwAwayAlgorithm: Algorithm = {
  name: "throw-away",
  summary: "Learns from all responses, the first tokens most",
  weight: (sign) => sign === "positive" ? 1 : 0.5,
  advantage: {
    scope: "response",
    needs: [],
    credit: (batch) =>
      batch.map(({ reward, weight, responseTokens }) => ({
        advantages: Float32Array.from(responseTokens, (_, t) => weight * reward / (1 + t)),
      })),
  },
  klInLoss: false,
  needsReference: false,
  needsCritic: false,
};

Object.assign(algorithms, { [throwAwayAlgorithm.name]: throwAwayAlgorithm });
