/** A run whose sampler is a step behind is stopped and goes on: the sampler's weights are kept beside the policy's. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { shell, train } from "../training/train_commands.ts";
import { place, rowsOf, sameRuns, trained } from "./trained_at.ts";

/** The bytes of every file of a run's checkpoints and of its final model. */
const statesOf = (run: string): ReadonlyMap<string, string> =>
  new Map(
    ["checkpoints", "model"].flatMap((folder) =>
      readdirSync(join(run, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)).sort()
        .map((path) => [path.slice(run.length), readFileSync(path, "latin1")] as const)
    ),
  );

Deno.test("a run with stale weights that is killed after a checkpoint goes on to the bytes of one undisturbed", async () => {
  const { dir } = place();
  const [whole, killed] = ["whole", "killed"].map((name) => join(dir, name));
  const more = "--algorithm reinforce --mini-batch 2 --steps 5 --save-every 2 --inject-mismatch stale:1";
  await trained(whole, more);
  const line = `exec ${train(killed, more)}`;
  const child = new Deno.Command("bash", { args: ["-c", line], stdout: "null", stderr: "null" }).spawn();
  while (!existsSync(join(killed, "steps/000003/sample.ndjson"))) await new Promise((wake) => setTimeout(wake, 5));
  child.kill("SIGKILL");
  assert.equal((await child.status).success, false);
  const { code, stderr } = shell(train(killed, more));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /goes on after step [24], from/);
  sameRuns(whole, killed);
  const [expected, found] = [statesOf(whole), statesOf(killed)];
  assert.ok([...expected.keys()].some((name) => name.endsWith("000004/trainer_state/sampler.safetensors")));
  assert.deepEqual([...found.keys()], [...expected.keys()]);
  for (const [name, bytes] of expected) assert.ok(found.get(name) === bytes, `${name} differs`);
  // The rollouts of the step after the checkpoint are of the weights before it, not of the checkpoint's own.
  const mismatches = rowsOf(killed).map(({ mismatch }) => mismatch.maxDifference);
  assert.deepEqual(mismatches, rowsOf(whole).map(({ mismatch }) => mismatch.maxDifference));
  assert.equal(mismatches[0], 0);
  assert.ok(mismatches.slice(1).every((one) => one > 0), `${mismatches}`);
  rmSync(dir, { recursive: true });
});
