/**
 * A training step whose rollouts, scores and gradients workers compute: the same bytes of every record, gradient, checkpoint and metric as in
 * one process, with one, two or three workers. The workers are processes of their own; the trainings run in this one.
 */
import assert from "node:assert/strict";
import { Effect, Fiber, ManagedRuntime } from "effect";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import { type BlockInput, Jobs, thisProcess } from "../../../pipelines/cluster/jobs.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { makeGradientRunner } from "../../../pipelines/learning/gradient_runner.ts";
import { makeRangeSumRunner } from "../../../pipelines/learning/range_sums.ts";
import { makeScoreRunner } from "../../../pipelines/learning/score_work.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { layerWithThreads } from "../../../pipelines/models/policy_on_device.ts";
import { decodeRecord, encode } from "../../../pipelines/records/record.ts";
import { Credited } from "../../../pipelines/records/schema.ts";
import { gradientStage } from "../../../pipelines/stages/gradient.ts";
import { makeSampleRunner } from "../../../pipelines/stages/sample_work.ts";
import { trainConfig } from "../../../pipelines/training/run_config.ts";
import { train } from "../../../pipelines/training/train.ts";
import { collect } from "../stages/with_policy.ts";
import { ask, startWorker, stopWorker } from "./processes.ts";
import { filesOf } from "./run_files.ts";

const folder = mkdtempSync(join(tmpdir(), "signum-train-cluster-"));
addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));
const runtime = ManagedRuntime.make(layerWithThreads(1));
const model = new URL("../../../data/models/countdown_1", import.meta.url).pathname;
const store = join(folder, "store");

const algorithms = ["grpo", "ppo"] as const;
type Algorithm = typeof algorithms[number];

const out = (name: string, algorithm: Algorithm) => join(folder, name, algorithm);

/** Trains for a step; returns the files of the run, and what was said. */
const trained = (name: string, algorithm: Algorithm, isHandedOut: boolean, leavesPerJob = 1) =>
  runtime.runPromise(Effect.scoped(Effect.gen(function* () {
    const run = out(name, algorithm);
    const config = yield* Effect.fromResult(trainConfig({
      model,
      task: "countdown",
      seed: 5,
      prompts: 4,
      responses: 4,
      steps: 1,
      miniBatch: 4,
      learningRate: 1e-3,
      criticLearningRate: 1e-3,
      gradientChunk: 30,
      gradientLeaves: 4,
      testEvery: 0,
      algorithm,
      out: run,
    }));
    const { info } = yield* Policy;
    const said: string[] = [];
    const streams = {
      ...yield* StandardStreams,
      isTerminal: false,
      report: (line: string) => Effect.sync(() => void said.push(line)),
    };
    yield* Effect.gen(function* () {
      const jobs = isHandedOut ? yield* handOut({ cluster: "sqlite", store }, info) : thisProcess;
      const cut = { ...config, block: 2, leavesPerJob };
      yield* Effect.provideService(Effect.scoped(train(cut)), Jobs, jobs);
    }).pipe(Effect.provideService(StandardStreams, streams));
    return { files: filesOf(run), said: said.join("\n") };
  })));

/** What one process makes, without a cluster. */
const alone = (async () => {
  const made: Partial<Record<Algorithm, ReturnType<typeof filesOf>>> = {};
  for (const algorithm of algorithms) made[algorithm] = (await trained("alone", algorithm, false)).files;
  return made;
})();

/** The ids of the jobs of a stage that workers did. */
const doneIn = (said: string, stage: string) =>
  new Set([...said.matchAll(new RegExp(`job ${stage} (\\w+) done`, "g"))].map(([, id]) => id)).size;

/** Forgets every job, so that workers do it again. */
const forget = () => {
  const path = join(store, "queue.sqlite");
  if (!existsSync(path)) return;
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec("DELETE FROM signum_results; DELETE FROM signum_jobs");
  database.close();
};

