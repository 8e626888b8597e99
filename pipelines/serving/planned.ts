/**
 * What a request asks for, checked: its prompts as tokens, and for each response a random key and a largest number of tokens. The key of the
 * i-th response to a prompt follows from the request's seed and i alone; so a seeded request has the same answer alone and among others. A
 * request with `rollout` uses the key that training uses for a rollout of that name.
 */
import { Result } from "effect";
import { Key } from "../../data/random.ts";
import type { Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import type { OpenRequest } from "../sampling/open_pool.ts";
import { type ApiError, badField, statusError } from "./api_error.ts";
import type { drawingFields } from "./request_fields.ts";
import type { Served } from "./served.ts";
import type { TextOptions } from "./response_text.ts";
import type { SettingValues } from "../settings/setting.ts";

/** The values of both kinds of request. */
export type DrawingValues = SettingValues<typeof drawingFields>;

/** A prompt as the caller gave it. */
export interface GivenPrompt {
  readonly text: string;
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

/** The tokens of a text; a word without a token is a fault of the field. */
export const tokensOf = (
  { tokenizer }: Pick<Served, "tokenizer">,
  text: string,
  field: string,
): Result.Result<GivenPrompt, ApiError> => {
  const word = tokenizer.missingWord(text);
  return word === undefined
    ? Result.succeed({ text, tokens: tokenizer.encode(text) })
    : Result.fail(badField(field, `the model has no token for ${JSON.stringify(word.slice(0, 80))}`));
};

/** What is wrong with a prompt's tokens. */
const promptFault = ({ model: { config }, limits }: Served, { tokens }: GivenPrompt, field: string) => {
  const known = config.knownTokens ?? config.vocabSize;
  if (tokens.length === 0) return badField(field, "expected at least one token, found none");
  const bad = tokens.find((token) => token >= config.vocabSize);
  if (bad !== undefined) return badField(field, `expected token ids below ${known}, found ${bad}`);
  if (tokens.length <= limits.context) return undefined;
  return badField(
    field,
    `the prompt has ${tokens.length} tokens, and the longest sequence ${limits.context} (--context)`,
  );
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

/** Plans a request; `field` names the prompt in errors, `defaultMaxTokens` is undefined for all that the context leaves. */
export const plan = (
  served: Served,
  values: DrawingValues,
  prompts: ReadonlyArray<GivenPrompt>,
  { field, maxTokens, maxTokensField = "max_tokens", isScoring }: {
    readonly field: string;
    readonly maxTokens: number | undefined;
    readonly maxTokensField?: string;
    readonly isScoring: boolean;
  },
): Result.Result<Planned, ApiError> => {
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
  const room = served.limits.context - longest;
  const most = maxTokens ?? room;
  if (most > room) {
    return Result.fail(
      badField(
        maxTokensField,
        `${most} tokens after a prompt of ${longest} exceed the longest sequence, ${served.limits.context} tokens`,
      ),
    );
  }
  if (most < 1 && !isScoring) return Result.fail(badField(maxTokensField, `expected at least 1, found ${most}`));
  if (values.rollout !== undefined && prompts.length > 1) {
    return Result.fail(badField("rollout", `expected one prompt, found ${prompts.length}`));
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
