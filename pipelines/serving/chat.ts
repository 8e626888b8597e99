/** `POST /v1/chat/completions`, and the prompt of a conversation by the model's own template. */
import { Clock, Effect, Stream } from "effect";
import type { Json } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import type { Message } from "../models/chat_template.ts";
import type { SettingValues } from "../settings/setting.ts";
import { answer, type Answering, type AnswerPart, mergedResponses, usageOf, wholeResponses } from "./answer.ts";
import { type ApiError, badField, badRequest } from "./api_error.ts";
import { type GivenPrompt, plan, type Planned, tokensOf } from "./planned.ts";
import { eventReply, jsonReply, type Reply } from "./reply.ts";
import { readFields } from "./read_fields.ts";
import { chatFields, type tokenizeFields } from "./request_fields.ts";
import type { Served } from "./served.ts";
import { chatLogprobs, promptLogprobs } from "./token_scores.ts";

type Values = SettingValues<typeof chatFields>;
type Conversation = Pick<
  SettingValues<typeof tokenizeFields>,
  "messages" | "chat_template_kwargs" | "add_generation_prompt"
>;

/** What a template is given by this server alone. */
const reserved = ["messages", "tools", "documents", "add_generation_prompt", "given_clock", "chat_template"];

const messagesOf = ({ messages = [] }: Conversation): ReadonlyArray<Message> =>
  messages.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join("\n"),
  }));

/** The prompt of a conversation. */
export const chatPrompt = Effect.fnUntraced(function* (
  served: Served,
  values: Conversation,
): Effect.fn.Return<GivenPrompt, ApiError> {
  const { template, date } = served;
  if (template === undefined) {
    return yield* badRequest("the model has no chat template; /v1/completions takes a prompt");
  }
  if (values.messages === undefined) return yield* badField("messages", "expected a conversation, found none");
  const taken = Object.keys(values.chat_template_kwargs ?? {}).find((name) => reserved.includes(name));
  if (taken !== undefined) return yield* badField(`chat_template_kwargs.${taken}`, "the server sets it");
  const text = yield* template.render(messagesOf(values), {
    addGenerationPrompt: values.add_generation_prompt,
    date,
    variables: values.chat_template_kwargs ?? {},
  }).pipe(
    Effect.mapError(({ problem }) => badField("messages", `the model's template refuses them: ${oneLine(problem)}`)),
  );
  return yield* tokensOf(served, text, "messages");
});

interface Asked {
  readonly served: Served;
  readonly values: Values;
  readonly planned: Planned;
  readonly head: Json;
}

/** The answer to a chat request. */
export const chatCompletions = Effect.fnUntraced(function* (
  served: Served,
  body: Json,
): Effect.fn.Return<Reply, ApiError> {
  const values = yield* Effect.fromResult(readFields(chatFields, body));
  const { logprobs, top_logprobs = 0, max_tokens, max_completion_tokens } = values;
  if (top_logprobs > 0 && !logprobs) return yield* badField("top_logprobs", "expected logprobs to be true");
  if (max_tokens !== undefined && max_completion_tokens !== undefined && max_tokens !== max_completion_tokens) {
    return yield* badField("max_tokens", "expected the same as max_completion_tokens, or one of the two");
  }
  const prompt = yield* chatPrompt(served, values);
  const planned = yield* Effect.fromResult(
    plan(served, values, [prompt], {
      field: "messages",
      maxTokens: max_tokens ?? max_completion_tokens,
      maxTokensField: max_tokens === undefined ? "max_completion_tokens" : "max_tokens",
      isScoring: false,
    }),
  );
  const head = {
    id: `chatcmpl-${served.created}-${++served.answers}`,
    object: values.stream ? "chat.completion.chunk" : "chat.completion",
    created: Math.floor((yield* Clock.currentTimeMillis) / 1000),
    model: served.name,
    system_fingerprint: served.weights,
  };
  const asked: Asked = { served, values, planned, head };
  const answering = yield* answer(served, planned, {
    response: logprobs ? top_logprobs : undefined,
    prompt: values.prompt_logprobs,
  });
  return values.stream ? eventReply(eventsOf(asked, answering)) : jsonReply(yield* objectOf(asked, answering));
});

/** What follows the text in a choice, of an answer or of an event. */
const detailsOf = ({ served: { tokenizer }, values }: Asked, { piece, scored }: AnswerPart) => ({
  logprobs: scored === undefined ? null : chatLogprobs(tokenizer, scored),
  finish_reason: piece.ending?.finish ?? null,
  stop_reason: piece.ending?.stopReason ?? null,
  ...(values.return_token_ids && { token_ids: piece.tokens }),
  ...(values.rollout !== undefined && { rollout: { log_probs: piece.logProbs, entropy: piece.entropy } }),
});

/** What an answer says of the prompt. */
const ofPrompt = ({ served: { tokenizer }, values, planned }: Asked, { prompts }: Answering) => ({
  ...(prompts[0] !== undefined && { prompt_logprobs: promptLogprobs(tokenizer, prompts[0]) }),
  ...(values.return_token_ids && { prompt_token_ids: Array.from(planned.prompts[0].tokens) }),
});

const objectOf = Effect.fnUntraced(function* (asked: Asked, answering: Answering) {
  const parts = yield* wholeResponses(answering);
  return {
    ...asked.head,
    choices: parts.map((part) => ({
      index: part.index,
      message: { role: "assistant", content: part.piece.text },
      ...detailsOf(asked, part),
    })),
    usage: usageOf(asked.planned, parts.reduce((sum, { piece }) => sum + piece.tokens.length, 0)),
    ...ofPrompt(asked, answering),
  };
});

const eventsOf = (asked: Asked, answering: Answering): Stream.Stream<unknown, ApiError> => {
  let responseTokens = 0;
  const first = Array.from({ length: asked.planned.n }, (_, index) => ({
    ...asked.head,
    choices: [{ index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }],
    ...(index === 0 && ofPrompt(asked, answering)),
  }));
  const parts = Stream.map(mergedResponses(answering), (part) => {
    responseTokens += part.piece.tokens.length;
    const choice = { index: part.index, delta: { content: part.piece.text }, ...detailsOf(asked, part) };
    return { ...asked.head, choices: [choice] };
  });
  const events: Stream.Stream<unknown, ApiError> = Stream.concat(Stream.fromIterable(first), parts);
  if (asked.values.stream_options?.include_usage !== true) return events;
  const last = Stream.suspend(() =>
    Stream.succeed({ ...asked.head, choices: [], usage: usageOf(asked.planned, responseTokens) })
  );
  return Stream.concat(events, last);
};
