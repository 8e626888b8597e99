/** Commands and workers of a cluster as processes of their own, on the embedded device with one thread each. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { say } from "../../say.ts";

const root = new URL("../../..", import.meta.url).pathname;

export const pause = (seconds: number) => new Promise<void>((wake) => setTimeout(wake, seconds * 1000));

/** A process whose output is read as it comes. */
export interface Running {
  readonly pid: number;
  readonly kill: (signal: Deno.Signal) => void;
  readonly done: Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** Kills it, if it still runs. */
  readonly end: () => Promise<void>;
  /** What it said on stderr until now. */
  readonly heard: () => string;
  /** How often what it said on stderr fits. */
  readonly said: (pattern: RegExp) => number;
  /** Waits until what it said on stderr fits. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

/** The processes that run, and what each runs. */
const running = new Map<Running, string>();

// What a test that has hung waits for.
addEventListener("deadline", () => {
  for (const [one, words] of running) {
    say(`process ${one.pid}, which runs ${words}, said:\n${one.heard()}`);
    one.kill("SIGKILL");
  }
});

/** Starts `deno task COMMAND …` with a home of its own. */
export const start = (home: string, words: ReadonlyArray<string>, env: Record<string, string> = {}): Running =>
  startProgram("pipelines/cli.ts", words, { ...env, SIGNUM_HOME: home });

/** Starts a program of a tree of sources. */
export const startProgram = (
  path: string,
  words: ReadonlyArray<string>,
  env: Record<string, string> = {},
  tree = root,
): Running => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", path, ...words],
    cwd: tree,
    env: { NO_COLOR: "1", HF_HUB_OFFLINE: "1", SIGNUM_ADAPTER: "wasm", SIGNUM_THREADS: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let err = "";
  let wake = () => {};
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) {
      err += decoder.decode(bytes, { stream: true });
      wake();
    }
    wake();
  })();
  const out = new Response(child.stdout).text();
  let ended = false;
  const done = Promise.all([child.status, out, reading]).then(([{ code }, out]) => {
    ended = true;
    running.delete(one);
    wake();
    return { code, out, err };
  });
  const one: Running = {
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    done,
    end: async () => {
      if (!ended) child.kill("SIGKILL");
      await done;
    },
    heard: () => err,
    said: (pattern) => err.match(pattern)?.length ?? 0,
    says: async (pattern) => {
      while (!pattern.test(err)) {
        assert(!ended, `the process ended without ${pattern}: ${err}`);
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
  running.set(one, [path, ...words].join(" "));
  return one;
};

/** Starts a worker. */
export const startWorker = (
  folder: string,
  name: string,
  more: ReadonlyArray<string> = [],
  cluster = "sqlite",
): Running =>
  start(join(folder, name), [
    "worker",
    "--cluster",
    cluster,
    "--store",
    join(folder, "store"),
    "--lease",
    "3",
    ...more,
  ]);

/** Ends a worker as a service manager does and returns what it said. */
export const stopWorker = async (worker: Running): Promise<string> => {
  worker.kill("SIGTERM");
  const { code, err } = await worker.done;
  assert.equal(code, 143, err);
  return err;
};

/** Reads a store's queue; none of it while there is none. */
export const ask = <A>(folder: string, sql: string): ReadonlyArray<A> => {
  const path = join(folder, "store", "queue.sqlite");
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    return database.prepare(sql).all() as A[];
  } catch (cause) {
    if (/no such table|no such column/.test(`${cause}`)) return [];
    throw cause;
  } finally {
    database.close();
  }
};

/** Whether nobody writes to a store's queue. */
const isFree = (folder: string): boolean => {
  const database = new DatabaseSync(join(folder, "store", "queue.sqlite"), { timeout: 0 });
  try {
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    return true;
  } catch (cause) {
    assert.match(`${cause}`, /database is locked/);
    return false;
  } finally {
    database.close();
  }
};

/** Freezes a worker between two writes to the queue: in one it would hold SQLite's lock, and all others would wait for it. */
export const freeze = async (folder: string, worker: Running): Promise<void> => {
  while (true) {
    worker.kill("SIGSTOP");
    await pause(0.05);
    if (isFree(folder)) return;
    worker.kill("SIGCONT");
    await pause(0.01);
  }
};

/** Waits until a question to the queue has an answer. */
export const until = async <A>(folder: string, sql: string): Promise<ReadonlyArray<A>> => {
  while (true) {
    const rows = ask<A>(folder, sql);
    if (rows.length > 0) return rows;
    await pause(0.02);
  }
};
