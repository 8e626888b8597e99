/**
 * Draws G responses to each prompt. A rollout depends only on its names (seed, step, problem, sample index), never on the rest of the
 * batch; its log-probs equal those of `score` bit for bit. The whole input is checked before the first token is drawn.
 */
import { Effect, Stream } from "effect";
import { Key } from "../../data/random.ts";
import { decode } from "../sampling/decode.ts";
import type { Request } from "../sampling/pool_shape.ts";
import type { Model } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { Failure } from "../settings/command.ts";
import { placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";
import type * as Records from "../records/schema.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import type { Settings } from "../settings/settings.ts";
import { tokenLimit } from "./token_limit.ts";

/** The settings of sampling. */
export type SampleSettings =
  & Pick<Settings, "responses" | "temperature" | "topP" | "topK" | "maxTokens" | "seed" | "step" | "batch">
  & Partial<Pick<Settings, "cache">>
  & {
    /** Responses that earlier prompts of a problem have, if the prompts are a part of more. */
    readonly before?: Readonly<Record<string, number>>;
  };

/** One greedy response to each prompt. */
export const greedySampling = { responses: 1, temperature: 0, topP: 1, topK: 0 } as const;

/** The fields of a prompt that sampling reads. */
export type Sampled = Pick<Records.Prompt, "problemId" | "promptTokens"> & Partial<Pick<Records.Prompt, "task">>;

/** Why a prompt cannot be sampled from, if so. */
export const fault = (prompt: Sampled, config: ModelConfig): string | undefined => {
  const { problemId, promptTokens } = prompt;
  const about = `Cannot sample for problem "${problemId}"${placeOf(prompt)}`;
  if (promptTokens.length === 0) return `${about}: field "promptTokens" is empty`;
  const bad = promptTokens.find((token) => token >= config.vocabSize);
  if (bad !== undefined) {
    return `${about}: field "promptTokens" has token ${bad}, expected 0 to ${config.vocabSize - 1}`;
  }
  if (promptTokens.length < config.context) return undefined;
  return `${about}: its prompt has ${promptTokens.length} tokens (field "promptTokens"), the model's context is ${config.context}`;
};

/** Whether all numbers are finite. Others could not be written; they come from weights or logits that are not finite. */
const finite = (list: Float32Array): boolean => list.every(Number.isFinite);

const notFinite = (prompt: Sampled): string =>
  `Cannot sample for problem "${prompt.problemId}"${placeOf(prompt)}: the model gives log-probs that are not finite`;

/** The maximum number of response tokens: the requested one, else the task's, else the paper's; never more than the context leaves. */
export const responseLimit = (
  { task, promptTokens }: Sampled,
  config: ModelConfig,
  maxTokens: number | undefined,
): number => Math.min(tokenLimit(task, maxTokens), config.context - promptTokens.length);

/** One response to draw, with its prompt. */
interface Planned<A> extends Request {
  readonly prompt: A;
  readonly sampleIndex: number;
}

/** Selects the responses to draw, by problem and sample index; the others were drawn earlier. */
export type Wanted = (problemId: string, sampleIndex: number) => boolean;

const plan = <A extends Sampled>(
  prompts: ReadonlyArray<A>,
  config: ModelConfig,
  settings: SampleSettings,
  wanted: Wanted,
): Planned<A>[] => {
  const key = Key.fold(Key.make(settings.seed), "sample", settings.step);
  const drawn = new Map(Object.entries(settings.before ?? {}));
  return prompts.flatMap((prompt) => {
    // A repeated problem continues the count, so that no two rollouts have the same names.
    const first = drawn.get(prompt.problemId) ?? 0;
    drawn.set(prompt.problemId, first + settings.responses);
    const maxTokens = responseLimit(prompt, config, settings.maxTokens);
    return Array.from({ length: settings.responses }, (_, i) => ({
      prompt,
      sampleIndex: first + i,
      promptTokens: prompt.promptTokens,
      key: Key.fold(key, prompt.problemId, first + i),
      maxTokens,
    })).filter(({ sampleIndex }) => wanted(prompt.problemId, sampleIndex));
  });
};

/**
 * The rollouts of checked prompts, in order. `finished` receives the number of further finished rollouts, some of which may wait for an
 * earlier one. Omitting some rollouts does not change the others.
 */
export const rollouts = <A extends Sampled>(
  model: Model,
  tokenizer: Tokenizer,
  prompts: ReadonlyArray<A>,
  settings: SampleSettings,
  finished: (count: number) => Effect.Effect<void> = () => Effect.void,
  wanted: Wanted = () => true,
): Stream.Stream<A & Omit<Records.Rollout, keyof Records.Prompt>, Failure> => {
  const planned = plan(prompts, model.config, settings, wanted);
  const { batch, cache, seed, temperature } = settings;
  // The device counts in 32 bits and divides by the temperature in float32.
  const drawing = {
    ...settings,
    temperature: temperature === 0 ? 0 : logitTemperature(temperature),
    topK: Math.min(settings.topK, model.config.vocabSize),
  };
  return decode(model, planned, drawing, model.config.stopTokens, { batch, cache, finished }).pipe(
    // The device continues while finished rollouts are read, graded and written.
    Stream.bufferArray({ capacity: 2 }),
    Stream.map((response, i) => {
      const { prompt, sampleIndex } = planned[i];
      const { responseTokens, finish, logProbs, entropy } = response;
      const written = finish === "stop" ? responseTokens.subarray(0, -1) : responseTokens;
      const responseText = tokenizer.decode(written);
      return { ...prompt, sampleIndex, seed, temperature, responseText, responseTokens, logProbs, entropy, finish };
    }),
    Stream.mapArrayEffect((some) => {
      const bad = some.find(({ logProbs, entropy }) => ![logProbs, entropy].every(finite));
      return bad === undefined
        ? Effect.succeed(some)
        : Effect.fail(new Stage.StageError({ stage: "sample", message: notFinite(bad) }));
    }),
  );
};
