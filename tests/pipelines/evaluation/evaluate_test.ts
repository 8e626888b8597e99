/**
 * `deno task evaluate` as people run it: over a server that fails in every way that the mock knows, killed and started again, and against the own
 * engine on the same checkpoint.
 */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as RunDirectory from "../../../pipelines/files/run_directory.ts";
import { type Answer, type Behaviour, type MockServer, start } from "./mock_openai_server.ts";
import { shellHere } from "../../command_line.ts";
import "../../adapter.ts";

const root = new URL("../../..", import.meta.url).pathname;
const base = "data/models/countdown_1";
const limit = 24;
const responses = 16;
const asked = ["--task", "countdown", "--limit", `${limit}`, "--samples", `${responses}`, "--temperature", "0"];

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const spawn = (words: ReadonlyArray<string>, env: Record<string, string> = {}) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "pipelines/cli.ts", "evaluate", ...words],
    cwd: root,
    env: { NO_COLOR: "1", HF_HUB_OFFLINE: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();

const apart = async (words: ReadonlyArray<string>, env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await spawn(words, env).output();
  return { code, stdout: text(stdout), stderr: text(stderr) };
};

/** In the process of the test: what shows no kill, no lock and no variable of the environment. */
const evaluate = (words: ReadonlyArray<string>) => shellHere(["evaluate", ...words].join(" "));

const succeeds = async (words: ReadonlyArray<string>) => {
  const done = await evaluate(words);
  assert.equal(done.code, 0, done.stderr);
  return done;
};

const linesOf = (path: string): ReadonlyArray<string> => readFileSync(path, "utf8").split("\n").slice(0, -1);
// deno-lint-ignore no-explicit-any -- records as they stand
const recordsOf = (path: string): ReadonlyArray<any> => linesOf(path).map((line) => JSON.parse(line));

const folder = mkdtempSync(join(tmpdir(), "signum-evaluate-"));
addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));
const own = join(folder, "own");

/** The greedy responses of the own engine: what the mock servers answer. */
const recorded = succeeds([...asked, "--model", base, "--out", own]).then(() => {
  const answers = new Map<string, Answer>();
  for (
    const { promptText, promptTokens, responseText, responseTokens, logProbs, finish } of recordsOf(
      join(own, "samples.ndjson"),
    )
  ) {
    const answer = { text: responseText, tokens: responseTokens, logProbs, finish };
    answers.set(promptText, answer).set(JSON.stringify(promptTokens), answer);
  }
  return answers;
});

const serving = async (
  behaviour: Partial<Behaviour>,
  use: (server: MockServer, words: ReadonlyArray<string>) => Promise<void>,
) => {
  const answers = await recorded;
  const server = await start({
    model: "countdown",
    answer: (prompt) => answers.get(typeof prompt === "string" ? prompt : JSON.stringify(prompt)),
    ...behaviour,
  });
  try {
    await use(server, [...asked, "--endpoint", server.url, "--served-model", "countdown", "--request-responses", "4"]);
  } finally {
    await server.close();
  }
};

/** Every (problem, sample index), once, in order. */
const checkNames = (path: string) => {
  const names = recordsOf(path).map(({ problemId, sampleIndex }) => `${problemId}#${sampleIndex}`);
  const expected = Array.from(
    { length: limit * responses },
    (_, i) => `countdown/test/${Math.floor(i / responses)}#${i % responses}`,
  );
  assert.deepEqual(names, expected);
};

const figures = (out: string) => recordsOf(join(out, "evaluations.ndjson")).map(({ label: _, ...row }) => row);

Deno.test("a server that fails in every way gives every sample once, and the figures of the own engine", () =>
  serving({ faulty: 0.25, seed: 3, delay: 40 }, async (server, words) => {
    const out = join(folder, "faulty");
    const { stdout } = await succeeds([...words, "--model", base, "--out", out]);
    const kinds = new Set(server.seen.map(({ fault }) => fault));
    assert.deepEqual([...kinds].sort(), ["break", "cut", "drop", "error", "limit", "none", "unavailable"]);
    checkNames(join(out, "samples.ndjson"));
    assert.equal(existsSync(join(out, "samples.ndjson.partial")), false);
    // Each reply that arrived was kept, so none was asked for again.
    const arrived = server.seen.filter(({ complete }) => complete).map(({ body }) => body.seed);
    assert.equal(arrived.length, limit * responses / 4);
    assert.equal(new Set(arrived).size, arrived.length);
    assert.deepEqual(figures(out), figures(own));
    assert.match(stdout, /Pass@16/);
    const [first] = recordsOf(join(out, "samples.ndjson"));
    assert.deepEqual([first.logProbs, first.entropy], [undefined, undefined]);
    assert.equal(first.serverLogProbs.length, first.responseTokens.length);
    // A finished evaluation prints again and asks nobody.
    const before = server.seen.length;
    const again = await succeeds([...words, "--model", base, "--out", out]);
    assert.equal(again.stdout, stdout);
    assert.equal(server.seen.length, before);
    const other = await evaluate([...words, "--model", base, "--out", out, "--seed", "9"]);
    assert.deepEqual([other.code, other.stdout], [1, ""]);
    assert.match(other.stderr, /^Cannot evaluate into ".*" \(--out\): --seed was 0 there and is 9 now\n$/);
  }));

