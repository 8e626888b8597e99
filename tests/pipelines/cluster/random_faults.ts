/** A run under random faults, drawn from a seed that is printed; `SIGNUM_SEED` repeats it. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key, uniform } from "../../../data/random.ts";
import { say } from "../../say.ts";
import { atSite, holds, type Site } from "./plain_site.ts";
import { pause, type Running } from "./processes.ts";
import type { Server } from "./postgres.ts";

/** Numbers in [0, 1) from a seed. */
const numbers = (seed: number) => {
  const key = Key.fold(Key.make(seed), "faults");
  let drawn = 0;
  return () => uniform(key, drawn++);
};

/** What is running. */
interface Cast {
  readonly workers: Running[];
  command: Running;
}

type Fault = (site: Site, cast: Cast, draw: () => number) => Promise<void>;

const killed: Fault = async (site, { workers }, draw) => {
  const [lost] = workers.splice(Math.floor(draw() * workers.length), 1);
  lost.kill("SIGKILL");
  await lost.done;
  workers.push(site.worker());
};

const frozen: Fault = async (_, { workers }, draw) => {
  const one = workers[Math.floor(draw() * workers.length)];
  one.kill("SIGSTOP");
  // Often longer than the lease.
  await pause(1 + 3 * draw());
  one.kill("SIGCONT");
};

const begunAgain: Fault = async (site, cast) => {
  cast.command.kill("SIGKILL");
  await cast.command.done;
  cast.command = site.command();
};

const blobsOf = (store: string) =>
  readdirSync(join(store, "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name)).toSorted();

const damaged: Fault = async ({ store }, _, draw) => {
  const paths = blobsOf(store);
  const path = paths[Math.floor(draw() * paths.length)];
  if (draw() < 0.5) return rmSync(path, { force: true });
  const bytes = readFileSync(path);
  bytes[0] ^= 1;
  writeFileSync(path, bytes);
  await pause(0);
};

/** How many faults, and over how many jobs. */
export interface Random {
  readonly faults: number;
  readonly blocks: number;
  readonly server?: Server;
}

/** Runs the plain stage with two workers while faults happen. */
export const randomFaults = async ({ faults, blocks, server }: Random): Promise<void> => {
  const seed = Number(Deno.env.get("SIGNUM_SEED") ?? Date.now() % 2 ** 32);
  say(`SIGNUM_SEED=${seed} repeats these faults`);
  const draw = numbers(seed);
  const restarted: Fault = async () => {
    await server?.stop();
    await pause(2 * draw());
    await server?.start();
  };
  const kinds: Readonly<Record<string, Fault>> = {
    "worker killed": killed,
    "worker frozen": frozen,
    "command killed": begunAgain,
    "blob lost or damaged": damaged,
    ...server !== undefined && { "database restarted": restarted },
  };
  await atSite({ blocks, pause: 400 }, server?.url)(async (site) => {
    const cast: Cast = { command: site.command(), workers: [site.worker(), site.worker()] };
    await holds(async () => (await site.results()) > 0);
    for (let i = 0; i < faults; i++) {
      await pause(draw());
      const names = Object.keys(kinds);
      const name = i === 0 ? names[0] : names[Math.floor(draw() * names.length)];
      await kinds[name](site, cast, draw);
      if ((await site.results()) < blocks) await site.recovers(name);
    }
    await site.succeeds(cast.command);
  });
};
