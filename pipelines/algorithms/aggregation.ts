/**
 * How the losses of tokens become one loss. `token-mean` divides by the tokens of the whole mini-batch, `sequence-mean`
 * takes the mean of each response and then over responses, as the paper's formula is printed. A short last mini-batch
 * still makes a step, its loss scaled by its `share` of a full one. The denominators belong to the mini-batch, not to
 * the part at hand, so the losses and gradients of its parts add up to those of the whole.
 */

/** `token-mean` or `sequence-mean`. */
export type Aggregation = "token-mean" | "sequence-mean";

/** The response tokens and the sequences of a whole mini-batch. */
export interface Denominators {
  readonly tokens: number;
  readonly sequences: number;
}

/** What turns token losses of a part of a mini-batch into its part of the loss. */
export interface Aggregated {
  readonly aggregation: Aggregation;
  /** The mini-batch's sequences over those of a full one, in (0, 1]. */
  readonly share: number;
  readonly denominators: Denominators;
}

/** The denominators of a mini-batch whose responses have these lengths. */
export const denominatorsOf = (lengths: ReadonlyArray<number>): Denominators => ({
  tokens: lengths.reduce((sum, length) => sum + length, 0),
  sequences: lengths.length,
});

/** The factor of each token loss in a response of `length` tokens. */
export const tokenFactor = (length: number, { aggregation, share, denominators }: Aggregated): number =>
  aggregation === "token-mean" ? share / denominators.tokens : share / (denominators.sequences * length);
