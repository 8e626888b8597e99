/** A folder in which processes of the plain stage work together, with what a test asks of their queue. */
import assert from "node:assert/strict";
import { Effect, Schedule } from "effect";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say } from "../../say.ts";
import { layerDatabase } from "../../../pipelines/cluster/database.ts";
import { SqlClient } from "../../../pipelines/cluster/sql.ts";
import { type Plain, undisturbed } from "./plain_stage.ts";
import { pause, type Running, startProgram } from "./processes.ts";

/** Waits until something holds. */
export const holds = async (what: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await what())) await pause(0.1);
};

const folders: string[] = [];
addEventListener("unload", () => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

/** A new folder, removed at the end. */
export const newFolder = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), "signum-faults-")));
  return folders[folders.length - 1];
};

/** A store, its queue, and the processes that were started there. */
export interface Site {
  readonly store: string;
  readonly worker: (more?: Partial<Plain>, tree?: string) => Running;
  readonly command: (more?: Partial<Plain>) => Running;
  /** Rows of the queue; none while it has no tables. */
  readonly rows: <A extends object>(sql: string) => Promise<ReadonlyArray<A>>;
  /** How many jobs have a result. */
  readonly results: () => Promise<number>;
  /** Waits for one result more, and prints how long that took since the fault. */
  readonly recovers: (fault: string) => Promise<void>;
  /** Waits for the command's end: the bytes of an undisturbed process, one result a job, and no job that still waits. */
  readonly succeeds: (run: Running) => Promise<string>;
  readonly out: () => string;
  /** Ends every process. */
  readonly close: () => Promise<void>;
}

/** The work of a site's commands. */
export interface Asked {
  readonly blocks: number;
  readonly pause: number;
  readonly lines?: number;
}

/** Opens a site; `at` is the address of the queue as the processes see it, `direct` as the test does. */
export const openSite = (asked: Asked, at = "sqlite", direct = at, folder = newFolder()): Site => {
  const [store, out] = [join(folder, "store"), join(folder, "out")];
  const running: Running[] = [];
  const launch = (given: Partial<Plain>, tree?: string) => {
    const words = [JSON.stringify({ cluster: at, store, out, ...asked, ...given })];
    const one = startProgram("tests/pipelines/cluster/plain_stage.ts", words, { SIGNUM_HOME: folder }, tree);
    running.push(one);
    return one;
  };
  const rows = <A extends object>(sql: string): Promise<ReadonlyArray<A>> =>
    Effect.runPromise(
      Effect.flatMap(SqlClient, (client) => client.unsafe<A>(sql)).pipe(
        Effect.provide(layerDatabase(direct, store)),
        // A busy machine may keep the test itself from its connection.
        Effect.retry({
          schedule: Schedule.upTo(Schedule.spaced("1 second"), { duration: "1 minute" }),
          while: (error) => /timed out/.test(Deno.inspect(error, { depth: 6 })),
        }),
        Effect.catch((error) =>
          /unable to open|no such table|does not exist/.test(Deno.inspect(error, { depth: 6 }))
            ? Effect.succeed([])
            : Effect.fail(error)
        ),
      ),
    );
  const results = async () => {
    const [row] = await rows<{ n: unknown }>("SELECT COUNT(*) AS n FROM signum_results");
    return Number(row?.n ?? 0);
  };
  return {
    store,
    worker: (more = {}, tree) => launch({ is: "worker", ...more }, tree),
    command: (more = {}) => launch({ is: "command", ...more }),
    rows,
    results,
    recovers: async (fault) => {
      const [begun, before] = [performance.now(), await results()];
      await holds(async () => (await results()) > before);
      say(`recovery: ${fault}: ${((performance.now() - begun) / 1000).toFixed(1)} s until the next result`);
    },
    out: () => readFileSync(out, "utf8"),
    succeeds: async (run) => {
      const { code, err } = await run.done;
      assert.equal(code, 0, err);
      assert.equal(readFileSync(out, "utf8"), undisturbed(asked.blocks, asked.lines));
      const made = await rows<{ job: string }>("SELECT job FROM signum_results");
      assert.deepEqual([made.length, new Set(made.map(({ job }) => job)).size], [asked.blocks, asked.blocks]);
      // A lost worker's last job ends with its lease.
      await holds(async () => (await rows("SELECT id FROM signum_jobs WHERE state = 'pending'")).length === 0);
      return err;
    },
    close: async () => {
      await Promise.all(running.map((one) => one.end()));
    },
  };
};

/** Opens a site for a test and ends its processes, whatever happens. */
export const atSite =
  (...[asked, ...rest]: Parameters<typeof openSite>) => async (test: (site: Site) => Promise<void>) => {
    const site = openSite(asked, ...rest);
    try {
      await test(site);
    } finally {
      await site.close();
    }
  };
