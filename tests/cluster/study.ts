/**
 * The tiny study with 1, 2, 3 and 5 workers and without a cluster: the same results, byte by byte. `SIGNUM_ALGORITHMS` and `SIGNUM_WORKERS` (lists
 * with commas) make it smaller. What tells of time and of the machine is left out of the comparison.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "../say.ts";
import { newFolder } from "../pipelines/cluster/plain_site.ts";
import { start, startWorker, stopWorker } from "../pipelines/cluster/processes.ts";

const base = newFolder();
const algorithms = Deno.env.get("SIGNUM_ALGORITHMS");
const counts = (Deno.env.get("SIGNUM_WORKERS") ?? "1,2,3,5").split(",").map(Number);

const reproduce = (name: string, more: ReadonlyArray<string>) => {
  const chosen = algorithms === undefined ? [] : ["--algorithms", algorithms];
  const words = ["reproduce", "--recipe", "tiny", "--out", join(base, name, "out"), ...chosen, ...more];
  return start(join(base, name, "home"), words);
};

/** The tables of a study, which hold every number of its results. */
const tables = (name: string) => {
  const out = join(base, name, "out");
  const names = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.(csv|ndjson|jsonl)$/.test(path)
  );
  assert(names.length > 0);
  return Object.fromEntries(names.toSorted().map((path) => [path, readFileSync(join(out, path), "utf8")]));
};

let alone: ReturnType<typeof tables> = {};

Deno.test("the tiny study without a cluster", async () => {
  const begun = performance.now();
  const { code, err } = await reproduce("alone", []).done;
  assert.equal(code, 0, err);
  alone = tables("alone");
  say(`one process: ${((performance.now() - begun) / 1000).toFixed(0)} s; compared: ${Object.keys(alone).join(" ")}`);
});

for (const count of counts) {
  Deno.test(`the tiny study with ${count} workers has the same bytes`, async () => {
    const name = `workers${count}`;
    const folder = join(base, name);
    const begun = performance.now();
    const run = reproduce(name, ["--cluster", "sqlite", "--store", join(folder, "store")]);
    const workers = Array.from({ length: count }, (_, i) => startWorker(folder, `worker${i}`));
    try {
      const { code, err } = await run.done;
      assert.equal(code, 0, err);
      assert.deepEqual(tables(name), alone);
      say(`${count} workers: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
      await Promise.all(workers.map(stopWorker));
    } finally {
      await Promise.all([run, ...workers].map((one) => one.end()));
    }
  });
}
