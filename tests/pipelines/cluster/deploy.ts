/**
 * The files that run a cluster hold to the formats of their programs: `deno task test:deploy`. It takes `bash`, Debian's `docker-compose` and PyPI's
 * `kubernetes-validate`; what is missing is named by the test.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newFolder } from "./plain_site.ts";

const folder = new URL("../../../pipelines/cluster/deploy/", import.meta.url).pathname;

const run = (program: string, args: ReadonlyArray<string>) => {
  try {
    const { success, stdout, stderr } = new Deno.Command(program, { args: [...args] }).outputSync();
    const text = new TextDecoder();
    return { success, out: text.decode(stdout), err: text.decode(stderr) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
};

const valid = (
  name: string,
  program: string,
  probe: string,
  args: () => ReadonlyArray<string>,
  check: (out: string) => void,
) => {
  const isThere = run(program, [probe])?.success === true;
  const left = isThere ? "" : ` (left out: ${program} is not installed)`;
  Deno.test({
    name: `${name} is valid${left}`,
    ignore: !isThere,
    fn: () => {
      const done = run(program, args());
      assert(done?.success, `${done?.out}${done?.err}`);
      check(done.out);
    },
  });
};

valid("workers.slurm", "bash", "--version", () => ["-n", join(folder, "workers.slurm")], () => undefined);

/** A copy with a password beside it, which the original never has. */
const composeCopy = () => {
  const copy = newFolder();
  writeFileSync(join(copy, "compose.yaml"), readFileSync(join(folder, "compose.yaml")));
  writeFileSync(join(copy, "password"), "x");
  return join(copy, "compose.yaml");
};

valid("compose.yaml", "docker-compose", "version", () => ["-f", composeCopy(), "config"], (out) => {
  for (const service of ["database", "worker0", "worker1"]) assert(out.includes(`  ${service}:`), out);
});

valid(
  "kubernetes.yaml",
  "kubernetes-validate",
  "--help",
  () => ["--strict", join(folder, "kubernetes.yaml")],
  () => undefined,
);

Deno.test("no file holds a secret, and no port is open", () => {
  for (const name of readdirSync(folder)) {
    const text = readFileSync(join(folder, name), "utf8");
    assert.doesNotMatch(text, /PGPASSWORD=|POSTGRES_PASSWORD:|:\/\/[^@\s]*:[^@\s]*@|^\s*ports:/m, name);
  }
});
