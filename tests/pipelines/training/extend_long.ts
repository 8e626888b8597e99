/** More steps extend a run to the bytes of a longer one; other settings begin a new run from its checkpoint. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { comparable } from "../../../pipelines/files/metrics.ts";
import { cli, folder, shell, succeeds, train } from "./train_commands.ts";

/** The bytes of every file of a run as text; timings, the clock's events and the place are left out. */
const bytesOf = (run: string): Readonly<Record<string, string>> => {
  const names = readdirSync(run, { recursive: true }).map(String).toSorted();
  const files = names.filter((name) => statSync(join(run, name)).isFile() && !name.startsWith("tensorboard"));
  return Object.fromEntries(files.map((name) => {
    const text = readFileSync(join(run, name), "latin1");
    if (name === "lock") return [name, ""];
    if (name === "config.json") return [name, text.replace(run, "RUN")];
    if (name !== "metrics.ndjson") return [name, text];
    const rows = text.trimEnd().split("\n").map((line) => comparable(JSON.parse(line)));
    return [name, JSON.stringify(rows)];
  }));
};

/** Two runs have the same files with the same bytes. */
const equal = (found: string, expected: string) => {
  const [one, other] = [bytesOf(found), bytesOf(expected)];
  assert.deepEqual(Object.keys(one), Object.keys(other));
  for (const [name, text] of Object.entries(one)) assert.ok(text === other[name], `"${name}" differs`);
};

const ppo = "--algorithm ppo --mini-batch 2 --max-tokens 8 --save-every 2";

Deno.test("a finished run with more steps, also one that is killed on the way, gives the bytes of one longer run", async () => {
  const dir = folder();
  const [long, short, killed, odd] = ["long", "short", "killed", "odd"].map((name) => join(dir, name));
  succeeds(train(long, `${ppo} --steps 5`));
  assert.deepEqual(readdirSync(join(long, "checkpoints")), ["000002", "000004"]);
  succeeds(train(short, `${ppo} --steps 2`));
  succeeds(train(odd, `${ppo} --steps 3`));
  cpSync(odd, killed, { recursive: true });
  assert.match(succeeds(train(short, `${ppo} --steps 5`)).stderr, /goes on after step 2, from ".*short\/model"/);
  equal(short, long);
  assert.match(succeeds(train(odd, `${ppo} --steps 5`)).stderr, /goes on after step 3, from ".*odd\/model"/);
  equal(odd, long);

  const line = train(killed, `${ppo} --steps 5`);
  const child = new Deno.Command("bash", { args: ["-c", `exec ${line}`], stdout: "null", stderr: "null" }).spawn();
  while (!existsSync(join(killed, "steps/000004/sample.ndjson"))) await new Promise((wake) => setTimeout(wake, 5));
  child.kill("SIGKILL");
  await child.status;
  assert.match(succeeds(`${cli} replay ${killed}`).stderr, /\d steps made again, every byte the same/);
  succeeds(line);
  equal(killed, long);
  assert.match(succeeds(line).stderr, /is finished/);
  assert.match(succeeds(`${cli} replay ${killed}`).stderr, /5 steps made again, every byte the same/);

  const fewer = shell(train(killed, `${ppo} --steps 4`));
  assert.equal(fewer.code, 1);
  assert.match(fewer.stderr, /begun with steps 5, now it is 4; more steps extend a run, fewer do not$/m);
  equal(killed, long);
  rmSync(dir, { recursive: true });
});

Deno.test("a finished run with more epochs gives the bytes of one longer run; fewer are refused", () => {
  const dir = folder();
  const [long, short] = ["long", "short"].map((name) => join(dir, name));
  // Nine problems in batches of four are two steps an epoch.
  const epochs = (out: string, count: number) =>
    train(out, `--algorithm nsr --limit 9 --max-tokens 8 --epochs ${count}`);
  succeeds(epochs(long, 2));
  succeeds(epochs(short, 1));
  assert.equal(readdirSync(join(short, "steps")).length, 2);
  assert.match(succeeds(epochs(short, 2)).stderr, /goes on after step 2, from ".*short\/model"/);
  equal(short, long);
  assert.match(succeeds(epochs(short, 2)).stderr, /is finished/);
  const fewer = shell(epochs(short, 1));
  assert.equal(fewer.code, 1);
  assert.match(fewer.stderr, /begun with steps 4, now it is 2; more steps extend a run, fewer do not$/m);
  rmSync(dir, { recursive: true });
});

