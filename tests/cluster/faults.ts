/** The longer faults of `tests/pipelines/cluster/`: a database gone for 30 s, a partition of 20 s, fifty random faults, a straggler, a served store. */
import assert from "node:assert/strict";
import { databaseGone, partition } from "../pipelines/cluster/database_faults.ts";
import { atSite, holds } from "../pipelines/cluster/plain_site.ts";
import { postgresPrograms, startPostgres } from "../pipelines/cluster/postgres.ts";
import { start } from "../pipelines/cluster/processes.ts";
import { randomFaults } from "../pipelines/cluster/random_faults.ts";

const bin = postgresPrograms();
const left = bin === undefined ? " (left out: PostgreSQL is not installed)" : "";
const test = (name: string, fn: (bin: string) => Promise<void>) =>
  Deno.test({ name: `${name}${left}`, ignore: bin === undefined, fn: () => fn(bin ?? "") });

test("a database that is gone for 30 s changes nothing", (bin) => databaseGone(bin, 30));
test("a partition of 20 s changes nothing", (bin) => partition(bin, 20));

Deno.test("fifty random faults on a queue in a file", () => randomFaults({ faults: 50, blocks: 400 }));

test("fifty random faults on PostgreSQL, which is restarted too", async (bin) => {
  const server = await startPostgres(bin);
  try {
    await randomFaults({ faults: 50, blocks: 400, server });
  } finally {
    await server.close();
  }
});

Deno.test("a job that takes long is offered a second time, and the command does not wait for the first", () =>
  atSite({ blocks: 6, pause: 100 })(async (site) => {
    const slow = site.worker({ slow: 1e4 });
    const run = site.command();
    await holds(async () => (await site.rows("SELECT job FROM signum_runs")).length === 1);
    site.worker();
    await holds(async () => (await site.results()) === 5);
    const shown = start(site.store, ["cluster", "--cluster", "sqlite", "--store", site.store]);
    const { code, out, err } = await shown.done;
    assert.equal(code, 0, err);
    assert.match(out, /\n[0-9a-f]{8} .* none +5 +– +\d+ s ago +–\n/);
    assert.match(out, /wasm plain +0 +1 +5 +0\n/);
    assert.match(
      out,
      /\njob plain [0-9a-f]{12} has been on worker [0-9a-f]{8} for \d+ s; its stage's median is 0 s\n$/,
    );
    await run.says(/job plain [0-9a-f]{12} takes long on worker [0-9a-f]{8}; it is offered a second time/);
    await run.done;
    await slow.end();
    await site.succeeds(run);
  }));

test("workers that do not see the store's folder give the same bytes", async (bin) => {
  Deno.env.set("SIGNUM_STORE_TOKEN", "w".repeat(16));
  const server = await startPostgres(bin);
  try {
    await atSite({ blocks: 4, pause: 50 }, server.url)(async (site) => {
      const run = site.command({ storePort: 0 });
      await run.says(/the store is served: --store \S+\n/);
      const [, address] = /--store (\S+)\n/.exec(run.heard()) ?? [];
      site.worker({ store: address });
      await site.succeeds(run);
    });
  } finally {
    await server.close();
  }
});
