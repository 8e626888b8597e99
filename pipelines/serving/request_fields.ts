/**
 * The fields of a request, as settings are declared: a name, its valid values, its default. A field that is not here would change the answer in a
 * way that this server does not know, so a request with it is refused (`read_fields.ts`). Fields that only describe the caller are read and change nothing.
 * Names are those of the OpenAI API and of vLLM's additions to it.
 */
import * as Schema from "@effect/schema";
import { isObject } from "../files/json.ts";
import {
  choice,
  type Group,
  integer,
  number,
  optional,
  setting,
  text,
  toggle,
  type ValueKind,
} from "../settings/setting.ts";

const kind = <A>(schema: Schema.Codec<A, unknown>, expected: string): ValueKind<A> => ({
  schema,
  expected,
  fromText: (given) => given,
});

/** The most responses to a prompt, and the most prompts of a request. */
export const mostResponses = 128;
/** The most alternatives at a position. */
const mostAlternatives = 20;
const mostStops = 16;
const mostMessages = 1024;
const mostSwitches = 64;

/** A prompt: a text, token ids, or a list of either. */
type Prompts = string | ReadonlyArray<string> | ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>;

const isId = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

/** A list of `A`. Millions of ids are checked in a moment, which a schema of lists does not do. */
const isListOf = <A>(value: unknown, is: (one: unknown) => one is A): value is ReadonlyArray<A> =>
  Array.isArray(value) && value.every(is);

const isText = (value: unknown): value is string => typeof value === "string";

const isPrompts = (value: unknown): value is Prompts =>
  isText(value) || isListOf(value, isText) || isListOf(value, isId) ||
  isListOf(value, (one): one is ReadonlyArray<number> => isListOf(one, isId));

const promptKind = kind(Schema.Unknown.pipe(Schema.refine(isPrompts)), "a text, token ids, or a list of these");

const stopKind = kind(
  Schema.Union([Schema.NonEmptyString, Schema.Array(Schema.NonEmptyString)]).check(
    Schema.makeFilter((stop: string | ReadonlyArray<string>) => typeof stop === "string" || stop.length <= mostStops),
  ),
  `a text that is not empty, or at most ${mostStops} of them`,
);

/** A field that may be there if it changes nothing. */
const only = (...values: ReadonlyArray<string | number | boolean>) =>
  optional(
    kind(
      Schema.Unknown.check(Schema.makeFilter((value: unknown) => values.some((one) => one === value))),
      `${values.map((value) => JSON.stringify(value)).join(" or ")} (this server has nothing else)`,
    ),
    "read where it changes nothing",
  );

/** A field that may be there if nothing is in it. */
const empty = optional(
  kind(
    Schema.Unknown.check(
      Schema.makeFilter((value: unknown) =>
        (isObject(value) || Array.isArray(value)) && Object.keys(value).length === 0
      ),
    ),
    "nothing in it (this server does not have it)",
  ),
  "read where it changes nothing",
);

const described = optional(kind(Schema.Unknown, "anything"), "describes the caller");

/** What both kinds of request say of the responses. */
export const drawingFields = {
  model: optional(text(), "the model's name"),
  n: setting(1, integer({ min: 1, max: mostResponses }), "responses"),
  seed: optional(integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), "seed of the responses"),
  temperature: setting(1, number({ min: 0, max: 100 }), "sampling temperature; 0 is greedy"),
  top_p: setting(1, number({ above: 0, max: 1 }), "nucleus"),
  top_k: setting(0, integer({ min: -1 }), "most probable tokens; 0 and -1 are all"),
  max_tokens: optional(integer({ min: 0 }), "most tokens of a response"),
  stop: optional(stopKind, "texts that end a response"),
  stream: setting(false, toggle(), "server-sent events"),
  stream_options: optional(
    kind(
      Schema.Struct({
        include_usage: Schema.optional(Schema.Boolean),
        include_obfuscation: Schema.optional(Schema.Literal(false)),
        continuous_usage_stats: Schema.optional(Schema.Literal(false)),
      }),
      'an object with "include_usage"; the other options are false',
    ),
    "usage at the end of a stream",
  ),
  prompt_logprobs: optional(integer({ min: 0, max: mostAlternatives }), "alternatives at each token of the prompt"),
  return_token_ids: setting(false, toggle(), "token ids of prompt and response"),
  skip_special_tokens: setting(true, toggle(), "leave special tokens out of the text"),
  rollout: optional(
    kind(
      Schema.Struct({
        seed: Schema.Int.check(Schema.makeFilter((n: number) => n >= 0 && n <= 0xffffffff)),
        step: Schema.Int.check(Schema.makeFilter((n: number) => n >= 0)),
        problem_id: Schema.String,
        sample_index: Schema.Int.check(
          Schema.makeFilter((n: number) => n >= 0 && n <= Number.MAX_SAFE_INTEGER - mostResponses),
        ),
      }),
      "an object with seed, step, problem_id and sample_index",
    ),
    "the names of a rollout, whose random numbers are then those of training",
  ),
  user: described,
  metadata: described,
  safety_identifier: described,
  service_tier: described,
  prompt_cache_key: described,
  prompt_cache_retention: described,
  request_id: described,
  logit_bias: empty,
  stop_token_ids: empty,
  bad_words: empty,
  store: only(false),
  frequency_penalty: only(0),
  presence_penalty: only(0),
  repetition_penalty: only(1),
  length_penalty: only(1),
  min_p: only(0),
  priority: only(0),
  spaces_between_special_tokens: only(true),
  min_tokens: only(0),
  ignore_eos: only(false),
  use_beam_search: only(false),
  add_special_tokens: only(false),
  include_stop_str_in_output: only(false),
} as const satisfies Group;