Deno.test("the refusal of another learning rate prints the command that begins a new run from the checkpoint, which replays alone", () => {
  const dir = folder();
  const run = join(dir, "run");
  succeeds(train(run, `${ppo} --steps 2`));
  const refused = shell(train(run, `${ppo} --steps 3`).replace("1e-3", "5e-4"));
  assert.equal(refused.code, 1);
  const [, command] =
    /begun with learningRate 0\.001, now it is 0\.0005; a new run begins from its step 2 with: deno task (.*)$/m
      .exec(refused.stderr) ?? [];
  assert.ok(command !== undefined, refused.stderr);
  const made = `${run}-from-2`;
  assert.ok(command.endsWith(` --out ${made}`), command);
  succeeds(`${cli} ${command}`);
  const config = JSON.parse(readFileSync(join(made, "config.json"), "utf8"));
  assert.deepEqual([config.fromRun, config.fromStep, config.learningRate, config.steps], [run, 2, 0.0005, 3]);
  const recorded = (path: string) => JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "");
  const end = recorded(join(run, "steps/000002/update.ndjson"));
  assert.equal(config.base, end.model);
  assert.equal(config.sources.optimizer, end.optimizer);
  assert.equal(config.sources.critic, end.critic);
  // Four prompts in mini-batches of two are two optimizer steps a step, counted on.
  assert.equal(recorded(join(made, "metrics.ndjson")).optimizerSteps, 4 + 6);

  // What the run began from stays with it.
  rmSync(run, { recursive: true });
  assert.match(succeeds(`${cli} replay ${made}`).stderr, /3 steps made again, every byte the same/);
  rmSync(join(made, "model"), { recursive: true });
  succeeds(`${cli} ${command.replace(" --step 2", "")}`);
  assert.ok(existsSync(join(made, "model")));
  const other = shell(`${cli} ${command.replace("--step 2", "--step 1")}`);
  assert.match(other.stderr, /begun with fromStep 2, now it is 1/);
  const none = shell(`${cli} ${command.replace(/--from \S+ --step 2/, "")}`);
  assert.match(none.stderr, /begun from ".*run", now it is from no other run \(--from\)$/m);
  const optimizer = join(made, "begin/trainer_state/optimizer.safetensors");
  const bytes = readFileSync(optimizer);
  bytes[bytes.length - 1] ^= 1;
  rmSync(optimizer);
  writeFileSync(optimizer, bytes);
  assert.match(
    shell(`${cli} replay ${made}`).stderr,
    /it was begun with optimizer state \(--from\) "\w+", now they are /,
  );
  rmSync(dir, { recursive: true });
});

Deno.test("a run that begins from a run of another algorithm takes its weights; a step that is not kept is refused with those that are", () => {
  const dir = folder();
  const [run, made] = [join(dir, "run"), join(dir, "made")];
  succeeds(train(run, "--algorithm nsr --max-tokens 8 --steps 2 --keep 1"));
  succeeds(train(made, `--algorithm ppo --max-tokens 8 --steps 1 --from ${run} --step 1`));
  const config = JSON.parse(readFileSync(join(made, "config.json"), "utf8"));
  assert.equal(config.fromStep, 1);
  assert.equal(config.sources.criticOptimizer, undefined);
  assert.match(succeeds(`${cli} replay ${made}`).stderr, /1 steps made again/);
  const out = join(dir, "refused");
  for (
    const [more, message] of [
      [`--from ${run} --step 3`, /Cannot begin from ".*run" at step 3 \(--step\): it keeps 1, 2$/m],
      [`--from ${dir}`, /Cannot begin from ".*" \(--from\): it keeps no checkpoint and no final model$/m],
      [`--from ${run}/model`, /Cannot begin from ".*model" \(--from\): it is one state of a run; name the run$/m],
      [`--from ${run}/config.json`, /Cannot begin from ".*config.json" \(--from\): there is no such folder$/m],
      [`--from ${run} --prompts 9999`, /Cannot draw 9999 prompts/],
      ["--step 1", /Cannot begin at step 1 \(--step\): --from names no run$/m],
    ] as const
  ) {
    const line = train(out, `--algorithm nsr --steps 1 ${more}`);
    const { code, stderr } = shell(more.includes("--prompts") ? line.replace("--prompts 4", "") : line);
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.ok(!existsSync(out));
  }
  rmSync(dir, { recursive: true });
});
