/** A straggler is known by the median of its stage, and what waits for what is told in lines. */
import assert from "node:assert/strict";
import { isLate } from "../../../pipelines/cluster/stragglers.ts";
import { type ClusterState, waits } from "../../../pipelines/commands/cluster.ts";

Deno.test("a job is late after three times the median of its stage, after ten seconds, and once three have ended", () => {
  const after = (ms: number) => ({ begun: 1e12, heard: 1e12 + ms });
  const took = [20_000, 1_000, 8_000];
  assert(!isLate(after(24_000), took));
  assert(isLate(after(24_001), took));
  assert(!isLate(after(10_000), [1, 1, 1]));
  assert(isLate(after(10_001), [1, 1, 1]));
  assert(!isLate(after(1e9), [1, 1]));
});

Deno.test("jobs whose workers are silent wait for one; runs of workers that are gone are not told", () => {
  const worker = { machine: "m", device: "d", done: 1 };
  const state: ClusterState = {
    now: 1e12,
    workers: [
      { ...worker, worker: "here", queue: "a wasm plain", heard: 1e12 - 1000 },
      { ...worker, worker: "gone", queue: "a gpu plain", heard: 1e12 - 61_000 },
    ],
    counts: [
      { queue: "a gpu plain", state: "waiting", jobs: 7 },
      { queue: "a wasm plain", state: "waiting", jobs: 3 },
    ],
    runs: [
      { job: "1".repeat(64), worker: "gone", stage: "sample", begun: 1e12 - 70_000, heard: 1e12 - 61_000 },
      { job: "2".repeat(64), worker: "here", stage: "sample", begun: 1e12 - 9000, heard: 1e12 - 1000 },
    ],
    output: [],
    took: new Map([["sample", [3000, 1000, 5000]]]),
  };
  assert.deepEqual(waits(state), [
    "7 jobs wait for a worker of a gpu plain; none was heard within a minute",
    "job sample 222222222222 has been on worker here for 8 s; its stage's median is 3 s",
  ]);
});
