/**
 * DAPO (arXiv 2503.14476): GRPO with four changes. The ratio may rise further than it may fall (clip 0.2 and 0.28, Section 3.1); groups whose
 * rewards are all equal are dropped (Section 3.2); the loss is a mean over tokens (3.3); long responses lose a part of their reward (3.4), which
 * is inside the advantages: the reward of the record stays +1 or -1. The penalty is at most 1, over the last fifth of the tokens allowed (4,096
 * of 20,480, Section 4.1). No KL term, no entropy bonus. Unlike the paper's, dropped groups are not replaced, so that training's prompts are those
 * that `prompt` draws. A group of one is kept, as in verl.
 */
import { number, setting } from "../settings/setting.ts";
import { makeAlgorithm } from "./algorithm.ts";
import { hasSignal } from "./group_advantage.ts";
import { groupBaseline } from "./group_baseline.ts";
import { shapedBaseline } from "./overlong_penalty.ts";

/** DAPO: higher clip above, no groups without signal, token mean, overlong responses punished. */
export const dapo = makeAlgorithm({
  name: "dapo",
  summary: "DAPO: GRPO with a higher clip above, without groups of equal rewards, long responses punished",
  settings: {
    overlongBuffer: setting(0.2, number({ above: 0, max: 1 }), "share of --max-tokens, at its end, that costs reward"),
    overlongPenalty: setting(1, number({ min: 0 }), "reward that a response of --max-tokens tokens loses"),
  },
  defaults: { aggregation: "token-mean", clipRatio: 0.2, clipRatioHigh: 0.28, entropyCoef: 0 },
  weight: () => 1,
  keepsGroup: (group) => group.length === 1 || hasSignal(group),
  advantage: {
    ...groupBaseline,
    readsLimit: true,
    credit: (batch, { maxTokens = NaN, overlongBuffer, overlongPenalty, ...settings }) =>
      shapedBaseline({ maxTokens, buffer: overlongBuffer * maxTokens, penalty: overlongPenalty })
        .credit(batch, settings),
  },
});
