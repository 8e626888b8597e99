/** The longer faults of `tests/pipelines/cluster/`: a database gone for 30 s, a partition of 20 s, fifty random faults. */
import { databaseGone, partition } from "../pipelines/cluster/database_faults.ts";
import { postgresPrograms, startPostgres } from "../pipelines/cluster/postgres.ts";
import { randomFaults } from "../pipelines/cluster/random_faults.ts";

const bin = postgresPrograms();
const left = bin === undefined ? " (left out: PostgreSQL is not installed)" : "";
const test = (name: string, fn: (bin: string) => Promise<void>) =>
  Deno.test({ name: `${name}${left}`, ignore: bin === undefined, fn: () => fn(bin ?? "") });

test("a database that is gone for 30 s changes nothing", (bin) => databaseGone(bin, 30));
test("a partition of 20 s changes nothing", (bin) => partition(bin, 20));

Deno.test("fifty random faults on a queue in a file", () => randomFaults({ faults: 50, blocks: 240 }));

test("fifty random faults on PostgreSQL, which is restarted too", async (bin) => {
  const server = await startPostgres(bin);
  try {
    await randomFaults({ faults: 50, blocks: 240, server });
  } finally {
    await server.close();
  }
});
