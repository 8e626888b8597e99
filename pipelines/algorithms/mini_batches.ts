/**
 * Cuts a rollout batch into mini-batches of `miniBatch` prompts x `responses` sequences, in order. PSR and NSR drop the other sign first
 * and use the same size, so they make fewer steps, as published. A short last mini-batch still makes a step; its loss is scaled by its
 * share of a full one.
 */

/** Consecutive sequences of one optimizer step, and their share of a full mini-batch. */
export interface MiniBatch<A> {
  readonly sequences: ReadonlyArray<A>;
  readonly share: number;
}

/** The share of `count` sequences in a full mini-batch of `size`, at most 1; 1 without a `size`. */
export const shareOf = (count: number, size?: number): number => size === undefined ? 1 : Math.min(1, count / size);

/** Whether two cuts of one batch give the same mini-batches. */
export const cutAlike = <A>(one: ReadonlyArray<MiniBatch<A>>, other: ReadonlyArray<MiniBatch<A>>): boolean =>
  one.length === other.length && one.every(({ sequences }, i) => sequences.length === other[i].sequences.length);

/** Cuts a batch into mini-batches of `size` sequences; only the last may be shorter. */
export const miniBatches = <A>(batch: ReadonlyArray<A>, size: number): ReadonlyArray<MiniBatch<A>> =>
  Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => {
    const sequences = batch.slice(i * size, (i + 1) * size);
    return { sequences, share: shareOf(sequences.length, size) };
  });
