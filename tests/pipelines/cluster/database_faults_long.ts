/** Faults of the database and of the network; the longer ones are in `tests/cluster/faults.ts`. */
import { databaseGone } from "./database_faults.ts";
import { postgresPrograms } from "./postgres.ts";

const bin = postgresPrograms();
const left = bin === undefined ? " (left out: PostgreSQL is not installed)" : "";
const test = (name: string, fn: (bin: string) => Promise<void>) =>
  Deno.test({ name: `${name}${left}`, ignore: bin === undefined, fn: () => fn(bin ?? "") });

test("a database that is gone for longer than a lease changes nothing", (bin) => databaseGone(bin, 5));
