/**
 * DAPO's soft overlong punishment (arXiv 2503.14476, Section 3.4, Eq. (13)): a response loses up to `penalty` of its reward over the last
 * `buffer` of `maxTokens` tokens, linearly, and no more beyond them. It is inside the advantage: the reward of the record stays as it was
 * graded. The advantage is then GRPO's.
 */
import type { Advantage, Response } from "./algorithm.ts";
import { groupBaseline } from "./group_baseline.ts";

/** The longest response allowed, the tokens at its end that cost something, and what the last of them costs. */
export interface Overlong {
  readonly maxTokens: number;
  readonly buffer: number;
  readonly penalty: number;
}

/** What a response of `length` tokens loses: from 0 to `penalty`. */
export const overlongPenalty = (length: number, { maxTokens, buffer, penalty }: Overlong): number =>
  Math.min(1, Math.max(0, (length - (maxTokens - buffer)) / buffer)) * penalty;

/** The reward less the overlong penalty, against its group. */
export const shapedBaseline = (overlong: Overlong): Advantage => ({
  ...groupBaseline,
  credit: (batch, settings) =>
    groupBaseline.credit(
      batch.map((response): Response => ({
        ...response,
        reward: response.reward - overlongPenalty(response.responseTokens.length, overlong),
      })),
      settings,
    ),
});
