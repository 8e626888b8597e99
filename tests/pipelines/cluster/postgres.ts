/** A PostgreSQL server of Debian's for one test file: in a temporary folder, on a free loopback port, owned by the user postgres. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say } from "../../say.ts";

const root = "/usr/lib/postgresql";

/** The folder of the server's programs; undefined where PostgreSQL or `runuser` is not installed, which a line says. */
export const postgresPrograms = (): string | undefined => {
  const versions = existsSync(root) && existsSync("/usr/sbin/runuser") ? readdirSync(root).toSorted() : [];
  const found = versions.map((version) => join(root, version, "bin")).filter((bin) => existsSync(join(bin, "initdb")));
  const last = found.at(-1);
  if (last === undefined) {
    say("left out: tests on PostgreSQL, which is not installed (on Debian: apt-get install postgresql)");
  }
  return last;
};

/** A running server. */
export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops the server and removes its folder. */
  readonly close: () => Promise<void>;
}

const freePort = (): number => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
};

/** Makes a database cluster and starts its server. */
export const startPostgres = async (bin: string): Promise<Server> => {
  const folder = mkdtempSync(join(tmpdir(), "signum-postgres-"));
  chmodSync(folder, 0o777);
  const port = freePort();
  const run = async (program: string, ...args: ReadonlyArray<string>) => {
    const words = ["-u", "postgres", "--", join(bin, program), ...args];
    const { code, stderr } = await new Deno.Command("/usr/sbin/runuser", {
      args: words,
      cwd: folder,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
  };
  const data = join(folder, "data");
  await run("initdb", "-D", data, "-U", "signum", "--auth=trust", "-E", "UTF8", "--no-sync");
  const options = `-p ${port} -h 127.0.0.1 -k ${folder} -c fsync=off`;
  const start = () => run("pg_ctl", "-D", data, "-w", "-o", options, "-l", join(folder, "log"), "start");
  const stop = () => run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop");
  await start();
  await run("createdb", "-h", "127.0.0.1", "-p", `${port}`, "-U", "signum", "signum");
  return {
    url: `postgres://signum@127.0.0.1:${port}/signum`,
    start,
    stop,
    close: async () => {
      await stop().catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
