/**
 * The policy term of a token's loss. With log-prob l, advantage A, and r the token's probability ratio:
 *   clip             max(-A r, -A clip(r, 1 - e, 1 + h)), e = clipRatio, h = clipRatioHigh (PPO, arXiv 1707.06347, Eq. (7));
 *   sequence-clip    the same with r = exp(mean of l - old over the response) (GSPO, arXiv 2507.18071, Eqs. (5) to (7));
 *   clipped-weight   -w A l, w = clip(r, 1 - e, 1 + h), without a gradient through w (CISPO, arXiv 2506.13585, Eqs. (4) and (5));
 *   tapered-weight   -w A l, w = 1 where A > 0, else min(r, 1) (TOPR, arXiv 2503.14286, Eq. (8), token by token as in ROLL);
 *   log-likelihood   -A l (REINFORCE and GPG, arXiv 2504.02546, Eq. (7)).
 * The derivative by l is -A r, 0 where a clip decides, or -A w. In `sequence-clip` it is that of GSPO-token (Eqs. (13) and (14)), which is
 * GSPO's own where A is the same all along the response. Dual clip (arXiv 1912.09729) bounds the first two by -A dualClip where
 * A < 0; the weights of the others are bounded already, and it leaves them as they are.
 */

/** What the term of a token depends on; `ratio` is that of its response in a form whose ratio is the sequence's. */
export interface PolicyToken {
  readonly logProb: number;
  readonly ratio: number;
  readonly advantage: number;
}

/** The bounds of the probability ratio. */
export interface ClipSettings {
  readonly clipRatio: number;
  /** How far the ratio may rise above 1; `clipRatio` without it. */
  readonly clipRatioHigh?: number | undefined;
  /** The greatest ratio that a negative advantage is multiplied by, above 1; no bound without it. */
  readonly dualClip?: number | undefined;
}

/** A token's loss, its derivative by the token's log-prob, and whether a bound of the ratio decided it. */
export interface PolicyTerm {
  readonly loss: number;
  readonly derivative: number;
  readonly clipped: boolean;
}

/** How a token's loss follows from its ratio, and whether that is the token's or its response's. */
export interface LossForm {
  readonly ratio: "token" | "sequence";
  readonly term: (token: PolicyToken, settings: ClipSettings) => PolicyTerm;
}

const bounded = (ratio: number, { clipRatio, clipRatioHigh = clipRatio }: ClipSettings): number =>
  Math.min(Math.max(ratio, 1 - clipRatio), 1 + clipRatioHigh);

const clippedSurrogate: LossForm["term"] = ({ ratio, advantage }, settings) => {
  const plainLoss = -advantage * ratio;
  const clippedLoss = -advantage * bounded(ratio, settings);
  const isClipped = clippedLoss > plainLoss;
  const loss = isClipped ? clippedLoss : plainLoss;
  const most = advantage < 0 && settings.dualClip !== undefined ? -advantage * settings.dualClip : Infinity;
  return loss > most
    ? { loss: most, derivative: 0, clipped: true }
    : { loss, derivative: isClipped ? 0 : plainLoss, clipped: isClipped };
};

/** -w A l; `weigh` gives w, which has no gradient, and the ratio that it bounds. */
const weighted = (
  weigh: (token: PolicyToken, settings: ClipSettings) => { readonly weight: number; readonly unbounded: number },
): LossForm["term"] =>
(token, settings) => {
  const { weight, unbounded } = weigh(token, settings);
  const derivative = -token.advantage * weight;
  return { loss: derivative * token.logProb, derivative, clipped: weight !== unbounded };
};

/** Every loss form under its name. */
export const lossForms = {
  "clip": { ratio: "token", term: clippedSurrogate },
  "sequence-clip": { ratio: "sequence", term: clippedSurrogate },
  "clipped-weight": {
    ratio: "token",
    term: weighted(({ ratio }, settings) => ({ weight: bounded(ratio, settings), unbounded: ratio })),
  },
  "tapered-weight": {
    ratio: "token",
    term: weighted(({ ratio, advantage }) =>
      advantage > 0 ? { weight: 1, unbounded: 1 } : { weight: Math.min(ratio, 1), unbounded: ratio }
    ),
  },
  "log-likelihood": { ratio: "token", term: weighted(() => ({ weight: 1, unbounded: 1 })) },
} as const satisfies Readonly<Record<string, LossForm>>;

/** The name of a loss form. */
export type LossFormName = keyof typeof lossForms;
