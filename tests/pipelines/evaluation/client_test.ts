import assert from "node:assert/strict";
import { Effect, Exit } from "effect";
import { makeClient, type ServerSettings } from "../../../pipelines/evaluation/client.ts";
import type { Job } from "../../../pipelines/evaluation/completion.ts";
import { draw, type RemoteRollout } from "../../../pipelines/evaluation/remote.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { type Behaviour, type MockServer, start } from "./mock_openai_server.ts";

const prompt = (n: number) => ({
  task: "math",
  split: "test",
  problemId: `math/test/${n}`,
  question: "?",
  goldAnswer: "1",
  promptText: `${n}`,
});
const settings: ServerSettings = {
  servedModel: "m",
  temperature: 1,
  topP: 1,
  topK: 0,
  seed: 0,
  logprobs: true,
  requestsPerMinute: undefined,
  timeout: 60,
  retries: 8,
};
const answer: Behaviour["answer"] = (text, seed, index) => ({
  text: `${text}: ${seed} ${index}`,
  tokens: [1],
  logProbs: [-1],
  finish: "stop",
});

const serving = async (behaviour: Partial<Behaviour>, use: (server: MockServer, url: string) => Promise<void>) => {
  const server = await start({ model: "m", answer, ...behaviour });
  await use(server, `${server.url}/v1/completions`);
  await server.close();
};

const quiet = <A, E>(effect: Effect.Effect<A, E>, io = memory("")) =>
  Effect.provideService(effect, StandardStreams, io.streams);

const job: Job = { prompt: prompt(0), indices: [0, 1], maxTokens: 10 };
const options = (name: string, fn: () => Promise<void>) => ({ name, fn, sanitizeOps: false, sanitizeResources: false });

Deno.test(
  options(
    "a request that takes too long is given up and sent again, and the limit is named",
    () =>
      serving({ delay: 5000, seed: 1 }, async (server, url) => {
        const client = makeClient(url, { ...settings, timeout: 0.05, retries: 1 }, undefined);
        const failure = await Effect.runPromise(quiet(Effect.flip(client.ask(job))));
        assert.equal(failure.reason, "failed");
        assert.match(
          failure.message,
          /^Cannot sample for problem "math\/test\/0" at .*, tried 2 times \(--retries\): no answer in 0.05 s/,
        );
        assert.equal(server.seen.length, 2);
      }),
  ),
);

Deno.test(options("a reply that is no answer at all is quoted", async () => {
  const page = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<html>\nWelcome"),
  );
  const client = makeClient(
    `http://127.0.0.1:${page.addr.port}/v1/completions`,
    { ...settings, retries: 0 },
    undefined,
  );
  const failure = await Effect.runPromise(quiet(Effect.flip(client.ask(job))));
  assert.match(failure.message, /a reply that cannot be used: it is not whole JSON, but "<html> Welcome"$/);
  await page.shutdown();
}));

Deno.test(options("no more requests begin in a minute than are allowed", () =>
  serving({}, async (server, url) => {
    const client = makeClient(url, { ...settings, requestsPerMinute: 1200 }, undefined);
    const begun = performance.now();
    await Effect.runPromise(quiet(Effect.forEach([...Array(8).keys()], () => client.ask(job), { concurrency: 8 })));
    assert.ok(performance.now() - begun >= 7 * 50 - 5, `${performance.now() - begun} ms`);
    assert.equal(server.seen.length, 8);
  })));

const remote = { responses: 6, requestResponses: 4, concurrency: 3, seed: 0, temperature: 1 };

