/** As the killed runs of `tests/pipelines/training/train_test.ts`, with numbers of 16 bits. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cli, folder, rates, same, shell, succeeds, train } from "../pipelines/training/train_commands.ts";

Deno.test("moments in bf16: a killed run goes on to the same bytes, replay and update make them again, f32 is refused", async () => {
  const dir = folder();
  const more = (moments: string) =>
    `--algorithm ppo --steps 3 --save-every 1 --critic-learning-rate 1e-3 --device-memory 4 --moments ${moments}`;
  const whole = join(dir, "whole");
  succeeds(train(whole, more("bf16")));
  const run = join(dir, "killed");
  const line = `exec ${train(run, more("bf16"))}`;
  const child = new Deno.Command("bash", { args: ["-c", line], stdout: "null", stderr: "null" }).spawn();
  while (!existsSync(join(run, "steps/000002/sample.ndjson"))) await new Promise((wake) => setTimeout(wake, 5));
  child.kill("SIGKILL");
  assert.equal((await child.status).success, false);
  const refused = shell(train(run, more("f32")));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /begun with moments "bf16", now it is "f32"/);
  assert.match(succeeds(train(run, more("bf16"))).stderr, /goes on after step 1/);
  const state = "trainer_state/optimizer.safetensors";
  for (const file of ["model.safetensors", state, "critic/model.safetensors", `critic/${state}`]) {
    same(join(run, "model", file), join(whole, "model", file));
  }
  assert.match(succeeds(`${cli} replay ${run}`).stderr, /3 steps made again, every byte the same/);
  // Two moments of two bytes a parameter, and the step.
  const sizes = ["model.safetensors", state].map((file) => readFileSync(join(run, "model", file)).length);
  assert.ok(Math.abs(sizes[1] / sizes[0] - 1) < 0.05, `${sizes[1]} bytes of moments, ${sizes[0]} of weights`);

  // The last step by hand, from the checkpoint before it; under another type of moments nothing is written.
  const before = join(run, "checkpoints/000002");
  const update = (moments: string) =>
    `${cli} update --model ${before} --critic ${before}/critic --optimizer ${before} --artifacts ${run}/artifacts ` +
    `${rates} --critic-learning-rate 1e-3 --step 3 ${moments} --out ${dir}/out < ${run}/steps/000003/gradient.ndjson`;
  const other = shell(update(""));
  assert.equal(other.code, 1);
  assert.match(other.stderr, /tensor "exp_avg[^"]+": expected moments of F32 \(--moments f32\), found BF16/);
  assert.ok(!existsSync(join(dir, "out")));
  succeeds(update("--moments bf16"));
  for (const file of ["model.safetensors", state, "critic/model.safetensors", `critic/${state}`]) {
    same(join(dir, "out", file), join(run, "model", file));
  }
  rmSync(dir, { recursive: true });
});

Deno.test("activations in f16: a killed run goes on to the same bytes, replay makes them again, another type is refused", async () => {
  const dir = folder();
  const more = "--algorithm nsr --steps 2 --save-every 1 --activations f16";
  const [whole, run] = [join(dir, "whole"), join(dir, "killed")];
  succeeds(train(whole, more));
  const args = ["-c", `exec ${train(run, more)}`];
  const child = new Deno.Command("bash", { args, stdout: "null", stderr: "null" }).spawn();
  while (!existsSync(join(run, "steps/000002/sample.ndjson"))) await new Promise((wake) => setTimeout(wake, 5));
  child.kill("SIGKILL");
  assert.equal((await child.status).success, false);
  const refused = shell(train(run, more.replace("f16", "bf16")));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /begun with activations "f16", now it is "bf16"/);
  assert.match(succeeds(train(run, more)).stderr, /goes on after step 1/);
  same(join(run, "model/model.safetensors"), join(whole, "model/model.safetensors"));
  assert.match(succeeds(`${cli} replay ${run}`).stderr, /2 steps made again, every byte the same/);
  rmSync(dir, { recursive: true });
});
