/** A server as its sockets see it: framing, methods, hosts, and clients that send in pieces, ask ahead or leave. */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import { connect } from "node:net";
import { badField } from "../../../pipelines/serving/api_error.ts";
import { eventReply } from "../../../pipelines/serving/reply.ts";
import { eventsOf, post, type TestServer, testServer } from "./served_model.ts";

/** Everything that a server sends back for these parts, until it closes the connection. */
const exchange = ({ port }: TestServer, ...parts: ReadonlyArray<string | Uint8Array>): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1");
    socket.setEncoding("utf8");
    socket.on("data", (more) => text += more);
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
    for (const part of parts) socket.write(part);
  });

const host = "Host: 127.0.0.1:1\r\n";
const close = "Connection: close\r\n";

const head = (line: string, ...headers: ReadonlyArray<string>) => `${line} HTTP/1.1\r\n${headers.join("")}\r\n`;

/** A completion request. */
const posted = (body: object, last = close, ...headers: ReadonlyArray<string>): string => {
  const text = JSON.stringify(body);
  const type = "Content-Type: application/json\r\n";
  const length = `Content-Length: ${new TextEncoder().encode(text).length}\r\n`;
  return `${head("POST /v1/completions", host, type, length, last, ...headers)}${text}`;
};

const statusOf = (answer: string) => Number(answer.match(/^HTTP\/1\.1 (\d+)/)?.[1]);

/** The JSON at the end of an answer. */
// deno-lint-ignore no-explicit-any
const jsonOf = (answer: string): any => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));

const ask = { prompt: "1 2 3", max_tokens: 2, seed: 1 };

testServer(
  "a body in chunks is one body, characters cut between two as well; one that is broken is refused",
  {},
  async (server) => {
    const whole = jsonOf(await exchange(server, posted(ask)));
    const begin = head(
      "POST /v1/completions",
      host,
      "Content-Type: application/json; charset=UTF-8\r\n",
      "Transfer-Encoding: chunked\r\n",
      close,
    );
    const sent = (...bodies: ReadonlyArray<Uint8Array>) => {
      const text = (part: string) => new TextEncoder().encode(part);
      const chunks = bodies.flatMap((body) => [text(`${body.length.toString(16)}\r\n`), body, text("\r\n")]);
      return exchange(server, begin, ...chunks, "0\r\n\r\n");
    };
    const bytes = new TextEncoder().encode(JSON.stringify({ ...ask, user: "é🙂" }));
    const cut = bytes.length - 4;
    const answer = jsonOf(await sent(bytes.subarray(0, cut), bytes.subarray(cut)));
    assert.deepEqual(answer.choices, whole.choices);
    const broken = jsonOf(await sent(bytes.subarray(0, cut), bytes.subarray(cut + 1)));
    assert.equal(broken.error.message, "the body is not UTF-8");
    const large = await sent(...Array.from({ length: 17 }, () => new Uint8Array(1 << 20).fill(32)));
    assert.equal(statusOf(large), 413);
    assert.equal(statusOf(await exchange(server, `${begin}zz\r\n\r\n`)), 400);
  },
);

testServer(
  "requests that are asked ahead on one connection are answered in order, after a refusal too",
  {},
  async (server) => {
    const most = [1, 2, 3];
    const last = most.at(-1);
    const bodies = most.map((max_tokens) => posted({ ...ask, max_tokens }, max_tokens === last ? close : ""));
    const answer = await exchange(server, posted({ ...ask, n: 0 }, ""), ...bodies);
    assert.equal(statusOf(answer), 400);
    assert.deepEqual([...answer.matchAll(/"completion_tokens":(\d+)/g)].map(([, count]) => Number(count)), most);
  },
);

testServer("methods, paths and hosts: what HTTP asks of a server", {}, async (server) => {
  const asked = (line: string, ...headers: ReadonlyArray<string>) => exchange(server, head(line, ...headers, close));
  const models = await asked("GET /v1/models", host);
  const headed = await asked("HEAD /v1/models", host);
  assert.equal(statusOf(headed), 200);
  assert.equal(headed.split("\r\n\r\n")[1], "");
  assert.equal(headed.match(/content-length: (\d+)/i)?.[1], models.match(/content-length: (\d+)/i)?.[1]);
  for (const [line, allowed] of [["OPTIONS /v1/completions", "POST"], ["DELETE /v1/models", "GET, HEAD"]]) {
    const answer = await asked(line, host);
    assert.equal(statusOf(answer), 405);
    assert.equal(answer.match(/^allow: (.*)\r$/im)?.[1], allowed);
  }
  assert.deepEqual(jsonOf(await asked("GET /v1/models/base", host)), jsonOf(models).data[0]);
  for (const path of ["/v1/models/other", "/v1/models/", "/chat/completions", "/v1/../health", "/"]) {
    const answer = await asked(`GET ${path}`, host);
    assert.equal(statusOf(answer), 404);
    assert.ok(jsonOf(answer).error.message.includes(path));
  }
  // A POST to no path says so before it speaks of its body.
  assert.equal(statusOf(await exchange(server, head("POST /completions", host, "Content-Length: 0\r\n", close))), 404);
  assert.equal(statusOf(await asked("GET http://127.0.0.1:1/health", host)), 200);
  assert.equal(statusOf(await asked("GET http://evil.example/health", host)), 403);
  assert.equal(statusOf(await asked("GET /health", "Host: 127.999.1.1\r\n")), 403);
  assert.equal(statusOf(await asked("GET /health", host, "Upgrade: websocket\r\n")), 200);
});

