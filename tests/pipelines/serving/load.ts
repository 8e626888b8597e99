/**
 * 64 clients at once for some seconds: seeded requests, whole and streamed, some that leave, some that are wrong. Nothing fails but what
 * was wrong, each seeded answer is that of the request alone, all slots and blocks are free afterwards, and memory stays.
 */
import "../../../pipelines/commands/plain_fibers.ts";
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { integer, Key } from "../../../data/random.ts";
import { eventsOf, post, type TestServer, testServer } from "./served_model.ts";

/** Growth of memory that is no leak: caches and compiled code. */
const mostGrowth = 16 << 20;

const clients = 64;
const kinds = 40;

/** One of the requests that the clients make again and again. */
const bodyOf = (kind: number) => ({
  prompt: Array.from({ length: 3 + kind % 4 }, (_, i) => (kind * 7 + i * 5) % 64),
  seed: kind,
  n: 1 + kind % 3,
  max_tokens: 2 + kind % 21,
  temperature: kind % 5 === 0 ? 0.7 : 1,
  top_k: kind % 7 === 0 ? 10 : 0,
  stop: kind % 4 === 0 ? ["="] : [],
  logprobs: kind % 6 === 0 ? 1 : undefined,
});

const wrong = { prompt: "1", temperature: -1 };

const textOf = (choices: ReadonlyArray<{ index: number; text: string }>): string =>
  [0, 1, 2].map((i) => choices.filter(({ index }) => index === i).map(({ text }) => text).join("")).join("|");

/** A client until the time is over; returns the number of answers. */
const client = async ({ url }: TestServer, id: number, end: number, alone: ReadonlyMap<number, unknown>) => {
  const completions = `${url}/v1/completions`;
  const key = Key.fold(Key.make(1), "client", id);
  let answers = 0;
  for (let turn = 0; Date.now() < end; turn++) {
    const kind = integer(key, 2 * turn, kinds);
    const what = integer(key, 2 * turn + 1, 10);
    const body = bodyOf(kind);
    if (what === 0) {
      assert.equal((await post(completions, wrong)).status, 400);
    } else if (what <= 3) {
      const init = { method: "POST", headers: { "content-type": "application/json" } };
      const signal = what === 1 ? AbortSignal.timeout(5) : undefined;
      const sent = fetch(completions, { ...init, body: JSON.stringify({ ...body, stream: true }), signal })
        .then((response) => response.text());
      if (signal === undefined) {
        assert.equal(textOf(eventsOf(await sent).flatMap(({ choices }) => choices)), textOf(alone.get(kind) as []));
      } else {
        await sent.catch((error) => assert.match(`${error.name}`, /TimeoutError|AbortError/));
      }
    } else {
      const { status, choices } = await post(completions, body);
      assert.equal(status, 200);
      assert.deepEqual(choices, alone.get(kind), `request ${kind}`);
    }
    answers++;
  }
  return answers;
};

/** Runs all clients for so many seconds; returns the number of answers. */
const crowd = async (server: TestServer, seconds: number, alone: ReadonlyMap<number, unknown>) => {
  const end = Date.now() + 1000 * seconds;
  const counts = await Promise.all(Array.from({ length: clients }, (_, id) => client(server, id, end, alone)));
  return counts.reduce((sum, count) => sum + count, 0);
};

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** The memory of the process that is used, after a collection: what is waiting to be collected is no leak. */
const memoryUsed = (): number => {
  collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
};

/** A test of so many seconds, after a fifth of it as a warm-up. */
export const testLoad = (seconds: number): void =>
  testServer(`${clients} clients for ${seconds} s: no error, no leak, every seeded answer as alone`, {
    batch: 16,
  }, async (server) => {
    const alone = new Map<number, unknown>();
    for (let kind = 0; kind < kinds; kind++) {
      alone.set(kind, (await post(`${server.url}/v1/completions`, bodyOf(kind))).choices);
    }
    await crowd(server, seconds / 5, alone);
    const before = memoryUsed();
    const answers = await crowd(server, seconds, alone);
    const growth = memoryUsed() - before;
    assert.ok(answers >= clients, `${answers} answers`);
    assert.ok(growth < mostGrowth, `memory grew by ${growth} bytes over ${answers} answers`);
    const { engine } = server.served;
    for (let i = 0; i < 500 && engine.load().running > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    const { running, queued, freeBlocks, blocks } = engine.load();
    assert.deepEqual({ running, queued, freeBlocks }, { running: 0, queued: 0, freeBlocks: blocks });
    console.error(`${answers} answers of ${clients} clients, memory ${(growth / 2 ** 20).toFixed(1)} MiB more`);
  });
