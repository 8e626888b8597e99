/** `POST /v1/completions`. */
import { Clock, Effect, Stream } from "effect";
import type { Json } from "../files/json.ts";
import type { SettingValues } from "../settings/setting.ts";
import { answer, type Answering, type AnswerPart, mergedResponses, usageOf, wholeResponses } from "./answer.ts";
import { type ApiError, badField } from "./api_error.ts";
import { type GivenPrompt, plan, type Planned, promptOfIds, tokensOf } from "./planned.ts";
import { eventReply, jsonReply, type Reply } from "./reply.ts";
import { readFields } from "./read_fields.ts";
import { completionFields } from "./request_fields.ts";
import type { Served } from "./served.ts";
import { completionLogprobs, lengthOf, promptLogprobs } from "./token_scores.ts";

type Values = SettingValues<typeof completionFields>;

/** The most prompts of a request. */
const mostPrompts = 1024;

/** The default of the OpenAI API. */
const defaultMaxTokens = 16;

const isTexts = (prompt: ReadonlyArray<unknown>): prompt is ReadonlyArray<string> =>
  prompt.every((one) => typeof one === "string");

const isIds = (prompt: ReadonlyArray<unknown>): prompt is ReadonlyArray<number> =>
  prompt.every((one) => typeof one === "number");

/** The prompts of a request: texts as tokens, and tokens as texts. */
const promptsOf = Effect.fnUntraced(function* (
  served: Served,
  prompt: Values["prompt"],
): Effect.fn.Return<ReadonlyArray<GivenPrompt>, ApiError> {
  if (prompt === undefined || prompt.length === 0) return yield* badField("prompt", "expected a prompt, found none");
  if (typeof prompt === "string") return [yield* tokensOf(served, prompt, "prompt")];
  const ofIds = (ids: ReadonlyArray<number>) => Effect.fromResult(promptOfIds(served, ids, "prompt"));
  if (isIds(prompt)) return [yield* ofIds(prompt)];
  if (prompt.length > mostPrompts) {
    return yield* badField("prompt", `expected at most ${mostPrompts} prompts, found ${prompt.length}`);
  }
  return isTexts(prompt)
    ? yield* Effect.forEach(prompt, (text) => tokensOf(served, text, "prompt"))
    : yield* Effect.forEach(prompt, ofIds);
});

/** A request and its plan, and what all objects of its answer begin with. */
interface Asked {
  readonly served: Served;
  readonly values: Values;
  readonly planned: Planned;
  readonly head: Json;
}

/** The answer to a completion request. */
export const completions = Effect.fnUntraced(function* (served: Served, body: Json): Effect.fn.Return<Reply, ApiError> {
  const values = yield* Effect.fromResult(readFields(completionFields, body));
  const { echo, logprobs, prompt_logprobs, n, best_of = n, max_tokens } = values;
  if (best_of !== 1 && best_of !== n) {
    return yield* badField(
      "best_of",
      `expected 1 or n, which is ${n}, found ${best_of} (this server keeps all responses)`,
    );
  }
  const prompts = yield* promptsOf(served, values.prompt);
  const planned = yield* Effect.fromResult(
    plan(served, values, prompts, {
      field: "prompt",
      maxTokens: max_tokens,
      defaultMaxTokens,
      isScoring: echo || prompt_logprobs !== undefined,
    }),
  );
  const created = Math.floor((yield* Clock.currentTimeMillis) / 1000);
  const head = {
    id: `cmpl-${served.created}-${++served.answers}`,
    object: "text_completion",
    created,
    model: served.name,
    system_fingerprint: served.weights,
  };
  const echoed = echo && logprobs !== undefined ? logprobs : undefined;
  const answering = yield* answer(served, planned, {
    response: logprobs,
    prompt: echoed === undefined && prompt_logprobs === undefined
      ? undefined
      : Math.max(echoed ?? 0, prompt_logprobs ?? 0),
  });
  const asked: Asked = { served, values, planned, head };
  return values.stream ? eventReply(eventsOf(asked, answering)) : jsonReply(yield* objectOf(asked, answering));
});

