/** `deno task cluster`: the workers of a cluster, its queues, and what waits for what. It changes nothing. */
import { Clock, Effect, Struct } from "effect";
import { join } from "node:path";
import { median } from "../../data/statistics.ts";
import { openShared } from "../cluster/hand_out.ts";
import { jobName } from "../cluster/job.ts";
import { defaultStore } from "../cluster/layer_jobs.ts";
import type { Count, Heard, JobQueue } from "../cluster/queue.ts";
import type { Output, Run } from "../cluster/runs.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { exists } from "../files/text_file.ts";
import { type Column, type Table, textCell } from "../reports/tables/table.ts";
import { terminalTable } from "../reports/tables/terminal_table.ts";
import { makeCommand, UsageError } from "../settings/command.ts";
import * as Groups from "../settings/groups.ts";
import { OutputIsTerminal } from "../files/standard_streams.ts";

/** What there is to see of a cluster at `now` (ms). */
export interface ClusterState {
  readonly now: number;
  readonly workers: ReadonlyArray<Heard>;
  readonly counts: ReadonlyArray<Count>;
  readonly runs: ReadonlyArray<Run>;
  readonly output: ReadonlyArray<Output>;
  /** Milliseconds that jobs of a stage took of late. */
  readonly took: ReadonlyMap<string, ReadonlyArray<number>>;
}

/** Milliseconds without a word after which a worker counts as gone. */
const silence = 60_000;

const columns = (...names: ReadonlyArray<string>): ReadonlyArray<Column> =>
  names.map((name) => ({ name: name.replace(/^>/, ""), align: name.startsWith(">") ? "right" : "left" }));

const seconds = (ms: number): string => `${(Math.max(ms, 0) / 1000).toFixed(0)} s`;

const tableOf = (heads: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): Table => ({
  notes: [],
  columns: heads,
  blocks: [{ rows: rows.map((row) => row.map((text) => textCell(text))) }],
});

const workersTable = ({ now, workers, output, runs }: ClusterState): Table => {
  const speed = new Map(
    output.map(({ worker, seconds, tokens }) => [worker, tokens > 0 ? (tokens / seconds).toFixed(0) : "–"]),
  );
  return tableOf(
    columns("worker", "machine", "device", ">jobs done", ">tokens/s", ">last heard", "job"),
    workers.map(({ worker, machine, device, done, heard }) => {
      const run = runs.find((one) => one.worker === worker);
      const job = run === undefined ? "–" : jobName(run, run.job);
      return [worker, machine, device, `${done}`, speed.get(worker) ?? "–", `${seconds(now - heard)} ago`, job];
    }),
  );
};

const states = ["waiting", "taken", "done", "dead"] as const;

const queuesTable = ({ counts }: ClusterState): Table =>
  tableOf(
    columns("queue (code, device kind, kernels)", ...states.map((state) => `>${state}`)),
    [...new Set(counts.map(({ queue }) => queue))].map((queue) => [
      queue,
      ...states.map((state) => `${counts.find((one) => one.queue === queue && one.state === state)?.jobs ?? 0}`),
    ]),
  );

/** What waits for what, a line each. */
export const waits = ({ now, workers, counts, runs, took }: ClusterState): ReadonlyArray<string> => {
  const live = workers.filter(({ heard }) => heard > now - silence);
  const lonely = counts.filter(({ queue, state }) =>
    state === "waiting" && live.every((worker) => worker.queue !== queue)
  );
  return [
    ...lonely.map(({ queue, jobs }) => `${jobs} jobs wait for a worker of ${queue}; none was heard within a minute`),
    ...runs.filter(({ worker }) => live.some((one) => one.worker === worker)).map((run) => {
      const times = took.get(run.stage) ?? [];
      const usual = times.length === 0
        ? "no other of its stage has ended"
        : `its stage's median is ${seconds(median(times))}`;
      return `job ${jobName(run, run.job)} has been on worker ${run.worker} for ${
        seconds(run.heard - run.begun)
      }; ${usual}`;
    }),
  ];
};

/** Reads the state of a cluster. */
export const clusterState = Effect.fn("Cluster.state")(function* (queue: JobQueue) {
  const runs = yield* queue.runs.current;
  const took = new Map<string, ReadonlyArray<number>>();
  for (const { stage } of runs) if (!took.has(stage)) took.set(stage, yield* queue.runs.took(stage));
  const state: ClusterState = {
    now: yield* Clock.currentTimeMillis,
    workers: yield* queue.workers,
    counts: yield* queue.counts,
    output: yield* queue.runs.output,
    runs,
    took,
  };
  return state;
});

/** `deno task cluster`. */
export const clusterCommand = makeCommand({
  name: "cluster",
  summary: "Shows a cluster: workers, queues, and what waits for what",
  settings: Struct.pick(Groups.cluster, ["cluster", "store"]),
  required: ["cluster"],
  run: Effect.fnUntraced(function* (config) {
    const where = { cluster: config.cluster, store: config.store ?? defaultStore() };
    const file = join(where.store, "queue.sqlite");
    if (where.cluster === "sqlite" && !(yield* exists(file))) {
      return yield* new UsageError({ message: `Cannot show the cluster: there is no queue "${file}"` });
    }
    const { write } = yield* StandardStreams;
    const isTerminal = yield* OutputIsTerminal;
    yield* Effect.scoped(Effect.gen(function* () {
      const { queue } = yield* openShared(where, 30);
      const state = yield* clusterState(queue);
      const tables = [workersTable(state), queuesTable(state)].map((table) => terminalTable(table, isTerminal));
      yield* write(`${tables.join("\n")}${waits(state).map((line) => `${line}\n`).join("")}`);
    }));
  }),
});
