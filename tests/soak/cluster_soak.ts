/**
 * A command that hands out jobs for an hour (`deno task test:soak`; `SIGNUM_SOAK` gives other minutes, at least 8) while workers come and go: every round has
 * its bytes, the command's memory stays flat, and the tables and the store stay bounded, since old messages, results and blobs are removed.
 * The queue is on PostgreSQL, where that is installed; `SIGNUM_SEED` repeats what happens to the workers.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Key, uniform } from "../../data/random.ts";
import { median } from "../../data/statistics.ts";
import { say } from "../say.ts";
import { openSite, type Site } from "../pipelines/cluster/plain_site.ts";
import { postgresPrograms, startPostgres } from "../pipelines/cluster/postgres.ts";
import { pause, type Running } from "../pipelines/cluster/processes.ts";

const minutes = Number(Deno.env.get("SIGNUM_SOAK") ?? 60);
// Below that, nothing has been removed before the second third of the time begins.
if (!(minutes >= 8)) throw new Error(`Cannot use SIGNUM_SOAK "${minutes}": expected minutes, at least 8`);
const seed = Number(Deno.env.get("SIGNUM_SEED") ?? Date.now() % 2 ** 32);

/** Things are kept for one or two minutes instead of hours and days, so that an hour shows many times over that they go. */
const upkeep = { every: 20_000, messages: 60_000, results: 120_000, models: 120_000, cells: 120_000 };

const tables = ["signum_jobs", "signum_results", "signum_runs", "signum_workers"];

/** What there is at a moment. */
interface Look {
  readonly rows: ReadonlyArray<number>;
  /** Bytes of all tables and their indices; 0 where the database does not tell. */
  readonly bytes: number;
  readonly blobs: number;
}

const look = async (site: Site, isPostgres: boolean): Promise<Look> => {
  const rows: number[] = [];
  let bytes = 0;
  for (const table of tables) {
    const [count] = await site.rows<{ n: unknown }>(`SELECT COUNT(*) AS n FROM ${table}`);
    rows.push(Number(count?.n ?? 0));
    if (!isPostgres) continue;
    const [size] = await site.rows<{ n: unknown }>(`SELECT pg_total_relation_size('${table}') AS n`);
    bytes += Number(size?.n ?? 0);
  }
  return { rows, bytes, blobs: readdirSync(join(site.store, "blobs"), { recursive: true }).length };
};

/** What the command said of its memory: bytes at the end of each round. */
const memoryOf = (command: Running) =>
  [...command.heard().matchAll(/^soak: (.*)$/gm)].map(([, text]): { jobs: number; rss: number; heapUsed: number } =>
    JSON.parse(text)
  );

/** Something happens to the workers; between one and four of them stay. */
const change = async (site: Site, workers: Running[], draw: () => number): Promise<string> => {
  const at = Math.floor(draw() * workers.length);
  const kind = workers.length < 2
    ? "one comes"
    : ["one comes", "one leaves", "one is killed", "one is frozen"][Math.floor(4 * draw())];
  if (kind === "one comes") {
    if (workers.length < 4) workers.push(site.worker({ upkeep }));
    return kind;
  }
  const one = workers[at];
  if (kind === "one is frozen") {
    one.kill("SIGSTOP");
    await pause(4 * draw());
    one.kill("SIGCONT");
    return kind;
  }
  workers.splice(at, 1);
  one.kill(kind === "one leaves" ? "SIGTERM" : "SIGKILL");
  await one.done;
  return kind;
};

const middle = <A>(all: ReadonlyArray<A>) => all.slice(Math.floor(all.length / 3), Math.floor(2 * all.length / 3));
const last = <A>(all: ReadonlyArray<A>) => all.slice(Math.floor(2 * all.length / 3));
const largest = (all: ReadonlyArray<number>) => all.reduce((a, b) => Math.max(a, b), 0);
const mega = (bytes: number) => (bytes / 1e6).toFixed(1);

const soaked = async (site: Site, isPostgres: boolean): Promise<void> => {
  const key = Key.fold(Key.make(seed), "soak");
  let drawn = 0;
  const draw = () => uniform(key, drawn++);
  const command = site.command({ seconds: 60 * minutes });
  const workers = [site.worker({ upkeep }), site.worker({ upkeep })];
  let ended = false;
  const done = command.done.then((result) => {
    ended = true;
    return result;
  });
  const looks: Look[] = [];
  const happened: Record<string, number> = {};
  for (let i = 0; !ended; i++) {
    await pause(5 + 5 * draw());
    const kind = await change(site, workers, draw);
    happened[kind] = (happened[kind] ?? 0) + 1;
    if (ended) break;
    looks.push(await look(site, isPostgres));
    if (i % 8 > 0) continue;
    const { rows, bytes, blobs } = looks[looks.length - 1];
    const { jobs, rss, heapUsed } = memoryOf(command).at(-1) ?? { jobs: 0, rss: 0, heapUsed: 0 };
    say(
      `${jobs} jobs; the command has ${mega(rss)} MB, ${mega(heapUsed)} MB of them on its heap; ${
        tables.map((table, j) => `${table} ${rows[j]}`).join(", ")
      }, ${mega(bytes)} MB; ${blobs} blobs`,
    );
  }
  const { code, err } = await done;
  assert.equal(code, 0, err.split("\n").filter((line) => !line.startsWith("soak: ")).slice(-20).join("\n"));
  const memory = memoryOf(command);
  say(`workers: ${Object.entries(happened).map(([kind, count]) => `${kind} ${count} times`).join(", ")}`);
  for (const [name, of] of [["memory", "rss"], ["heap", "heapUsed"]] as const) {
    const [before, after] = [middle(memory), last(memory)].map((some) => median(some.map((one) => one[of])));
    say(`${name} of the command: ${mega(before)} MB in the second third of the time, ${mega(after)} MB in the last`);
    assert(after < 1.1 * before + 8e6, `the command's ${name} grows from ${mega(before)} to ${mega(after)} MB`);
  }
  for (
    const [name, of] of [
      ...tables.map((table, j) => [table, ({ rows }: Look) => rows[j]] as const),
      ["bytes of tables", ({ bytes }: Look) => bytes] as const,
      ["blobs", ({ blobs }: Look) => blobs] as const,
    ]
  ) {
    const [most, lately] = [middle(looks), last(looks)].map((some) => largest(some.map(of)));
    say(`${name}: at most ${most} in the second third of the time, ${lately} in the last`);
    assert(lately <= 1.5 * most + 64, `${name} grows from ${most} to ${lately}`);
  }
};

const bin = postgresPrograms();

Deno.test(`a command and its workers go on for ${minutes} minutes in the memory and the room that they had`, async () => {
  say(
    `SIGNUM_SEED=${seed} repeats what happens to the workers; the queue is on ${
      bin === undefined ? "SQLite" : "PostgreSQL"
    }`,
  );
  const server = bin === undefined ? undefined : await startPostgres(bin);
  const site = openSite({ blocks: 40, pause: 100 }, server?.url);
  try {
    await soaked(site, server !== undefined);
  } finally {
    await site.close();
    await server?.close();
  }
});
