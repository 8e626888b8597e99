/**
 * What a request asks for, checked: its prompts as tokens, and for each response a random key and a largest number of tokens. The key of the
 * i-th response to a prompt follows from the request's seed and i alone; so a seeded request has the same answer alone and among others. A
 * request with `rollout` uses the key that training uses for a rollout of that name.
 */
import { Effect, Result } from "effect";
import { Key } from "../../data/random.ts";
import type { Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import type { OpenRequest } from "../sampling/open_pool.ts";
import { type ApiError, badField, statusError } from "./api_error.ts";
import { othersTurn } from "./engine.ts";
import type { drawingFields } from "./request_fields.ts";
import type { Served } from "./served.ts";
import type { TextOptions } from "./response_text.ts";
import type { SettingValues } from "../settings/setting.ts";

/** The values of both kinds of request. */
export type DrawingValues = SettingValues<typeof drawingFields>;

/** A prompt as the caller gave it. */
export interface GivenPrompt {
  readonly text: () => string;
  readonly tokens: Int32Array;
}

/** A checked request. */
export interface Planned {
  readonly prompts: ReadonlyArray<GivenPrompt>;
  /** Responses to each prompt. */
  readonly n: number;
  /** One for each response, n to a prompt; none if no token is to be drawn. */
  readonly draws: ReadonlyArray<OpenRequest>;
  /** The temperature of log-probs: the sampling temperature, and 1 for greedy decoding. */
  readonly temperature: number;
  readonly text: TextOptions;
}

/** The most characters of a text that is tokenized, which takes time in which nothing else is served. */
const mostCharacters = ({ context }: Served["limits"]): number => Math.max(1 << 14, 16 * context);

/** The tokens of a text; one that is too long, or has a word without a token, is a fault of the field. */
export const tokensOf = Effect.fnUntraced(function* (
  { tokenizer, limits }: Pick<Served, "tokenizer" | "limits">,
  text: string,
  field: string,
): Effect.fn.Return<GivenPrompt, ApiError> {
  const most = mostCharacters(limits);
  if (text.length > most) {
    return yield* badField(field, `expected at most ${most} characters, found ${text.length} (--context)`);
  }
  yield* othersTurn;
  const word = tokenizer.missingWord(text);
  return word === undefined
    ? { text: () => text, tokens: tokenizer.encode(text) }
    : yield* badField(field, `the model has no token for ${JSON.stringify(word.slice(0, 80))}`);
});

/** A prompt of token ids. */
export const promptOfIds = (
  { tokenizer, model: { config } }: Served,
  ids: ReadonlyArray<number>,
  field: string,
): Result.Result<GivenPrompt, ApiError> => {
  const bad = ids.find((id) => id >= config.vocabSize);
  return bad === undefined
    ? Result.succeed({ text: () => tokenizer.decode(ids), tokens: Int32Array.from(ids) })
    : Result.fail(badField(field, `expected token ids below ${config.vocabSize}, found ${bad}`));
};

/** What is wrong with a prompt's tokens. */
const promptFault = ({ limits, model: { config: { vocabSize } } }: Served, { tokens }: GivenPrompt, field: string) => {
  if (tokens.length === 0) return badField(field, "expected at least one token, found none");
  const { context } = limits;
  if (tokens.length > context) {
    return badField(field, `the prompt has ${tokens.length} tokens, and the longest sequence ${context} (--context)`);
  }
  const bad = tokens.find((token) => token >= vocabSize);
  return bad === undefined ? undefined : badField(field, `expected token ids below ${vocabSize}, found ${bad}`);
};

/** The options of drawing. The device counts in 32 bits and divides by the temperature in float32. */
const samplingOf = ({ model }: Served, { temperature, top_k, top_p }: DrawingValues): Sampling => ({
  temperature: temperature === 0 ? 0 : logitTemperature(temperature),
  topK: Math.min(Math.max(0, top_k), model.config.vocabSize),
  topP: top_p,
});

/** The key of each response to a prompt. */
const keysOf = (served: Served, { seed, rollout }: DrawingValues): (i: number) => Key => {
  if (rollout !== undefined) {
    const key = Key.fold(Key.make(rollout.seed), "sample", rollout.step);
    return (i) => Key.fold(key, rollout.problem_id, rollout.sample_index + i);
  }
  const base = seed === undefined
    ? Key.fold(Key.make(served.seed), "unseeded request", served.unseeded++)
    : Key.fold(Key.make(seed), "request");
  return (i) => Key.fold(base, i);
};

/** Where the values of a plan stand in the request, and what it has without them. */
export interface PlanOptions {
  /** The field of the prompt. */
  readonly field: string;
  readonly maxTokens: number | undefined;
  readonly maxTokensField?: string;
  /** Undefined for all that the context leaves. */
  readonly defaultMaxTokens?: number;
  /** Whether prompts are scored, so that no response is needed. */
  readonly isScoring: boolean;
}

/** What is wrong with the largest number of tokens of a response to a prompt of `longest` tokens. */
const lengthFault = ({ limits: { context } }: Served, longest: number, most: number, options: PlanOptions) => {
  const { field, maxTokens, maxTokensField = "max_tokens", isScoring } = options;
  if (longest + most > context) {
    const tokens = `${most} tokens${maxTokens === undefined ? " (the default)" : ""}`;
    const problem = `${tokens} after a prompt of ${longest} exceed the longest sequence, ${context} tokens`;
    return badField(maxTokensField, problem);
  }
  if (most > 0 || isScoring) return undefined;
  return maxTokens === undefined
    ? badField(field, `the prompt has ${longest} tokens, which leave none of ${context} for a response (--context)`)
    : badField(maxTokensField, `expected at least 1, found ${most}`);
};

/** What is wrong with the number of prompts and of their responses: more than wait and run together can never be served. */
const countFault = ({ limits: { queue }, engine }: Served, prompts: number, n: number, { field }: PlanOptions) => {
  const most = queue + engine.load().slots;
  if (prompts * n <= most) return undefined;
  return badField(n > prompts ? "n" : field, `expected at most ${most} responses, found ${prompts * n} (--queue)`);
};

/** Plans a request. */
export const plan = (
  served: Served,
  values: DrawingValues,
  prompts: ReadonlyArray<GivenPrompt>,
  options: PlanOptions,
): Result.Result<Planned, ApiError> => {
  const { field, maxTokens, defaultMaxTokens } = options;
  const { model, n, stop = [], skip_special_tokens: skipSpecial } = values;
  if (model !== undefined && model !== served.name) {
    return Result.fail(badField("model", `this server has ${JSON.stringify(served.name)}`));
  }
  if (served.broken !== undefined) return Result.fail(statusError(503, served.broken));
  if (prompts.length === 0) return Result.fail(badField(field, "expected a prompt, found none"));
  for (const prompt of prompts) {
    const fault = promptFault(served, prompt, field);
    if (fault !== undefined) return Result.fail(fault);
  }
  const longest = prompts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const most = maxTokens ?? defaultMaxTokens ?? served.limits.context - longest;
  const fault = lengthFault(served, longest, most, options) ??
    (most < 1 ? undefined : countFault(served, prompts.length, n, options));
  if (fault !== undefined) return Result.fail(fault);
  if (values.rollout !== undefined && prompts.length > 1) {
    return Result.fail(badField("rollout", `expected one prompt, found ${prompts.length}`));
  }
  if (values.rollout !== undefined && values.seed !== undefined) {
    return Result.fail(badField("seed", "expected the seed of rollout alone"));
  }
  const sampling = samplingOf(served, values);
  const keyOf = keysOf(served, values);
  const draws = most < 1 ? [] : prompts.flatMap(({ tokens }) =>
    Array.from({ length: n }, (_, i): OpenRequest => ({
      promptTokens: tokens,
      key: keyOf(i),
      maxTokens: most,
      sampling,
    }))
  );
  return Result.succeed({
    prompts,
    n,
    draws,
    temperature: logitTemperature(sampling.temperature),
    text: { stop: typeof stop === "string" ? [stop] : stop, skipSpecial },
  });
};
