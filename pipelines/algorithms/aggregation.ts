/**
 * How token losses become one loss. `token-mean` divides by the tokens of the whole mini-batch. `sequence-mean`, as printed in the paper,
 * takes the mean of each response and then the mean over responses. `constant-length` divides the sum of each response by one constant and
 * takes the mean over responses, so no token's weight depends on a length (Dr. GRPO, arXiv 2503.20783, Section 3.2). A short last mini-batch
 * still makes a step; its loss is scaled by `share`. The denominators are those of the whole mini-batch, so the losses and gradients of its
 * parts add up to those of the whole.
 */

/** How token losses are averaged. */
export type Aggregation = "token-mean" | "sequence-mean" | "constant-length";

/** Number of response tokens and of sequences in a whole mini-batch. */
export interface Denominators {
  readonly tokens: number;
  readonly sequences: number;
}

/** How the token losses of one part of a mini-batch are weighted. */
export interface Aggregated {
  readonly aggregation: Aggregation;
  /** Sequences of this mini-batch divided by those of a full one, in (0, 1]. */
  readonly share: number;
  readonly denominators: Denominators;
  /** Tokens that `constant-length` divides by: the longest response allowed. Without it that aggregation is NaN. */
  readonly constantLength?: number | undefined;
}

/** The denominators of a mini-batch whose responses have these lengths. */
export const denominatorsOf = (lengths: ReadonlyArray<number>): Denominators => ({
  tokens: lengths.reduce((sum, length) => sum + length, 0),
  sequences: lengths.length,
});

/** The factor of each token loss in a response of `length` tokens. */
export const tokenFactor = (
  length: number,
  { aggregation, share, denominators, constantLength }: Aggregated,
): number => {
  switch (aggregation) {
    case "token-mean":
      return share / denominators.tokens;
    case "sequence-mean":
      return share / (denominators.sequences * length);
    case "constant-length":
      return share / (denominators.sequences * (constantLength ?? NaN));
  }
};