const options = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "a step of GRPO and one of PPO give the same bytes with one, two, three and five workers as without",
  options,
  async () => {
    const expected = await alone;
    const names = (expected.grpo ?? []).map(([name]) => name);
    for (const name of ["metrics.ndjson", "model/model.safetensors", "steps/000001/gradient.ndjson"]) {
      assert(names.includes(name), name);
    }
    const workers: ReturnType<typeof startWorker>[] = [];
    for (const count of [1, 2, 3, 5]) {
      while (workers.length < count) workers.push(startWorker(folder, `w${workers.length + 1}`));
      await Promise.all(workers.map((worker) => worker.says(/takes jobs of/)));
      // The workers share the work of both runs.
      const runs = [];
      for (const algorithm of algorithms) runs.push(await trained(`${count}`, algorithm, true));
      for (const [i, { files }] of runs.entries()) assert.deepEqual(files, expected[algorithms[i]]);
      if (count === 5) break;
      // Those of rollouts and scores stay; gradients are not asked for again.
      const kept = ask<{ job: string }>(folder, "SELECT job FROM signum_results");
      const jobs = ask<{ id: string }>(folder, "SELECT id FROM signum_jobs WHERE state = 'completed'");
      assert(kept.length >= 5 && jobs.length >= kept.length + 12, `${kept.length} results of ${jobs.length} jobs`);
      forget();
    }
    // Neither gradients nor weights are left: of the base, files alone are.
    const sizes = readdirSync(join(store, "blobs"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile()).map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
    assert(sizes.length > 10 && Math.max(...sizes) < 10_000, `${Math.max(...sizes)}`);
    const said = (await Promise.all(workers.map(stopWorker))).join("");
    // Two blocks of prompts, a reference and a critic, four leaves of each sign and of the critic.
    assert(doneIn(said, "sample") >= 2, said);
    assert(doneIn(said, "score") >= 3 && doneIn(said, "gradient") >= 12, said);
    // The ranges of each sign and of the critic.
    assert(doneIn(said, "range-sum") >= 3 * 16, said);
    assert.doesNotMatch(said, /failed/);
  },
);

Deno.test("a subtree whose blob is damaged is computed again, and no other", options, async () => {
  const expected = await alone;
  forget();
  let damaged: string | undefined;
  const begun = new Map<string, number>();
  const broken = Effect.map(makeGradientRunner, (run) =>
    Effect.fnUntraced(function* (input: BlockInput) {
      const job = `${input.settings.role} ${input.text}`;
      begun.set(job, (begun.get(job) ?? 0) + 1);
      const text = yield* run(input);
      if (damaged !== undefined) return text;
      damaged = String(JSON.parse(text).ranges[3]);
      writeFileSync(join(store, "blobs", damaged.slice(0, 2), damaged), "other bytes");
      return text;
    }));
  const runners = {
    sample: makeSampleRunner({ batch: undefined, cache: undefined }),
    score: makeScoreRunner,
    gradient: broken,
    "range-sum": makeRangeSumRunner,
  };
  const worker = runtime.runFork(Effect.scoped(work({ cluster: "sqlite", store }, 30, runners)));
  const { files, said } = await trained("damaged", "grpo", true, 2);
  await Effect.runPromise(Fiber.interrupt(worker));
  assert.deepEqual(files, expected.grpo);
  // Two subtrees of each sign; the range's owner finds the damage.
  assert.deepEqual([...begun.values()].toSorted(), [1, 1, 1, 2]);
  const [, name] = /Blob "(\w+)" is lost; job gradient \w+ is done again/.exec(said) ?? [];
  assert(name !== undefined && name === damaged, said);
  assert.doesNotMatch(said, /this process adds the gradient/);
});

Deno.test("the stage gradient hands out the same parts, and its record is that of the training", options, async () => {
  const step = join(out("alone", "ppo"), "steps", "000001");
  await alone;
  const lines = readFileSync(join(step, "advantage.ndjson"), "utf8").split("\n").slice(0, -1);
  const [record] = await runtime.runPromise(Effect.scoped(Effect.gen(function* () {
    const { info } = yield* Policy;
    yield* Effect.forkScoped(
      work({ cluster: "sqlite", store }, 30, { gradient: makeGradientRunner, "range-sum": makeRangeSumRunner }),
    );
    const jobs = yield* handOut({ cluster: "sqlite", store }, info);
    const input = yield* Effect.forEach(
      lines,
      (line, i) =>
        Effect.fromResult(decodeRecord(Credited, ["advantages"], line, { source: "advantage", line: i + 1 })),
    );
    const config = { model, critic: model, gradientChunk: 30, gradientLeaves: 4, leavesPerJob: 4 };
    const made = collect(gradientStage, input, { ...config, algorithm: "ppo", artifacts: join(folder, "artifacts") });
    return yield* Effect.provideService(made, Jobs, jobs);
  })));
  assert.equal(`${encode(record)}\n`, readFileSync(join(step, "gradient.ndjson"), "utf8"));
});
