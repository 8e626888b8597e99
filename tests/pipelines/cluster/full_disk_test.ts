/** The store's disk is full, with the queue on it: whoever writes says so, and with room again all go on to the same bytes. */
import assert from "node:assert/strict";
import { smallDisk } from "./small_disk.ts";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atSite, holds } from "./plain_site.ts";
import { pause } from "./processes.ts";

const { disk, isMounted, left } = smallDisk("2m");

Deno.test({
  name: `with a full disk, queue and all, work waits and goes on when there is room${left}`,
  ignore: !isMounted,
  fn: () =>
    atSite({ blocks: 5, pause: 200, lines: 2000 }, "sqlite", "sqlite", disk)(async (site) => {
      const run = site.command();
      const worker = site.worker();
      await holds(async () => (await site.results()) > 1);
      const filler = join(disk, "filler");
      for (const size of [1 << 16, 1 << 12, 1]) {
        try {
          for (let i = 0;; i++) writeFileSync(`${filler}${size}.${i}`, new Uint8Array(size));
        } catch (cause) {
          assert.match(`${cause}`, /ENOSPC/);
        }
      }
      await worker.says(/disk.* is full/);
      await pause(2);
      assert((await site.results()) < 5);
      for (const { name } of [...Deno.readDirSync(disk)].filter(({ name }) => name.startsWith("filler"))) {
        rmSync(join(disk, name));
      }
      await site.recovers("disk full, and then room");
      await site.succeeds(run);
    }),
});
