/** The npm client of the OpenAI API, as its users call it. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { type TestServer, testServer } from "./served_model.ts";

const clientOf = ({ url }: TestServer, apiKey = "none") =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0, timeout: 60_000 });

const messages = [{ role: "user" as const, content: "3 5 7 ~5 20" }];

/** Waits until a condition holds. */
const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 1000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(holds());
};

testServer("the client lists the model and completes a prompt", {}, async (server) => {
  const client = clientOf(server);
  const models = await client.models.list();
  assert.deepEqual(models.data.map(({ id }) => id), ["base"]);
  const answer = await client.completions.create({
    model: "base",
    prompt: "3 5 7 ~5 20 <direct>",
    seed: 1,
    n: 2,
    logprobs: 1,
    user: "somebody",
  });
  assert.equal(answer.choices.length, 2);
  assert.equal(answer.choices[0].logprobs?.tokens?.length, answer.choices[0].logprobs?.token_logprobs?.length);
});

testServer(
  "the client chats, with the model's template, its switches and log-probs",
  { kind: "chat" },
  async (server) => {
    const client = clientOf(server);
    const body = { model: "base", messages, seed: 4, logprobs: true, top_logprobs: 2, temperature: 0 };
    const chat = await client.chat.completions.create(body);
    const { message, logprobs, finish_reason } = chat.choices[0];
    assert.equal(message.role, "assistant");
    assert.equal(finish_reason, "stop");
    assert.ok(logprobs?.content?.every(({ top_logprobs, logprob }) => top_logprobs[0].logprob === logprob));
    const completion = await client.completions.create({
      model: "base",
      prompt: "3 5 7 ~5 20 <direct>",
      temperature: 0,
      max_tokens: 16,
    });
    assert.equal(message.content, completion.choices[0].text);
    const prompt = async (kwargs: object) => {
      const response = await client.post("/chat/completions", {
        body: { ...body, return_token_ids: true, chat_template_kwargs: kwargs },
      });
      return (response as { prompt_token_ids: number[] }).prompt_token_ids.at(-1);
    };
    assert.equal(await prompt({}), 71);
    assert.equal(await prompt({ mode: "<think>" }), 72);
  },
);

testServer("the client's streams join to its answers", { kind: "chat" }, async (server) => {
  const client = clientOf(server);
  const body = { model: "base", messages, seed: 4, n: 3 };
  const whole = await client.chat.completions.create(body);
  const texts = new Map<number, string>();
  const ends = new Map<number, string>();
  let usage: unknown;
  for await (
    const chunk of await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    })
  ) {
    for (const { index, delta, finish_reason } of chunk.choices) {
      texts.set(index, `${texts.get(index) ?? ""}${delta.content ?? ""}`);
      if (finish_reason !== null) ends.set(index, finish_reason);
    }
    usage = chunk.usage ?? usage;
  }
  for (const { index, message, finish_reason } of whole.choices) {
    assert.equal(texts.get(index), message.content);
    assert.equal(ends.get(index), finish_reason);
  }
  assert.deepEqual(usage, whole.usage);
});

testServer("the client understands refusals", {}, async (server) => {
  const client = clientOf(server);
  const refused = async (body: object) => {
    const error = await client.post("/completions", { body: { prompt: "1", ...body } }).then(() => undefined, (e) => e);
    assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
    assert.equal(error.type, "invalid_request_error");
    return error.param;
  };
  assert.equal(await refused({ temperature: -1 }), "temperature");
  assert.equal(await refused({ response_format: { type: "json_object" } }), "response_format");
  const chat = client.chat.completions.create({ model: "base", messages });
  await assert.rejects(chat, /no chat template/);
});

testServer("a client that leaves a stream, or an answer, frees its slots", { kind: "endless" }, async (server) => {
  const client = clientOf(server);
  const { engine } = server.served;
  const body = { model: "base", prompt: "1 2 3", max_tokens: 4000, n: 3 };
  const stream = await client.completions.create({ ...body, stream: true });
  for await (const { choices } of stream) {
    assert.equal(choices.length, 1);
    break;
  }
  stream.controller.abort();
  await until(() => engine.load().running === 0);
  const controller = new AbortController();
  const whole = client.completions.create(body, { signal: controller.signal });
  await until(() => engine.load().running === 3);
  controller.abort();
  await assert.rejects(whole, OpenAI.APIUserAbortError);
  await until(() => engine.load().running === 0);
  const { freeBlocks, blocks, responseTokens } = engine.load();
  assert.equal(freeBlocks, blocks);
  // Whole answers would have had 24,000 tokens.
  assert.ok(responseTokens < 20_000, `${responseTokens} tokens`);
});

testServer("SIGTERM ends the server after the answers that have begun", { kind: "endless" }, async (server) => {
  const { url, close, served: { engine } } = server;
  const client = clientOf(server);
  const answer = client.completions.create({ model: "base", prompt: "1 2 3", max_tokens: 300, seed: 1 });
  await until(() => engine.load().running === 1);
  const closing = close();
  assert.equal((await answer).usage?.completion_tokens, 300);
  await closing;
  await assert.rejects(fetch(`${url}/health`));
});
