/**
 * GPG (arXiv 2504.02546): the log-likelihood alone, without ratio, clip or reference. The advantage is alpha (r - mean) over the group, F_norm = 1,
 * where alpha makes up for groups without signal (Eq. (7)); the loss is a mean over tokens (Eq. (5)). The paper also draws again where few
 * groups have a signal; here nothing is drawn again, so that training's prompts are those that `prompt` draws. No KL term, no entropy bonus.
 */
import type { Algorithm } from "./algorithm.ts";
import { scaledGroupMean } from "./group_mean.ts";
import { logLikelihood } from "./loss_forms.ts";

/** GPG: scaled rewards less their group's mean, the log-likelihood. */
export const gpg: Algorithm = {
  name: "gpg",
  summary: "GPG: rewards less their group's mean, scaled for groups without signal, the log-likelihood",
  defaults: { aggregation: "token-mean", entropyCoef: 0 },
  weight: () => 1,
  advantage: scaledGroupMean,
  loss: logLikelihood,
};