testServer("types and encodings of a body that are not JSON in UTF-8 are a 415 that says so", {}, async (server) => {
  for (
    const [type, also, expected] of [
      ["application/json; charset=latin1", "", /charset utf-8, found latin1/],
      ["application/json", "Content-Encoding: gzip\r\n", /without Content-Encoding, found gzip/],
      ["application/json-patch+json", "", /expected Content-Type application\/json/],
      ["text/plain", "", /expected Content-Type application\/json/],
    ] as const
  ) {
    const answer = await exchange(server, posted(ask, close, also).replace("application/json", type));
    assert.equal(statusOf(answer), 415, type);
    assert.match(jsonOf(answer).error.message, expected);
  }
  const quoted = posted(ask).replace("application/json", 'Application/JSON ; charset="UTF-8"');
  assert.equal(statusOf(await exchange(server, quoted)), 200);
});

testServer("alternatives of an answer that was let in are never refused, however short the queue", {
  batch: 4,
  queue: 1,
}, async ({ url }) => {
  const body = { ...ask, n: 5, logprobs: 2, max_tokens: 8 };
  const whole = await post(`${url}/v1/completions`, body);
  assert.equal(whole.status, 200, JSON.stringify(whole.error));
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, stream: true }),
  });
  assert.ok(eventsOf(await response.text()).every(({ error }) => error === undefined));
  const more = await post(`${url}/v1/completions`, { ...body, n: 6 });
  assert.equal(more.status, 400);
  assert.equal(more.error.param, "n");
  const prompts = await post(`${url}/v1/completions`, { ...ask, prompt: Array(6).fill("1") });
  assert.equal(prompts.error.param, "prompt");
  const scoring = { prompt: Array(20).fill("1 2 3"), max_tokens: 0, echo: true, logprobs: 1 };
  assert.equal((await post(`${url}/v1/completions`, scoring)).choices.length, 20);
});

testServer("texts of a client that has left are not scored", {}, async ({ url, served: { engine } }) => {
  const prompt = Array.from({ length: 1000 }, () => Array.from({ length: 30 }, (_, i) => i));
  const scoring = { prompt, max_tokens: 0, echo: true, logprobs: 1 };
  const controller = new AbortController();
  const answer = fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(scoring),
    signal: controller.signal,
  });
  while (engine.load().scoredTokens === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await assert.rejects(answer);
  // It would be scored after all of the others.
  const own = await post(`${url}/v1/completions`, { ...scoring, prompt: "1 2 3" });
  assert.equal(own.status, 200);
  const { scoredTokens } = engine.load();
  assert.ok(scoredTokens < 29 * 1000, `${scoredTokens} tokens scored`);
});

Deno.test("an event is one line of data, whatever its text", async () => {
  const texts = ["a\nb\r\n\r\nc", "\u2028\u2029\u0085", "data: [DONE]\n\n", "é🙂日本", "\u0000\u001b", ""];
  const reply = eventReply(Stream.fromIterable(texts));
  assert.ok(typeof reply.body !== "string");
  const events = await Effect.runPromise(Stream.runCollect(reply.body));
  for (const event of events) assert.match(event, /^data: [^\r\n]*\n\n$/);
  assert.deepEqual(eventsOf(events.join("")), texts);
});

Deno.test("a failure ends a stream as an event with an error, without [DONE]", async () => {
  const reply = eventReply(Stream.concat(Stream.succeed(1), Stream.fail(badField("n", "no"))));
  assert.ok(typeof reply.body !== "string");
  const [first, second, ...more] = await Effect.runPromise(Stream.runCollect(reply.body));
  assert.equal(first, "data: 1\n\n");
  assert.equal(JSON.parse(second.slice("data: ".length)).error.param, "n");
  assert.deepEqual(more, []);
});