/** What a choice says of its prompt: the text and log-probs before the response's, and the fields of its own. */
const ofPrompt = ({ served: { tokenizer }, values, planned }: Asked, { prompts }: Answering, index: number) => {
  const at = Math.floor(index / planned.n);
  const { text, tokens } = planned.prompts[at];
  const scored = prompts[at] ?? [];
  const cutTo = (most: number) => scored.map((one) => ({ ...one, top: one.top?.slice(0, most) ?? null }));
  return {
    text: values.echo ? text() : "",
    scored: values.echo && values.logprobs !== undefined ? cutTo(values.logprobs) : [],
    fields: {
      ...(values.prompt_logprobs !== undefined && {
        prompt_logprobs: promptLogprobs(tokenizer, cutTo(values.prompt_logprobs)),
      }),
      ...(values.return_token_ids && { prompt_token_ids: Array.from(tokens) }),
    },
  };
};

/** A choice of an answer or of an event; `before` is what comes before the part. */
const choiceOf = (
  { served: { tokenizer }, values }: Asked,
  { index, piece, scored }: AnswerPart,
  before: Partial<ReturnType<typeof ofPrompt>>,
  offset: number,
) => ({
  index,
  text: `${before.text ?? ""}${piece.text}`,
  logprobs: values.logprobs === undefined
    ? null
    : completionLogprobs(tokenizer, [...(before.scored ?? []), ...(scored ?? [])], offset),
  finish_reason: piece.ending?.finish ?? null,
  stop_reason: piece.ending?.stopReason ?? null,
  ...before.fields,
  ...(values.return_token_ids && { token_ids: piece.tokens }),
  ...(values.rollout !== undefined && { rollout: { log_probs: piece.logProbs, entropy: piece.entropy } }),
});

/** A response without a token, where a prompt is only scored. */
const noResponse = (index: number): AnswerPart => ({
  index,
  piece: { text: "", tokens: [], logProbs: [], entropy: [], ending: { finish: "length", stopReason: null } },
  scored: [],
});

const noResponses = ({ planned: { prompts, n } }: Asked): ReadonlyArray<AnswerPart> =>
  Array.from({ length: prompts.length * n }, (_, index) => noResponse(index));

const objectOf = Effect.fnUntraced(function* (asked: Asked, answering: Answering) {
  const parts = asked.planned.draws.length === 0 ? noResponses(asked) : yield* wholeResponses(answering);
  return {
    ...asked.head,
    choices: parts.map((part) => choiceOf(asked, part, ofPrompt(asked, answering, part.index), 0)),
    usage: usageOf(asked.planned, parts.reduce((sum, { piece }) => sum + piece.tokens.length, 0)),
  };
});

const eventsOf = (asked: Asked, answering: Answering): Stream.Stream<unknown, ApiError> => {
  const offsets = new Map<number, number>();
  let responseTokens = 0;
  const parts = asked.planned.draws.length === 0 ? Stream.fromIterable(noResponses(asked)) : mergedResponses(answering);
  const events = Stream.map(parts, (part) => {
    const offset = offsets.get(part.index);
    const before = offset === undefined ? ofPrompt(asked, answering, part.index) : {};
    const choice = choiceOf(asked, part, before, offset ?? 0);
    const texts = choice.logprobs?.tokens.reduce((sum, one) => sum + lengthOf(one), 0) ?? 0;
    offsets.set(part.index, (offset ?? 0) + texts);
    responseTokens += part.piece.tokens.length;
    return { ...asked.head, choices: [choice] };
  });
  if (asked.values.stream_options?.include_usage !== true) return events;
  const last = Stream.suspend(() =>
    Stream.succeed({ ...asked.head, choices: [], usage: usageOf(asked.planned, responseTokens) })
  );
  return Stream.concat(events, last);
};
