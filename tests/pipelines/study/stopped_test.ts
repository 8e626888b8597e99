/** A study that is interrupted says in one line what is kept and which command goes on; the time left is that of what is still to do. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stoppedStudy } from "../../../pipelines/study/stopped.ts";
import { timeLeft } from "../../../pipelines/study/time_left.ts";
import "../../adapter.ts";

Deno.test("the time left is known once a cell has run, by this machine's speed, shared by cells that run side by side", () => {
  const none = { waiting: 100, underWay: [], estimated: 0, took: 0, lanes: 1 };
  assert.equal(timeLeft(none), undefined);
  const slow = { ...none, estimated: 10, took: 30 };
  assert.equal(timeLeft(slow), 300);
  assert.equal(timeLeft({ ...slow, lanes: 2 }), 150);
  // A cell under way counts with what is left of it, and one that takes longer than its estimate not at all.
  assert.equal(timeLeft({ ...slow, underWay: [{ estimate: 10, ran: 20 }, { estimate: 1, ran: 20 }] }), 310);
  // The last cell is not shared.
  assert.equal(timeLeft({ ...slow, waiting: 0, lanes: 2, underWay: [{ estimate: 10, ran: 20 }] }), 10);
});

Deno.test("the line of a study that is stopped", () => {
  assert.match(stoppedStudy("d", 2, 5, "X"), /^stopped: 2 of 5 cells are kept in "d", .*; X goes on with the others$/);
  assert.equal(stoppedStudy("d", 5, 5, "X"), 'stopped: all 5 cells are kept in "d"; X writes the results');
});

Deno.test("a study that a signal stops says what is kept and which command goes on", async () => {
  const dir = await Deno.makeTempDir();
  const words = ["reproduce", "--recipe", "tiny", "--out", join(dir, "results")];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "pipelines/cli.ts", ...words],
    env: { SIGNUM_HOME: dir, NO_COLOR: "1", HF_HUB_OFFLINE: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const text = new TextDecoder();
  let told = "";
  for await (const bytes of child.stderr) {
    const isUnderWay = told.includes("[1/");
    told += text.decode(bytes, { stream: true });
    if (!isUnderWay && told.includes("[1/")) child.kill("SIGTERM");
  }
  assert.equal((await child.status).code, 143);
  const last = told.trimEnd().split("\n").at(-1) ?? "";
  const [, command] =
    /^stopped: \d+ of \d+ cells are kept in "\S+studies\/tiny", .*; (deno task reproduce .*) goes on with the others$/
      .exec(last) ?? [];
  assert.equal(command, `deno task ${words.join(" ")}`, last);
  await Deno.remove(dir, { recursive: true });
});
