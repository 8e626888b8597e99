/**
 * Workers that are killed with -9 in the middle of each kind of job, and a command that is killed in the middle of a gradient: a training, and a
 * cell of a study, end with the bytes of one undisturbed process.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../say.ts";
import { newFolder } from "../pipelines/cluster/plain_site.ts";
import { ask, pause, type Running, start, startWorker, stopWorker } from "../pipelines/cluster/processes.ts";
import { filesOf } from "../pipelines/cluster/run_files.ts";

const base = newFolder();

const training = (folder: string, more: ReadonlyArray<string> = []) => {
  const words =
    "train --model data/models/countdown_1 --task countdown --algorithm ppo --prompts 8 --responses 8 --steps 2 " +
    "--mini-batch 4 --seed 5 --learning-rate 1e-3 --critic-learning-rate 1e-3 --gradient-chunk 60 --gradient-leaves 4 --test-every 0";
  return start(join(folder, "home"), [...words.split(" "), "--out", join(folder, "run"), ...more]);
};

const handedOut = (folder: string) => ["--block", "2", "--cluster", "sqlite", "--store", join(folder, "store")];

const alone = (async () => {
  const folder = join(base, "alone");
  const { code, err } = await training(folder).done;
  assert.equal(code, 0, err);
  return filesOf(join(folder, "run"));
})();

/** Stops a process in the middle of a job of a stage, before any result of it; it stays frozen. */
const frozenIn = async (folder: string, stage: string, process: Running): Promise<string> => {
  const middle = () =>
    ask<{ job: string }>(
      folder,
      `SELECT job FROM signum_runs WHERE stage = '${stage}' AND ended IS NULL AND job NOT IN (SELECT job FROM signum_results)`,
    );
  while (true) {
    if (middle().length === 0) {
      await pause(0.005);
      continue;
    }
    process.kill("SIGSTOP");
    await pause(0.05);
    const [run] = middle();
    if (run !== undefined) return run.job;
    process.kill("SIGCONT");
  }
};

const killedIn = async (folder: string, stage: string, worker: Running): Promise<string> => {
  const job = await frozenIn(folder, stage, worker);
  worker.kill("SIGKILL");
  await worker.done;
  return job;
};

/** How often a job was begun, and how often it has a result. */
const endOf = (folder: string, job: string) => {
  const [{ n: runs }] = ask<{ n: number }>(folder, `SELECT COUNT(*) AS n FROM signum_runs WHERE job = '${job}'`);
  const [{ n: done }] = ask<{ n: number }>(
    folder,
    `SELECT COUNT(*) AS n FROM signum_runs WHERE job = '${job}' AND ended IS NOT NULL`,
  );
  return [runs, done];
};

const within = async (processes: Running[], body: () => Promise<void>) => {
  try {
    await body();
  } finally {
    await Promise.all(processes.map((one) => one.end()));
  }
};

for (const stage of ["sample", "score", "gradient", "range-sum"]) {
  Deno.test(`a worker killed in the middle of a job of ${stage}: another one does it, and the training has the same bytes`, async () => {
    const expected = await alone;
    const folder = join(base, stage);
    const processes = [training(folder, handedOut(folder)), startWorker(folder, "first")];
    await within(processes, async () => {
      const job = await killedIn(folder, stage, processes[1]);
      const begun = performance.now();
      processes.push(startWorker(folder, "second"));
      while (endOf(folder, job)[1] === 0) await pause(0.05);
      say(
        `recovery: worker killed in ${stage}: ${
          ((performance.now() - begun) / 1000).toFixed(1)
        } s until its job is done`,
      );
      const { code, err } = await processes[0].done;
      assert.equal(code, 0, err);
      assert.deepEqual(filesOf(join(folder, "run")), expected);
      assert.deepEqual(endOf(folder, job), [2, 1]);
      await stopWorker(processes[2]);
    });
  });
}

Deno.test("a training whose command is killed in the middle of a gradient, given again, has the same bytes", async () => {
  const expected = await alone;
  const folder = join(base, "command");
  const processes = [training(folder, handedOut(folder)), startWorker(folder, "worker")];
  await within(processes, async () => {
    await frozenIn(folder, "gradient", processes[1]);
    processes[0].kill("SIGKILL");
    await processes[0].done;
    processes[1].kill("SIGCONT");
    const begun = performance.now();
    processes.push(training(folder, handedOut(folder)));
    const { code, err } = await processes[2].done;
    assert.equal(code, 0, err);
    say(`recovery: training's command killed: ${((performance.now() - begun) / 1000).toFixed(1)} s until its end`);
    assert.deepEqual(filesOf(join(folder, "run")), expected);
    await stopWorker(processes[1]);
  });
});

const study = (folder: string, more: ReadonlyArray<string> = []) =>
  start(join(folder, "home"), [
    ..."reproduce --recipe tiny --algorithms psr --out".split(" "),
    join(folder, "out"),
    ...more,
  ]);

const rowsOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, "out"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.(csv|ndjson)$/.test(name)
    )
      .toSorted().map((name) => [name, readFileSync(join(folder, "out", name), "utf8")]),
  );

Deno.test("a worker killed in the middle of a cell: another one goes on, and the study has the same results", async () => {
  const [undisturbed, folder] = [join(base, "study"), join(base, "cell")];
  const { code, err } = await study(undisturbed).done;
  assert.equal(code, 0, err);
  const expected = rowsOf(undisturbed);
  assert(Object.keys(expected).length > 0);
  const processes = [
    study(folder, ["--cluster", "sqlite", "--store", join(folder, "store")]),
    startWorker(folder, "first"),
  ];
  await within(processes, async () => {
    const job = await killedIn(folder, "cell", processes[1]);
    processes.push(startWorker(folder, "second"));
    const done = await processes[0].done;
    assert.equal(done.code, 0, done.err);
    assert.deepEqual(rowsOf(folder), expected);
    assert.deepEqual(endOf(folder, job), [2, 1]);
    await stopWorker(processes[2]);
  });
});
