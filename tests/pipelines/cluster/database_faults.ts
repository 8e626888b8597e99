/** PostgreSQL gone for a while, and a network between it and a worker that is cut: the same bytes, one result a job. */
import assert from "node:assert/strict";
import { startProxy } from "./cut_proxy.ts";
import { say } from "../../say.ts";
import { atSite, holds } from "./plain_site.ts";
import { startPostgres } from "./postgres.ts";
import { pause, stopWorker } from "./processes.ts";

/** The database is away for some seconds while a command waits and a worker works. */
export const databaseGone = async (bin: string, seconds: number): Promise<void> => {
  const server = await startPostgres(bin);
  try {
    await atSite({ blocks: 10, pause: 300 }, server.url)(async (site) => {
      const run = site.command();
      const worker = site.worker();
      await holds(async () => (await site.results()) > 1);
      await server.stop();
      await pause(seconds);
      await server.start();
      await site.recovers(`database gone for ${seconds} s`);
      await site.succeeds(run);
      await stopWorker(worker);
    });
  } finally {
    await server.close();
  }
};

/** One of two workers, and then the command, is cut off from the database for some seconds. */
export const partition = async (bin: string, seconds: number): Promise<void> => {
  const server = await startPostgres(bin);
  const port = Number(new URL(server.url).port);
  const [ofWorker, ofCommand] = [startProxy(port), startProxy(port)];
  const through = ({ port }: { readonly port: number }) => `postgres://signum@127.0.0.1:${port}/signum`;
  try {
    const blocks = 24 + Math.ceil(4 * seconds);
    await atSite({ blocks, pause: 500 }, server.url)(async (site) => {
      const run = site.command({ cluster: through(ofCommand) });
      const cutOff = site.worker({ cluster: through(ofWorker) });
      const near = site.worker();
      await Promise.all([cutOff.says(/ done in /), near.says(/ done in /)]);
      ofWorker.cut();
      ofCommand.cut();
      await site.recovers("a worker and the command cut off, for the other worker");
      await pause(seconds);
      ofWorker.heal();
      ofCommand.heal();
      const before = cutOff.said(/ done in /g);
      const begun = performance.now();
      const more = () => cutOff.said(/ done in /g) > before + 1;
      const isDone = async () => more() || (await site.results()) === blocks;
      await holds(isDone);
      assert(more(), "the worker that was cut off works again");
      say(`recovery: worker cut off for ${seconds} s: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
      await site.succeeds(run);
    });
  } finally {
    ofWorker.close();
    ofCommand.close();
    await server.close();
  }
};