/** Kills the process once its log has `lines` lines. */
const killAt = async (child: Deno.ChildProcess, partial: string, lines: number) => {
  while (!existsSync(partial) || linesOf(partial).length < lines) await new Promise((go) => setTimeout(go, 10));
  child.kill("SIGKILL");
  await child.output();
};

Deno.test("an evaluation over a server that is killed asks only for what is missing", () =>
  serving({ faulty: 0.2, seed: 5, delay: 120 }, async (server, words) => {
    const out = join(folder, "killed");
    const partial = join(out, "samples.ndjson.partial");
    const command = [...words, "--concurrency", "4", "--out", out];
    for (const at of [60, 180]) {
      await killAt(spawn(command), partial, at);
      appendFileSync(partial, '{"task":"countdown","split":"te');
    }
    const kept = recordsOf(partial).map(({ problemId, sampleIndex }) => `${problemId}#${sampleIndex}`);
    assert.ok(kept.length >= 180 && kept.length < limit * responses, `${kept.length}`);
    const before = server.seen.length;
    const { stderr } = await succeeds(command);
    assert.match(stderr, new RegExp(`going on: ${kept.length} of ${limit * responses} responses are there`));
    const arrived = server.seen.slice(before).filter(({ complete }) => complete);
    const delivered = arrived.reduce((sum, { body }) => sum + Number(body.n), 0);
    assert.equal(delivered, limit * responses - kept.length);
    checkNames(join(out, "samples.ndjson"));
    assert.deepEqual(figures(out), figures(own));
  }));

Deno.test("the own engine, killed, ends with the bytes of a run that was not", async () => {
  await recorded;
  const words = ["--model", base, "--task", "countdown", "--limit", "32", "--samples", "64", "--batch", "64"];
  const [whole, killed] = [join(folder, "whole"), join(folder, "resumed")];
  const { stdout } = await succeeds([...words, "--out", whole]);
  for (const at of [100, 900]) {
    await killAt(spawn([...words, "--out", killed]), join(killed, "samples.ndjson.partial"), at);
  }
  const locked = await Effect.runPromise(Effect.scoped(
    Effect.andThen(RunDirectory.acquire(killed), Effect.promise(() => apart([...words, "--out", killed]))),
  ));
  assert.deepEqual([locked.code, locked.stdout], [1, ""]);
  assert.match(locked.stderr, /Cannot use run ".*": process \d+ is working in it/);
  const again = await succeeds([...words, "--out", killed]);
  assert.equal(again.stdout, stdout);
  for (const name of ["samples.ndjson", "pass_at_k.ndjson", "evaluations.ndjson", "config.json"]) {
    assert.ok(readFileSync(join(whole, name)).equals(readFileSync(join(killed, name))), name);
  }
});

Deno.test("--greedy draws one greedy response a problem besides: its accuracy stands beside Pass@k, and the samples stay as they are", async () => {
  const words = ["--model", base, "--task", "countdown", "--limit", "8", "--samples", "4"];
  const [plain, both, alone] = ["sampled", "both", "alone"].map((name) => join(folder, name));
  await succeeds([...words, "--out", plain]);
  await succeeds([...words, "--out", both, "--greedy"]);
  await succeeds([...words, "--samples", "1", "--temperature", "0", "--out", alone]);
  const bytes = (out: string, name: string) => readFileSync(join(out, name), "utf8");
  for (const name of ["samples.ndjson", "config.json", "pass_at_k.ndjson"]) {
    assert.equal(bytes(both, name), bytes(plain, name));
  }
  assert.equal(bytes(both, "greedy.ndjson"), bytes(alone, "samples.ndjson"));
  const [row] = recordsOf(join(both, "evaluations.ndjson"));
  assert.equal(row.greedyAccuracy, recordsOf(join(alone, "evaluations.ndjson"))[0].passAtK);
  // An evaluation that has its samples takes the greedy ones alone, and prints both.
  const { stdout, stderr } = await succeeds([...words, "--out", plain, "--greedy"]);
  assert.match(stderr, /going on: 32 of 40 responses are there\n/);
  assert.match(stdout, /Model +Pass@1 +Pass@2 +Pass@4 +greedy\n/);
  assert.equal((await succeeds([...words, "--out", plain])).stdout, stdout);
  for (const name of ["samples.ndjson", "greedy.ndjson", "config.json", "evaluations.ndjson"]) {
    assert.equal(bytes(plain, name), bytes(both, name));
  }
  const refused = await evaluate([...words, "--temperature", "0", "--greedy"]);
  assert.equal(
    refused.stderr,
    'Cannot run "evaluate": --greedy: at --temperature 0 every response is greedy already\n',
  );
});

