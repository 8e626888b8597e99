/**
 * The largest shapes that settings allow, for the memory plan: every response as long as it may be, chunks of a gradient full, waves as large
 * as the cache allows. Rows of the head are bounded by those of the chunk, as if a prompt were a single token.
 */
import type { DeviceInfo } from "../../kernels/device_error.ts";
import { algorithms } from "../algorithms/mod.ts";
import { cutAlike, miniBatches } from "../algorithms/mini_batches.ts";
import type { Settings } from "../settings.ts";
import type { Length, Shapes } from "./memory_plan.ts";
import type { ModelConfig } from "./model_config.ts";
import { passTokens } from "./score.ts";
import { defaultBatch, type Request, waves } from "./waves.ts";

/** What decides the shapes of a run. */
export interface Workload
  extends
    Pick<Settings, "algorithm" | "lambda" | "responses" | "batch" | "gradientChunk">,
    Partial<Pick<Settings, "cache">> {
  /** Prompts of a step, or of an evaluation. */
  readonly prompts: number;
  /** Problems of the test split that are asked greedily along training. */
  readonly tested: number;
  /** Tokens of a prompt and of a response at most. */
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly miniBatch: number;
  readonly criticMiniBatch: number;
}

/** Rows of the longest sequence; the last token of a response predicts nothing. */
export const longestRow = ({ context }: ModelConfig, { promptTokens, responseTokens }: Workload): number =>
  Math.min(context, promptTokens + responseTokens - 1);

/** Rows of the largest chunk of a gradient. */
export const chunkRows = (config: ModelConfig, work: Workload): number => {
  const longest = longestRow(config, work);
  return Math.min(work.miniBatch * work.responses * longest, Math.max(work.gradientChunk, longest));
};

/** Sequences of one prompt token each that have `rows` rows together, none more than `longest`. */
const filling = (rows: number, longest: number): ReadonlyArray<Length> => {
  const lengths: Length[] = [];
  for (let left = rows; left > 0; left -= longest) lengths.push({ prompt: 1, response: Math.min(left, longest) });
  return lengths;
};

/** The first wave of `problems` prompts of `length` tokens, each asked `responses` times: none is larger. */
const firstWave = (
  config: ModelConfig,
  info: DeviceInfo,
  { responseTokens, batch = defaultBatch, cache }: Workload,
  problems: number,
  responses: number,
  length: number,
): ReadonlyArray<Request> => {
  const maxTokens = Math.min(responseTokens, config.context - length);
  const count = Math.min(problems * responses, batch);
  const prompts = Array.from({ length: Math.ceil(count / responses) }, (_, i) => new Int32Array(length).fill(i));
  const requests = Array.from({ length: count }, (_, i): Request => ({
    promptTokens: prompts[Math.floor(i / responses)],
    key: [0, 0],
    maxTokens,
  }));
  return waves({ config, encoder: { info } }, requests, batch, cache)[0] ?? [];
};

/** The shapes that no step under these settings exceeds, on a device with these limits. */
export const worstShapes = (config: ModelConfig, info: DeviceInfo, work: Workload): Shapes => {
  const { prompts, responses, tested, promptTokens, gradientChunk } = work;
  const longest = longestRow(config, work);
  const sequences = prompts * responses;
  const keeps = (sign: "positive" | "negative") => algorithms[work.algorithm].weight(sign, work) !== 0;
  const chunk = filling(chunkRows(config, work), longest);
  const criticSequences = Math.min(work.criticMiniBatch, sequences);
  const rollouts = Array.from({ length: sequences }, (_, i) => i);
  // Short prompts leave the cache to more sequences, long ones make more of what is read before the first token.
  const drawn = [1, Math.min(promptTokens, config.context - 1)].flatMap((length) => [
    firstWave(config, info, work, prompts, responses, length),
    firstWave(config, info, work, tested, 1, length),
  ]);
  return {
    waves: drawn.filter((wave) => wave.length > 0),
    scored: filling(Math.min(sequences * longest, Math.max(passTokens, longest)), longest),
    // The gradient of the first sign is held while the other one's is made.
    positive: keeps("positive") ? keeps("negative") ? [{ prompt: 1, response: 1 }] : chunk : [],
    negative: keeps("negative") ? chunk : [],
    valued: filling(Math.min(criticSequences * longest, Math.max(gradientChunk, longest)), longest),
    together: cutAlike(miniBatches(rollouts, work.miniBatch * responses), miniBatches(rollouts, criticSequences)),
    gradientChunk,
  };
};