/** The fields of `/v1/completions`. */
export const completionFields = {
  ...drawingFields,
  prompt: optional(promptKind, "prompts"),
  echo: setting(false, toggle(), "the prompt before the response"),
  logprobs: optional(integer({ min: 0, max: mostAlternatives }), "alternatives at each token"),
  best_of: optional(integer({ min: 1, max: mostResponses }), "1, or as n"),
  suffix: only(""),
} as const satisfies Group;

const part = Schema.Struct({ type: Schema.Literals(["text"]), text: Schema.String });

const messagesKind = kind(
  Schema.Array(Schema.Struct({
    role: Schema.Literals(["system", "user", "assistant"]),
    content: Schema.Union([Schema.String, Schema.Array(part)]),
  })).check(
    Schema.makeFilter((list: ReadonlyArray<unknown>) => list.length > 0 && list.length <= mostMessages),
  ),
  `1 to ${mostMessages} messages, each with a role (system, user or assistant) and a text as content, and nothing else`,
);

type Switches = Readonly<Record<string, boolean | string | number>>;

const isSwitch = (value: unknown): boolean =>
  typeof value === "boolean" || (isText(value) && value.length <= 256) ||
  (typeof value === "number" && Math.abs(value) <= 4096);

const isSwitches = (value: unknown): value is Switches =>
  isObject(value) && Object.keys(value).length <= mostSwitches && Object.values(value).every(isSwitch);

/** The switches of a template: few and small, so that they cannot make a rendering long. */
const switches = kind(
  Schema.Unknown.pipe(Schema.refine(isSwitches)),
  `an object of at most ${mostSwitches} booleans, texts of at most 256 characters and numbers up to 4096`,
);

/** The fields of `/v1/chat/completions`. */
export const chatFields = {
  ...drawingFields,
  messages: optional(messagesKind, "the conversation"),
  max_completion_tokens: optional(integer({ min: 1 }), "as max_tokens"),
  logprobs: setting(false, toggle(), "log-probs of the response's tokens"),
  top_logprobs: optional(integer({ min: 0, max: mostAlternatives }), "alternatives at each token"),
  chat_template_kwargs: optional(switches, "switches of the template"),
  add_generation_prompt: setting(true, toggle(), "end the prompt where the answer begins"),
  continue_final_message: only(false),
  echo: only(false),
  response_format: optional(
    kind(Schema.Struct({ type: Schema.Literal("text") }), '{"type":"text"} (this server has nothing else)'),
    "read where it changes nothing",
  ),
  modalities: optional(
    kind(Schema.Tuple([Schema.Literal("text")]), '["text"] (this server has nothing else)'),
    "read where it changes nothing",
  ),
  tools: empty,
  functions: empty,
  // Without tools both say the same.
  tool_choice: only("none", "auto"),
  function_call: only("none", "auto"),
  parallel_tool_calls: described,
} as const satisfies Group;

/** The fields of `/tokenize`. */
export const tokenizeFields = {
  model: drawingFields.model,
  prompt: optional(kind(Schema.String, "a text"), "text to tokenize"),
  add_special_tokens: drawingFields.add_special_tokens,
  messages: chatFields.messages,
  chat_template_kwargs: chatFields.chat_template_kwargs,
  add_generation_prompt: chatFields.add_generation_prompt,
} as const satisfies Group;

/** The fields of `/update_weights_from_disk`. */
export const updateFields = {
  model_path: optional(text(), "directory below the folder of updates"),
  load_format: optional(choice(["auto", "safetensors"]), "format of the weights"),
  flush_cache: only(true),
} as const satisfies Group;
