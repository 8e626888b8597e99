/** A disk of a size of its own, for what happens when it is full; only root can mount one. */
import { rmSync } from "node:fs";

const sh = (program: string, ...args: ReadonlyArray<string>): boolean => {
  try {
    return new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
};

/** Mounts a disk of this size (as `mount -o size=`) until the process ends; `left` is what a test's name says where that cannot be. */
export const smallDisk = (size: string) => {
  const disk = Deno.makeTempDirSync({ prefix: "signum-disk-" });
  const isMounted = sh("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk);
  addEventListener("unload", () => {
    if (isMounted) sh("umount", disk);
    rmSync(disk, { recursive: true, force: true });
  });
  return { disk, isMounted, left: isMounted ? "" : " (left out: cannot mount)" };
};