Deno.test("--greedy over a server keeps what the own engine draws", () =>
  serving({}, async (_, words) => {
    const out = join(folder, "greedy_over_server");
    await succeeds([...words, "--temperature", "0.6", "--greedy", "--model", base, "--out", out]);
    const greedy = recordsOf(join(out, "greedy.ndjson"));
    assert.equal(greedy.length, limit);
    assert.ok(greedy.every(({ temperature, sampleIndex }) => temperature === 0 && sampleIndex === 0));
    assert.equal(linesOf(join(out, "samples.ndjson")).length, limit * responses);
  }));

Deno.test("what cannot be sampled is refused before anything is written", async () => {
  const data = join(folder, "long.jsonl");
  writeFileSync(data, `${JSON.stringify({ problem: "what is one and one? ".repeat(40), answer: "2" })}\n`);
  const out = join(folder, "refused");
  const words = ["--model", "tests/golden/models/qwen2_tied", "--task", "jsonl", "--data", data, "--out", out];
  const { code, stdout, stderr } = await evaluate(words);
  assert.deepEqual([code, stdout, existsSync(out)], [1, "", false]);
  assert.match(stderr, /^Cannot sample for problem ".*": its prompt has \d+ tokens .*, the model's context is 256\n$/);
});

Deno.test("without log-probs a response has all else, and the figures are the same", async () => {
  const [plain, kept] = [join(folder, "without"), (await recorded, own)];
  await succeeds([...asked, "--model", base, "--out", plain, "--no-logprobs"]);
  const strip = ({ logProbs: _, entropy: __, ...rest }: Record<string, unknown>) => rest;
  assert.deepEqual(recordsOf(join(plain, "samples.ndjson")), recordsOf(join(kept, "samples.ndjson")).map(strip));
  assert.deepEqual(figures(plain), figures(kept));
});

Deno.test("a refusal is one line with the URL, the status and what the server says; the key is never shown", () =>
  serving({ apiKey: "sk-secret" }, async (server, words) => {
    const refused = await apart(words, { OPENAI_API_KEY: "wrong-key" });
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(
      refused.stderr,
      /^Cannot sample for problem "countdown\/test\/\d+" at http:.*\/v1\/completions: status 401: .*Unauthorized.*\n$/,
    );
    assert.doesNotMatch(refused.stderr, /wrong-key/);
    const before = server.seen.length;
    assert.equal((await apart(words, { OPENAI_API_KEY: "sk-secret" })).code, 0);
    assert.equal(server.seen.length - before, limit * responses / 4);
    const missing = await apart(words.with(-3, "other"), { OPENAI_API_KEY: "sk-secret" });
    assert.match(missing.stderr, /status 404: .*The model `other` does not exist/);
  }));

Deno.test("fields that a server does not know are left out, and one that gives a single choice is asked for the rest", () =>
  serving({ unknown: ["min_p", "return_token_ids", "top_k"], single: true }, async (server, words) => {
    const out = join(folder, "single");
    const { stderr } = await succeeds([...words, "--out", out, "--no-logprobs"]);
    for (const name of ["min_p", "return_token_ids", "top_k"]) {
      assert.ok(stderr.includes(`does not take "${name}"`), name);
    }
    checkNames(join(out, "samples.ndjson"));
    assert.equal(server.seen.filter(({ complete }) => complete).length, limit * responses);
    const [first] = recordsOf(join(out, "samples.ndjson"));
    assert.deepEqual([first.responseTokens, first.promptTokens, first.serverLogProbs], [
      undefined,
      undefined,
      undefined,
    ]);
    // A setting that changes what is drawn is never left out.
    const kept = await evaluate([...words, "--top-k", "20"]);
    assert.match(kept.stderr, /status 400: .*Unrecognized request argument supplied: top_k/);
  }));

Deno.test("a server that never answers well ends in an error that says how often it was tried", () =>
  serving({ status: 502 }, async (_, words) => {
    const { code, stdout, stderr } = await evaluate([...words, "--retries", "1"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /tried 2 times \(--retries\): status 502/);
  }));
