/** A test that waits in vain ends as failed, with what its processes said, and the tests of other files go on. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const here = new URL(".", import.meta.url).pathname;

Deno.test("a test that waits in vain fails, names what its processes said and ends them; other files go on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-deadline-"));
  const waiting = `
    import { startProgram } from "${here}pipelines/cluster/processes.ts";
    Deno.test("waits", async () => {
      const one = startProgram("${folder}/speaks.ts", []);
      await one.says(/ready/);
      await one.says(/never/);
    });`;
  writeFileSync(join(folder, "speaks.ts"), `console.error("ready"); await new Promise((end) => setTimeout(end, 6e5));`);
  writeFileSync(join(folder, "waits_test.ts"), waiting);
  writeFileSync(join(folder, "works_test.ts"), `Deno.test("works", () => {});`);
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-q", "-A", "--no-check", "--no-lock", `--preload=${here}deadline.ts`, folder],
      env: { NO_COLOR: "1", SIGNUM_DEADLINE: "0.1" },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.equal(code, 1);
    assert.match(said, /A test has run for 0.1 minutes/);
    assert.match(said, /process \d+, which runs .*speaks.ts, said:\nready\n/);
    assert.match(said, /works \.\.\. ok/);
    const [, pid] = /process (\d+),/.exec(said) ?? [];
    assert.throws(() => Deno.kill(Number(pid), "SIGCONT"), Deno.errors.NotFound);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
