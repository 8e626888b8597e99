/**
 * Requests and replies of the OpenAI completions API, as vLLM, SGLang and llama.cpp implement it. A request names every sampling setting,
 * because servers have different defaults (llama.cpp keeps the 40 most probable tokens and drops those below 5 %, vLLM reads the model's
 * generation_config.json).
 */
import { Result } from "effect";
import { Key } from "../../data/random.ts";
import { isObject, type Json } from "../files/json.ts";
import type { Settings } from "../settings/settings.ts";
import type { UntokenizedPrompt } from "../stages/prompt.ts";

/** A problem as it is sent: as tokens if a tokenizer is available, so that the server adds none; else as text. */
export type Question = UntokenizedPrompt & { readonly promptTokens?: Int32Array };

/** The responses of one request: those to the prompt with these sample indices, in this order. */
export interface Job {
  readonly prompt: Question;
  readonly indices: ReadonlyArray<number>;
  readonly maxTokens: number;
}

/** One response of a reply; fields that the server does not give are absent. */
export interface CompletionChoice {
  readonly text: string;
  /** "length" if the server reports that the response was too long, "stop" otherwise. */
  readonly finish: "stop" | "length";
  /** The server's own finish reason, if it is neither "stop" nor "length". */
  readonly finishReason?: string | null;
  readonly tokens?: Int32Array;
  readonly logProbs?: Float32Array;
  /** Number of tokens of the response, if the server counts but does not list them. */
  readonly length?: number;
}

/** The completions URL of a server, of its `/v1`, or of the completions URL itself. */
export const completionsUrl = (endpoint: string): Result.Result<string, string> => {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return Result.fail(`--endpoint "${endpoint}": expected a URL such as http://127.0.0.1:8000/v1`);
  }
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith("/completions")
    ? path
    : /\/v\d+$/.test(path)
    ? `${path}/completions`
    : `${path}/v1/completions`;
  return Result.succeed(url.href);
};

/** The seed of a request: 31 bits, from the run's seed, the problem and the first sample index. */
const seedOf = (seed: number, { prompt, indices }: Job): number =>
  Key.fold(Key.make(seed), "endpoint", prompt.problemId, indices[0])[1] >>> 1;

/** Fields that may be left out for a server that does not know them; no response depends on them there. */
const optionalFields = [
  "return_token_ids",
  "add_special_tokens",
  "repetition_penalty",
  "min_p",
  "logprobs",
  "top_k",
] as const;

/** The body of a request without the fields in `without`, which the server has refused. */
export const bodyOf = (
  job: Job,
  settings: Pick<Settings, "temperature" | "topP" | "topK" | "seed" | "logprobs"> & { readonly servedModel: string },
  without: ReadonlySet<string>,
): Json => {
  const { prompt, indices, maxTokens } = job;
  const body: Json = {
    model: settings.servedModel,
    prompt: prompt.promptTokens === undefined ? prompt.promptText : Array.from(prompt.promptTokens),
    n: indices.length,
    seed: seedOf(settings.seed, job),
    temperature: settings.temperature,
    top_p: settings.topP,
    max_tokens: maxTokens,
    stream: false,
    // Every server reads -1 as all tokens.
    top_k: settings.topK === 0 ? -1 : settings.topK,
    min_p: 0,
    repetition_penalty: 1,
    ...(prompt.promptTokens === undefined && { add_special_tokens: false }),
    return_token_ids: true,
    ...(settings.logprobs && { logprobs: 1 }),
  };
  return Object.fromEntries(Object.entries(body).filter(([name]) => !without.has(name)));
};

/** The optional field that a refusal names, if leaving it out changes no response. */
export const refusedField = (text: string, body: Json): string | undefined =>
  optionalFields.find((name) =>
    name in body && new RegExp(`\\b${name}\\b`).test(text) && !(name === "top_k" && body.top_k !== -1)
  );

/** The usable responses of a reply, and the faults of the others. */
export interface Choices {
  /** In order, at least one and at most the number asked for. */
  readonly choices: ReadonlyArray<CompletionChoice>;
  readonly bad?: string | undefined;
}

/** Replaces Python's non-finite numbers in a reply with `null`; strings stay as they are. */
const withoutNonFinite = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) => found.startsWith('"') ? found : "null");

const parsed = (text: string): Result.Result<unknown, string> =>
  Result.orElse(
    Result.try({ try: (): unknown => JSON.parse(text), catch: () => "" }),
    () => Result.try({ try: (): unknown => JSON.parse(withoutNonFinite(text)), catch: () => notWhole }),
  );

