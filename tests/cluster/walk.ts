/**
 * The newcomer's walk of the cluster's README: its five commands, typed into two terminals, with this machine in place of its addresses. The study
 * is that of one algorithm, so that the walk takes minutes.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder } from "../pipelines/cluster/plain_site.ts";
import { postgresPrograms, startPostgres } from "../pipelines/cluster/postgres.ts";

const root = new URL("../..", import.meta.url).pathname;
const bin = postgresPrograms();

/** What is typed into each terminal. */
const terminals = (): ReadonlyArray<string> => {
  const readme = readFileSync(join(root, "pipelines/cluster/README.md"), "utf8");
  const [, block] = /Five commands:\n\n```sh\n([^`]*)```/.exec(readme) ?? [];
  assert(block !== undefined);
  const parts = block.split(/^# terminal \d.*\n/m).slice(1);
  assert.equal(parts.length, 2);
  assert.equal(block.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length, 5);
  return parts;
};

/** A terminal: a shell with a group of its own, so that its programs end with it. */
const terminal = (text: string, env: Record<string, string>) => {
  const child = new Deno.Command("setsid", {
    args: ["bash", "-e", "-c", text],
    cwd: root,
    env: { NO_COLOR: "1", HF_HUB_OFFLINE: "1", SIGNUM_ADAPTER: "wasm", SIGNUM_THREADS: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  return {
    done: output.then(({ code, stderr }) => ({ code, err: new TextDecoder().decode(stderr) })),
    close: () => new Deno.Command("kill", { args: ["-TERM", "--", `-${child.pid}`] }).output(),
  };
};

Deno.test({
  name: `the README's five commands, in two terminals, end with a study${
    bin === undefined ? " (left out: PostgreSQL is not installed)" : ""
  }`,
  ignore: bin === undefined,
  fn: async () => {
    const folder = newFolder();
    const server = await startPostgres(bin ?? "");
    const { port } = new URL(server.url);
    const here = (text: string) =>
      text.replaceAll("@db.example.org/", `@127.0.0.1:${port}/`).replaceAll("db.example.org", "127.0.0.1")
        .replaceAll("/shared/store", join(folder, "store"))
        // The walk makes a database of its own.
        .replace(/signum\n/, "walk\n").replaceAll(/(127\.0\.0\.1:\d+)\/signum/g, "$1/walk")
        .replace("--recipe tiny", `--recipe tiny --algorithms psr --out ${join(folder, "out")}`);
    const [first, second] = terminals().map(here);
    const env = (name: string) => ({
      PATH: `${bin}:${Deno.env.get("PATH")}`,
      PGPORT: port,
      SIGNUM_HOME: join(folder, name),
    });
    const worker = terminal(first, env("first"));
    try {
      const { code, err } = await terminal(second, env("second")).done;
      assert.equal(code, 0, err);
      assert(existsSync(join(folder, "out", "README.md")));
    } finally {
      await worker.close();
      const { err } = await worker.done;
      await server.close();
      assert.match(err, /job cell [0-9a-f]{12} done/);
    }
  },
});
