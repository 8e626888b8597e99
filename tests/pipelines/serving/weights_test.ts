import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { post, startedWith, testServer } from "./served_model.ts";

const other = new URL("../../../data/models/countdown_2", import.meta.url).pathname;

const folder = await mkdtemp(join(tmpdir(), "signum-updates-"));
const [apiKeyFile, updateKeyFile, updateFolder] = ["api", "update", "models"].map((name) => join(folder, name));
await writeFile(apiKeyFile, "asks\n");
await writeFile(updateKeyFile, "updates\n");
await cp(other, join(updateFolder, "second"), { recursive: true });
await cp(other, join(updateFolder, "wider"), { recursive: true });
const config = JSON.parse(await readFile(join(other, "config.json"), "utf8"));
await writeFile(join(updateFolder, "wider/config.json"), JSON.stringify({ ...config, rope_theta: 5000 }));
await symlink(other, join(updateFolder, "outside"));

const asks = { authorization: "Bearer asks" };
const updates = { authorization: "Bearer updates" };
const body = { prompt: [3, 5, 7, 75, 20, 71], seed: 1, n: 8 };

testServer("keys: requests have one, updates another, and a wrong one is a 401", {
  apiKeyFile,
  updateFolder,
  updateKeyFile,
}, async ({ url }) => {
  const completions = `${url}/v1/completions`;
  const shapes = [
    "Bearer ask",
    "asks",
    "Bearer ",
    "Basic YXNrcw==",
    "Bearer asks, Bearer asks",
    "Bearer asks x",
    "Bearer\u00a0asks",
  ];
  for (const one of [{}, updates, ...shapes.map((authorization) => ({ authorization }))]) {
    const { status, error, headers } = await post(completions, body, one);
    assert.equal(status, 401);
    assert.equal(headers.get("www-authenticate"), "Bearer");
    assert.equal(error.code, "invalid_api_key");
    assert.doesNotMatch(error.message, /asks|updates/);
  }
  for (const one of [asks, { authorization: "bearer  asks " }]) {
    assert.equal((await post(completions, body, one)).status, 200);
  }
  assert.equal((await fetch(`${url}/health`)).status, 200);
  assert.equal((await fetch(`${url}/metrics`)).status, 401);
  const update = { model_path: "second" };
  assert.equal((await post(`${url}/update_weights_from_disk`, update, asks)).status, 401);
  assert.equal((await post(`${url}/update_weights_from_disk`, update)).status, 401);
});

testServer("a path that leaves the folder, or another architecture, changes nothing", {
  updateFolder,
  updateKeyFile,
}, async ({ url }) => {
  const before = await post(`${url}/v1/completions`, body);
  for (
    const model_path of ["..", ".", "../models", "second/..", "outside", other, "none", "wider", "second/config.json"]
  ) {
    const { status, error } = await post(`${url}/update_weights_from_disk`, { model_path }, updates);
    assert.equal(status, 400, model_path);
    assert.equal(error.param, "model_path");
  }
  const after = await post(`${url}/v1/completions`, body);
  assert.deepEqual(after.choices, before.choices);
  assert.equal(after.system_fingerprint, before.system_fingerprint);
});

testServer("weights are replaced between responses: each is of one model alone, and says of which", {
  batch: 4,
  updateFolder,
  updateKeyFile,
}, async ({ url }) => {
  const ask = () => post(`${url}/v1/completions`, body);
  const first = await ask();
  const running = Array.from({ length: 6 }, ask);
  const updated = await post(`${url}/update_weights_from_disk`, { model_path: "second" }, updates);
  assert.equal(updated.status, 200);
  assert.equal(updated.success, true);
  await Promise.all(running);
  const second = await ask();
  assert.equal(second.system_fingerprint, updated.weights);
  assert.notEqual(second.system_fingerprint, first.system_fingerprint);
  assert.notDeepEqual(second.choices, first.choices);
  for (const { choices } of await Promise.all(running)) {
    choices.forEach((choice: unknown, i: number) => {
      const text = JSON.stringify(choice);
      assert.ok([first, second].some((whole) => JSON.stringify(whole.choices[i]) === text), text);
    });
  }
});

testServer("a server that starts with the other weights gives the answers of the one that was updated", {
  updateFolder,
  updateKeyFile,
}, async ({ url }) => {
  await post(`${url}/update_weights_from_disk`, { model_path: "second" }, updates);
  const updated = await post(`${url}/v1/completions`, body);
  const fresh = await startedWith(other, (started) => post(`${started.url}/v1/completions`, body));
  assert.deepEqual(updated.choices, fresh.choices);
  assert.equal(updated.system_fingerprint, fresh.system_fingerprint);
});

Deno.test("the folder of updates goes", () => rm(folder, { recursive: true }));
