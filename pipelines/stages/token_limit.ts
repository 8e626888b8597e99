/** The longest response that settings allow, whatever a model's context leaves of it. */
import { tasks } from "../../data/mod.ts";

/** The default response limit in tokens if the task has none (the paper's, Appendix D). */
const publishedMaxTokens = 3072;

/** The limit of a task's responses in tokens: the requested one, else the task's, else the paper's. */
export const tokenLimit = (task: string | undefined, maxTokens: number | undefined): number => {
  const declared = task !== undefined && Object.hasOwn(tasks, task) ? tasks[task].defaultMaxTokens : undefined;
  return maxTokens ?? declared ?? publishedMaxTokens;
};

/** The limit of a batch in tokens: the largest of its tasks. */
export const batchLimit = (
  batch: ReadonlyArray<{ readonly task?: string }>,
  maxTokens: number | undefined,
): number => batch.reduce((most, { task }) => Math.max(most, tokenLimit(task, maxTokens)), 0);

/** The first response that is longer than the limit of its batch, in words: `record 3 (problem "a"): 20 tokens, ...`; undefined if all fit. */
export const overLimit = (
  batch: ReadonlyArray<{
    readonly problemId: string;
    readonly task?: string;
    readonly responseTokens: { readonly length: number };
  }>,
  maxTokens: number | undefined,
): string | undefined => {
  const limit = batchLimit(batch, maxTokens);
  const index = batch.findIndex(({ responseTokens }) => responseTokens.length > limit);
  if (index < 0) return undefined;
  const { problemId, responseTokens } = batch[index];
  const asked = maxTokens === undefined
    ? `${limit}, the task's limit; give their --max-tokens`
    : `--max-tokens ${limit}`;
  return `record ${index + 1} (problem "${problemId}") has ${responseTokens.length} tokens, more than ${asked}`;
};
