/**
 * vLLM's and SGLang's dialect, on replies that are transcribed from their documentation: neither program runs here, so nothing was captured. A
 * loopback server gives them, and keeps what it was asked.
 */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { base, cli } from "../training/train_commands.ts";
import { beside, place, recordsOf, rowsOf, trained } from "./trained_at.ts";

const { dir } = place();
const more = "--algorithm w-reinforce --lambda 0.5 --mini-batch 4 --steps 1";

/** A request as the server saw it. */
interface Asked {
  readonly route: string;
  // deno-lint-ignore no-explicit-any
  readonly body: any;
  readonly key: string | null;
}

/** Serves the replies of a fixture, changed by `change`, while `use` runs; gives what was asked. */
const served = async (
  dialect: string,
  use: (url: string) => Promise<void>,
  // deno-lint-ignore no-explicit-any
  change: (replies: Record<string, any>) => void = () => {},
): Promise<ReadonlyArray<Asked>> => {
  const replies = JSON.parse(readFileSync(new URL(`fixtures/${dialect}.json`, import.meta.url), "utf8"));
  change(replies);
  const asked: Asked[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    const text = await request.text().catch(() => "");
    asked.push({ route, body: text === "" ? undefined : JSON.parse(text), key: request.headers.get("authorization") });
    if (!(route in replies)) return new Response("no such route", { status: 404 });
    return replies[route] === "" ? new Response("") : Response.json(replies[route]);
  });
  try {
    await use(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
  return asked;
};

const train = (url: string, run: string, dialect: string, also = "") =>
  trained(run, `${more} --rollouts ${url} --rollouts-dialect ${dialect} ${also}`);

/** What every run on the fixtures' rollouts holds. */
const holds = async (run: string) => {
  const drawn = recordsOf(run, "sample");
  assert.equal(drawn.length, 16);
  drawn.forEach(({ sampleIndex, logProbs, responseTokens, finish }, i) => {
    assert.equal(sampleIndex, i % 4);
    assert.equal(logProbs[0], [-0.9, -1.1, -3.5, -1][i % 4]);
    assert.equal(responseTokens.length, [6, 12, 2, 16][i % 4]);
    assert.equal(finish, ["stop", "stop", "stop", "length"][i % 4]);
  });
  assert.equal(drawn[0].responseText, "3 + 5 = 8");
  // `score` by hand gives the same old log-probs and entropies.
  const byHand = await beside(`${cli} score --model ${base} < ${run}/steps/000001/split.ndjson`);
  assert.equal(byHand.code, 0, byHand.stderr);
  const scored = recordsOf(run, "score");
  const again = byHand.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(again.length, scored.length);
  again.forEach(({ oldLogProbs, entropy, logProbs }, i) => {
    assert.deepEqual([oldLogProbs, entropy, logProbs], [scored[i].oldLogProbs, scored[i].entropy, scored[i].logProbs]);
  });
  for (const { advantages, reward, weight, oldLogProbs, logProbs } of recordsOf(run, "advantage")) {
    advantages.forEach((advantage: number, t: number) => {
      const expected = reward * weight * Math.min(Math.exp(oldLogProbs[t] - logProbs[t]), 2);
      assert.ok(Math.abs(advantage - expected) < 1e-6, `${advantage}, not ${expected}`);
    });
  }
  const [{ mismatch }] = rowsOf(run);
  assert.ok(mismatch.maxDifference > 1 && mismatch.kl > 0 && mismatch.cappedRatio > 0, JSON.stringify(mismatch));
  const replayed = await beside(`${cli} replay ${run}`);
  assert.equal(replayed.code, 0, replayed.stderr);
};

Deno.test("vLLM: weights are reloaded and prefixes dropped, ids go in and out, and a temperature needs processed log-probs", async () => {
  const run = join(dir, "vllm");
  const asked = await served("vllm", (url) => train(url, run, "vllm"));
  assert.deepEqual(asked.slice(0, 3).map(({ route, body, key }) => [route, body, key]), [
    ["POST /collective_rpc", { method: "reload_weights" }, "Bearer key-of-updates"],
    ["POST /reset_prefix_cache", {}, "Bearer key-of-updates"],
    ["GET /v1/models", undefined, "Bearer key-of-requests"],
  ]);
  const [{ route, body, key }] = asked.slice(3);
  assert.deepEqual([route, key, asked.length], ["POST /v1/completions", "Bearer key-of-requests", 7]);
  const { prompt, ...rest } = body;
  assert.ok(recordsOf(run, "prompt").some(({ promptTokens }) => promptTokens.join() === prompt.join()));
  assert.deepEqual(rest, {
    model: "runs/mine/sampler/current",
    n: 4,
    temperature: 1,
    top_p: 1,
    top_k: -1,
    min_p: 0,
    repetition_penalty: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    max_tokens: 16,
    stop_token_ids: [68],
    logprobs: 1,
    return_token_ids: true,
    skip_special_tokens: false,
    stream: false,
  });
  await holds(run);
  const warm = join(dir, "warm");
  const asking = await served("vllm", (url) => train(url, warm, "vllm", "--temperature 0.7"));
  assert.ok(asking.some(({ route }) => route === "GET /server_info"));
});

Deno.test("SGLang: weights are read from the folder, ids go in and out", async () => {
  const run = join(dir, "sglang");
  const asked = await served("sglang", (url) => train(url, run, "sglang"));
  const [update, first] = asked;
  assert.equal(update.route, "POST /update_weights_from_disk");
  assert.deepEqual(update.body, { model_path: join(run, "sampler/current"), flush_cache: true });
  assert.equal(first.route, "POST /generate");
  assert.deepEqual([first.body.sampling_params.n, first.body.sampling_params.stop_token_ids], [4, [68]]);
  assert.equal(first.body.return_logprob, true);
  await holds(run);
});

Deno.test("a reply that is not what was asked for ends training with a line that names the field", async () => {
  let runs = 0;
  const refused = async (
    dialect: string,
    also: string,
    // deno-lint-ignore no-explicit-any
    change: (replies: Record<string, any>) => void,
    expected: RegExp,
  ) => {
    await served(dialect, async (url) => {
      const run = join(dir, `refused-${++runs}`);
      const line = `${cli} train --model ${base} --task countdown --seed 5 --prompts 4 --responses 4 --test-every 0 ` +
        `--out ${run} ${more} --rollouts ${url} --rollouts-dialect ${dialect} ${also}`;
      const { code, stderr } = await beside(line);
      assert.equal(code, 1);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /key-of/);
    }, change);
  };
  await refused("vllm", "--temperature 0.7", (replies) => {
    replies["GET /server_info"].vllm_config.model_config.logprobs_mode = "raw_logprobs";
  }, /\(raw_logprobs\) ignore --temperature 0.7: start it with --logprobs-mode processed_logprobs/);
  await refused("vllm", "", (replies) => {
    replies["POST /v1/completions"].choices[0].logprobs.token_logprobs.pop();
  }, /choices\[2\]: expected 2 log-probs, found \[-3.5\]/);
  await refused("sglang", "", (replies) => {
    replies["POST /update_weights_from_disk"] = { success: false, message: "no such model for key-of-updates" };
  }, /update_weights_from_disk: "no such model for \*\*\*"/);
  await refused("sglang", "", (replies) => {
    replies["POST /generate"][2].meta_info.finish_reason = { type: "abort", message: "gone" };
  }, /response 2: expected the end "stop" or "length", found "abort"/);
  await refused("sglang", "", (replies) => {
    replies["POST /generate"].pop();
  }, /expected 4 responses, found 3/);
});

Deno.test("the folder of the runs goes", () => rmSync(dir, { recursive: true }));
