/** What the tests of rollouts share: keys, folders, and trainings as processes beside the servers of the test. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "../training/train_commands.ts";

/** A new folder, and the files of the keys of a server there. */
export const place = () => {
  const dir = mkdtempSync(join(tmpdir(), "signum-rollouts-"));
  const [apiKeyFile, updateKeyFile] = ["api", "update"].map((name) => join(dir, name));
  writeFileSync(apiKeyFile, "key-of-requests\n");
  writeFileSync(updateKeyFile, "key-of-updates\n");
  return { dir, keys: { apiKeyFile, updateKeyFile } };
};

/** The environment of a trainer that asks such servers. */
const env = { SIGNUM_API_KEY: "key-of-requests", SIGNUM_UPDATE_KEY: "key-of-updates" };

/** Runs a shell line beside the servers of this process. */
export const beside = async (line: string) => {
  const { code, stdout, stderr } = await new Deno.Command("bash", { args: ["-c", line], env }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
};

/** Trains into `out`, which must succeed. */
export const trained = async (out: string, more: string) => {
  const done = await beside(train(out, more));
  assert.equal(done.code, 0, done.stderr);
};

/** The rows of a run's metrics. */
// deno-lint-ignore no-explicit-any
export const rowsOf = (run: string): any[] =>
  readFileSync(join(run, "metrics.ndjson"), "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));

/** The records of a step's stage. */
// deno-lint-ignore no-explicit-any
export const recordsOf = (run: string, stage: string, step = 1): any[] =>
  readFileSync(join(run, `steps/00000${step}/${stage}.ndjson`), "utf8").split("\n").slice(0, -1)
    .map((line) => JSON.parse(line));

/** The bytes of every record of a run, and of its weights, by name. */
export const bytesOf = (run: string): ReadonlyMap<string, string> =>
  new Map(
    [
      "model/model.safetensors",
      ...readdirSync(join(run, "steps"), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ndjson")).sort().map((name) => join("steps", name)),
    ].map((name) => [name, readFileSync(join(run, name), "latin1")]),
  );

/** Two runs have the same records and weights. */
export const sameRuns = (one: string, other: string): void => {
  const [a, b] = [bytesOf(one), bytesOf(other)];
  assert.deepEqual([...a.keys()], [...b.keys()]);
  for (const [name, bytes] of a) assert.ok(b.get(name) === bytes, `${name} differs`);
};
