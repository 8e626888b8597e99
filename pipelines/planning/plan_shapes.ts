/**
 * The largest shapes that settings allow, for the memory plan: every response has its maximum length, chunks of a gradient are full, and as
 * many responses run at a time as the cache allows. The rows of the head are bounded by those of the chunk, as if a prompt were a single
 * token.
 */
import { mostSums } from "../algorithms/gradient_chunks.ts";
import { algorithms } from "../algorithms/mod.ts";
import type { Settings } from "../settings/settings.ts";
import type { Length, Shapes } from "./memory_plan.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { stepBatches } from "../learning/optimizer_step.ts";
import { passTokens } from "../learning/score.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";

/** The settings that decide the shapes of a run. */
export interface Workload
  extends
    Pick<Settings, "algorithm" | "lambda" | "responses" | "batch" | "gradientChunk">,
    Partial<Pick<Settings, "cache" | "gradientLeaves">> {
  /** Prompts of a step, or of an evaluation. */
  readonly prompts: number;
  /** Problems of the test split that are answered greedily during training. */
  readonly tested: number;
  /** The largest number of tokens of a prompt and of a response. */
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly miniBatch: number;
  readonly criticMiniBatch: number;
}

/** Rows of the longest sequence; the last token of a response predicts nothing. */
const longestRow = ({ context }: ModelConfig, { promptTokens, responseTokens }: Workload): number =>
  Math.min(context, promptTokens + responseTokens - 1);

/** Rows of the largest chunk of a gradient. */
export const chunkRows = (config: ModelConfig, work: Workload): number => {
  const longest = longestRow(config, work);
  return Math.min(work.miniBatch * work.responses * longest, Math.max(work.gradientChunk, longest));
};

/** Sequences of one prompt token each with `rows` rows together, each at most `longest`. */
const filling = (rows: number, longest: number): ReadonlyArray<Length> => {
  const lengths: Length[] = [];
  for (let left = rows; left > 0; left -= longest) lengths.push({ prompt: 1, response: Math.min(left, longest) });
  return lengths;
};

/** The leaves of a full tree that needs as many sums at a time as that of any mini-batch of up to so many sequences. */
const leavesOf = (config: ModelConfig, work: Workload, sequences: number): number => {
  const longest = longestRow(config, work);
  const isOne = sequences * longest <= Math.max(work.gradientChunk, longest);
  return 1 << (mostSums(isOne ? 1 : sequences, work.gradientLeaves ?? 1) - 1);
};

/** Full chunks of a gradient, one for each of so many leaves. */
const chunksOf = (config: ModelConfig, work: Workload, sequences: number, leaves: number): ReadonlyArray<Length> => {
  const longest = longestRow(config, work);
  const rows = Math.min(sequences * longest, Math.max(work.gradientChunk, longest));
  return Array.from({ length: leaves }, () => filling(rows, longest)).flat();
};

type Drawn = Shapes["drawn"][number];

/**
 * The largest runs of requests that a pool can hold, of `problems` prompts of `length` tokens with `responses` responses each. If not all
 * fit at a time, a run that begins with the last response to a prompt has the most prompts, and one that begins with the first has the most
 * responses.
 */
const largestRuns = (
  config: ModelConfig,
  { responseTokens, batch = defaultBatch, cache }: Workload,
  problems: number,
  responses: number,
  length: number,
): ReadonlyArray<Drawn> => {
  const maxTokens = Math.min(responseTokens, config.context - length);
  const all = problems * responses;
  const count = Math.min(all, batch + responses);
  const starts = all <= batch || responses === 1 ? [0] : [0, responses - 1];
  const prompts = Array.from({ length: Math.ceil(count / responses) + 1 }, (_, i) => new Int32Array(length).fill(i));
  return all === 0 ? [] : starts.map((start): Drawn => ({
    batch,
    cache,
    requests: Array.from({ length: count }, (_, i) => ({
      promptTokens: prompts[Math.floor((start + i) / responses)],
      key: [0, 0],
      maxTokens,
    })),
  }));
};

/** The largest shapes of any step under these settings. */
export const worstShapes = (config: ModelConfig, work: Workload): Shapes => {
  const { prompts, responses, tested, promptTokens, gradientChunk } = work;
  const longest = longestRow(config, work);
  const sequences = prompts * responses;
  const keeps = (sign: "positive" | "negative") => algorithms[work.algorithm].weight(sign, work) !== 0;
  const policySequences = work.miniBatch * responses;
  const criticSequences = Math.min(work.criticMiniBatch, sequences);
  const leaves = Math.max(...[policySequences, criticSequences].map((count) => leavesOf(config, work, count)));
  const chunk = chunksOf(config, work, policySequences, leaves);
  const rollouts = Array.from({ length: sequences }, (_, i) => i);
  // Short prompts leave room in the cache for more sequences; long ones make the largest prefill.
  const drawn = [1, Math.min(promptTokens, config.context - 1)].flatMap((length) => [
    ...largestRuns(config, work, prompts, responses, length),
    ...largestRuns(config, work, tested, 1, length),
  ]);
  return {
    drawn,
    scored: filling(Math.min(sequences * longest, Math.max(passTokens, longest)), longest),
    // The gradient of the first sign is kept while the other is computed.
    positive: keeps("positive") ? keeps("negative") ? [{ prompt: 1, response: 1 }] : chunk : [],
    negative: keeps("negative") ? chunk : [],
    valued: chunksOf(config, work, criticSequences, leaves),
    together: stepBatches(rollouts, work, true).every(({ policy, critic }) => policy && critic),
    gradientChunk,
    gradientLeaves: leaves,
  };
};