Deno.test(
  options(
    "exactly what is wanted is asked for, by name; a field that is refused is asked once by each request under way",
    () =>
      serving({ unknown: ["min_p"] }, async (server, url) => {
        const kept: RemoteRollout[] = [];
        const io = memory("");
        const plan = {
          prompts: [prompt(0), prompt(1), prompt(2)],
          maxTokens: () => 10,
          wanted: (problemId: string, i: number) =>
            problemId === "math/test/1" ? i % 2 === 0 : problemId === "math/test/0",
        };
        const keep = (some: ReadonlyArray<RemoteRollout>) => Effect.sync(() => void kept.push(...some));
        await Effect.runPromise(quiet(draw(makeClient(url, settings, undefined), plan, remote, keep), io));
        const names = kept.map(({ problemId, sampleIndex }) => `${problemId.at(-1)}#${sampleIndex}`).toSorted();
        assert.deepEqual(names, ["0#0", "0#1", "0#2", "0#3", "0#4", "0#5", "1#0", "1#2", "1#4"]);
        assert.equal(new Set(kept.map(({ responseText }) => responseText)).size, 9);
        assert.equal(io.stderr(), 'the server does not take "min_p": it is left out');
        assert.ok(server.seen.length <= 6);
      }),
  ),
);

Deno.test(options("where one request fails for good, those under way are kept and no other begins", () =>
  serving({
    delay: 100,
    answer: (text, seed, index) => text === "0" ? undefined : answer(text, seed, index),
  }, async (server, url) => {
    const kept: RemoteRollout[] = [];
    const plan = { prompts: [...Array(40).keys()].map(prompt), maxTokens: () => 10, wanted: () => true };
    const keep = (some: ReadonlyArray<RemoteRollout>) => Effect.sync(() => void kept.push(...some));
    const exit = await Effect.runPromiseExit(quiet(draw(makeClient(url, settings, undefined), plan, remote, keep)));
    assert.ok(Exit.isFailure(exit));
    const delivered = server.seen.filter(({ complete }) => complete);
    assert.equal(kept.length, delivered.reduce((sum, { body }) => sum + Number(body.n), 0));
    assert.ok(server.seen.length < 80 && kept.length > 0, `${server.seen.length} ${kept.length}`);
  })));

Deno.test(
  options(
    "a server that seems to draw all responses of a request from one seed is told of",
    () =>
      serving({ answer: (text, seed) => ({ ...answer(text, seed, 0)!, text: "x".repeat(300) }) }, async (_, url) => {
        const io = memory("");
        const plan = {
          prompts: [prompt(0)],
          maxTokens: () => 10,
          wanted: () => true,
        };
        await Effect.runPromise(quiet(draw(makeClient(url, settings, undefined), plan, remote, () => Effect.void), io));
        assert.match(io.stderr(), /all 4 responses to "math\/test\/0" are alike.*--request-responses 1/);
      }),
  ),
);

/** What a client says of a server that always answers so. */
const failureAt = async (response: () => Response, more: object = {}, apiKey?: string, login = "") => {
  let requests = 0;
  const page = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    requests++;
    return response();
  });
  const url = `http://${login}127.0.0.1:${page.addr.port}/v1/completions`;
  const client = makeClient(url, { ...settings, retries: 5, ...more }, apiKey);
  const { message } = await Effect.runPromise(quiet(Effect.flip(client.ask(job))));
  await page.shutdown();
  return { message, requests };
};

Deno.test(
  options("a whole reply that cannot be used twice in a row ends with its reason, not after all retries", async () => {
    const unusable = () => new Response('{"choices":[{"text":null}]}');
    const { message, requests } = await failureAt(unusable);
    assert.match(message, /twice in a row a reply that cannot be used: "choices\[0\]" has no "text"$/);
    assert.equal(requests, 2);
  }),
);

Deno.test(
  options("what a server says cannot act on a terminal, is short, and shows neither key nor password", async () => {
    const evil = "\x1b[31m\x9b2J\x1b]0;title\x07 key sk-secret-123 \u202e";
    const said = (await failureAt(() => new Response(evil, { status: 400 }), {}, "sk-secret-123", "user:pw@")).message;
    // deno-lint-ignore no-control-regex -- these are what must not be there
    assert.doesNotMatch(said, /[\x00-\x1f\x7f-\x9f\u202e]|sk-secret|pw@/);
    assert.match(said, /at http:\/\/\*\*\*@127.*status 400: \\x1b\[31m\\x9b2J/);
    const huge = JSON.stringify({ error: { message: "y".repeat(1e6) } });
    const { message } = await failureAt(() => new Response(huge), { retries: 0 });
    assert.ok(message.length < 600 && message.includes("yyy"), `${message.length}`);
  }),
);