/** The fault of a reply that is truncated or not JSON. */
export const notWhole = "it is not whole JSON";

/**
 * The responses of a reply in order, at least one and at most `most`, with the faults of single choices: a bad choice loses none of the
 * others. Fails with the fault of the reply, in the server's words.
 */
export const readChoices = (text: string, most: number): Result.Result<Choices, string> => {
  const reply = parsed(text);
  if (Result.isFailure(reply)) return Result.fail(reply.failure);
  const { choices, usage, error } = isObject(reply.success) ? reply.success : {};
  if (!Array.isArray(choices)) {
    return Result.fail(
      error === undefined ? 'it has no "choices"' : `it has an error: ${JSON.stringify(error)}`,
    );
  }
  if (choices.length === 0 || choices.length > most) {
    return Result.fail(`"choices" has ${choices.length} responses, expected ${most}`);
  }
  const read: Array<readonly [number, CompletionChoice]> = [];
  let bad: string | undefined;
  for (const [i, choice] of choices.entries()) {
    const one = choiceOf(choice, choices.length === 1 ? usage : undefined);
    if (Result.isFailure(one)) bad ??= `"choices[${i}]" ${one.failure}`;
    else read.push([isObject(choice) && Number.isInteger(choice.index) ? Number(choice.index) : i, one.success]);
  }
  if (read.length === 0) return Result.fail(bad ?? "");
  if (new Set(read.map(([index]) => index)).size < read.length) return Result.fail('two "choices" have one "index"');
  return Result.succeed({ choices: read.toSorted(([a], [b]) => a - b).map(([, choice]) => choice), bad });
};

const finishes: Readonly<Record<string, CompletionChoice["finish"]>> = {
  stop: "stop",
  eos_token: "stop",
  stop_sequence: "stop",
  length: "length",
};

/** The finish of a response: "stop" or "length"; any other reason becomes "stop" with the server's word in `finishReason`. */
const finishOf = (reason: unknown): Pick<CompletionChoice, "finish" | "finishReason"> =>
  typeof reason === "string" && Object.hasOwn(finishes, reason)
    ? { finish: finishes[reason] }
    : { finish: "stop", finishReason: typeof reason === "string" ? reason : null };

const choiceOf = (choice: unknown, usage: unknown): Result.Result<CompletionChoice, string> => {
  if (!isObject(choice)) return Result.fail("is no object");
  const { text } = choice;
  if (typeof text !== "string") return Result.fail('has no "text"');
  const tokens = Int32Array.from(tokensOf(choice) ?? []);
  const logProbs = logProbsOf(choice.logprobs);
  const counted =
    isObject(usage) && Number.isSafeInteger(usage.completion_tokens) && Number(usage.completion_tokens) >= 0
      ? Number(usage.completion_tokens)
      : undefined;
  const length = logProbs?.length ?? counted;
  return Result.succeed({
    text,
    ...finishOf(choice.finish_reason),
    ...(tokens.length > 0 && { tokens }),
    ...(logProbs !== undefined && { logProbs }),
    ...(tokens.length === 0 && length !== undefined && { length }),
  });
};

/** Whether a value is a token id of a record; a list with any other number is not a list of ids. */
const isToken = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0x7fffffff;

/** `token_ids` (vLLM, SGLang), or the ids of `logprobs.content` (llama.cpp). */
const tokensOf = ({ token_ids: ids, logprobs }: Json): ReadonlyArray<number> | undefined => {
  const listed = Array.isArray(ids) ? ids : contentOf(logprobs)?.map(({ id }) => id);
  return listed?.every(isToken) ? listed : undefined;
};

const contentOf = (logprobs: unknown): ReadonlyArray<Json> | undefined =>
  isObject(logprobs) && Array.isArray(logprobs.content) && logprobs.content.every(isObject)
    ? logprobs.content
    : undefined;

const logProbsOf = (logprobs: unknown): Float32Array | undefined => {
  const listed = isObject(logprobs) && Array.isArray(logprobs.token_logprobs)
    ? logprobs.token_logprobs
    : contentOf(logprobs)?.map(({ logprob }) => logprob);
  return listed !== undefined && listed.length > 0 &&
      listed.every((x) => typeof x === "number" && Number.isFinite(Math.fround(x)))
    ? Float32Array.from(listed)
    : undefined;
};
