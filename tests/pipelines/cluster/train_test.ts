/**
 * A training step whose rollouts, scores and gradients workers compute: the same bytes of every record, gradient, checkpoint and metric as in
 * one process, with one, two or three workers.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ask, start, startWorker, stopWorker, until } from "./processes.ts";

const base = mkdtempSync(join(tmpdir(), "signum-train-cluster-"));
addEventListener("unload", () => rmSync(base, { recursive: true, force: true }));

const algorithms = ["grpo", "ppo"] as const;
type Algorithm = typeof algorithms[number];

const out = (folder: string, algorithm: Algorithm) => join(base, folder, algorithm, "run");

const train = (folder: string, algorithm: Algorithm, more: ReadonlyArray<string> = []) => {
  const asked =
    "--model data/models/countdown_1 --task countdown --seed 5 --prompts 4 --responses 4 --steps 1 --learning-rate 1e-3 " +
    "--critic-learning-rate 1e-3 --gradient-chunk 30 --gradient-leaves 4 --test-every 0";
  const words = ["train", ...asked.split(" "), "--algorithm", algorithm, "--out", out(folder, algorithm), ...more];
  return start(join(base, folder, algorithm, "home"), words);
};

const handedOut = (folder: string) => ["--cluster", "sqlite", "--store", join(base, folder, "store"), "--block", "2"];

/** Every file of a run with its bytes, but for what says where it lies and how long it took. */
const filesOf = (folder: string, algorithm: Algorithm) => {
  const run = out(folder, algorithm);
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => relative(run, join(entry.parentPath, entry.name))).toSorted();
  return files.filter((name) => name !== "lock" && !name.startsWith("tensorboard")).map((name) => {
    const bytes = readFileSync(join(run, name));
    if (name === "config.json") return [name, bytes.toString().replace(run, "RUN")];
    if (name === "metrics.ndjson") return [name, bytes.toString().replaceAll(/"timing":\{[^}]*\}/g, "")];
    return [name, bytes.toString("base64")];
  });
};

const succeeds = async (folder: string, algorithm: Algorithm, run: ReturnType<typeof start>) => {
  const { code, err } = await run.done;
  assert.equal(code, 0, err);
  return { files: filesOf(folder, algorithm), err };
};

/** What one process makes, without a cluster. */
const alone = (async () => {
  const runs = algorithms.map((algorithm) => [algorithm, train("alone", algorithm)] as const);
  const made: Partial<Record<Algorithm, ReturnType<typeof filesOf>>> = {};
  for (const [algorithm, run] of runs) made[algorithm] = (await succeeds("alone", algorithm, run)).files;
  return made;
})();

for (const count of [1, 2, 3]) {
  Deno.test(`a step of GRPO and one of PPO give the same bytes with ${count} workers as without a cluster`, async () => {
    const expected = await alone;
    const names = (expected.grpo ?? []).map(([name]) => name);
    for (const name of ["metrics.ndjson", "model/model.safetensors", "steps/000001/gradient.ndjson"]) {
      assert(names.includes(name), name);
    }
    const folder = `${count}`;
    const workers = Array.from({ length: count }, (_, i) => startWorker(join(base, folder), `w${i}`));
    const runs = algorithms.map((algorithm) => [algorithm, train(folder, algorithm, handedOut(folder))] as const);
    for (const [algorithm, run] of runs) {
      assert.deepEqual((await succeeds(folder, algorithm, run)).files, expected[algorithm]);
    }
    const said = (await Promise.all(workers.map(stopWorker))).join("");
    const done = (stage: string) => said.match(new RegExp(`job ${stage} \\w+ done`, "g"))?.length ?? 0;
    // Two blocks of prompts, which both runs share; a reference twice and a critic; four leaves of each sign, and of the critic's.
    assert(done("sample") >= 2 && done("score") >= 4 && done("gradient") >= 12, said);
    assert.doesNotMatch(said, /failed/);
    // The results of gradients are removed, and the weights of earlier steps.
    assert.deepEqual(
      ask<{ job: string }>(join(base, folder), "SELECT job FROM signum_results").length,
      done("sample") + done("score"),
    );
  });
}

Deno.test("a damaged gradient is computed again, and so is that of a killed worker", async () => {
  const expected = await alone;
  const folder = join(base, "faults");
  const blobs = join(folder, "store", "blobs");
  const run = train("faults", "grpo", [...handedOut("faults"), "--leaves-per-job", "2"]);
  const first = startWorker(folder, "first");
  await first.says(/job gradient \w+ done/);
  first.kill("SIGSTOP");
  const [{ result }] = await until<{ result: string }>(
    folder,
    "SELECT result FROM signum_results ORDER BY made DESC LIMIT 1",
  );
  const answer = JSON.parse(readFileSync(join(blobs, result.slice(0, 2), result), "utf8"));
  run.kill("SIGSTOP");
  const damaged = join(blobs, answer.ranges[3].slice(0, 2), answer.ranges[3]);
  assert(statSync(damaged).size > 0);
  writeFileSync(damaged, "other bytes");
  run.kill("SIGCONT");
  first.kill("SIGKILL");
  await first.done;
  const second = startWorker(folder, "second");
  const { files, err } = await succeeds("faults", "grpo", run);
  assert.deepEqual(files, expected.grpo);
  await stopWorker(second);
  assert.match(err, new RegExp(`Cannot read blob "${answer.ranges[3]}".*job gradient \\w+ is done again`));
});
