/**
 * A run that an earlier version recorded is replayed and continued by this one. `fixtures/run_0.1.0` was recorded by version 0.1.0 on the
 * embedded device: one step of GRPO on two prompts, stopped before its model was written.
 */
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Result } from "effect";
import { comparable } from "../../../pipelines/files/metrics.ts";
import { choice, earlierValues, integer, later, optional, setting } from "../../../pipelines/settings/setting.ts";
import { trainSettings } from "../../../pipelines/training/run_config.ts";
import { parseRows, recordedNames, withNames } from "../../../pipelines/training/recorded_rows.ts";
import { adapterOfTests } from "../../adapter.ts";
import { shellHere } from "../../command_line.ts";
import { base, cli, folder, same, shell } from "./train_commands.ts";

const recorded = "tests/pipelines/training/fixtures/run_0.1.0";

/** Runs a command line on the embedded device, as a shell sees it: in this process where that is the device of the tests. */
const embedded = async (line: string) =>
  adapterOfTests === "wasm" ? await shellHere(line) : shell(`SIGNUM_ADAPTER=wasm ${cli} ${line}`);

const succeeds = async (line: string) => {
  const { code, stderr } = await embedded(line);
  assert.equal(code, 0, stderr);
  return stderr;
};

/** A copy of the run as a version would have recorded it that had fewer settings and measured less. */
const older = (to: string): ReadonlyArray<string> => {
  cpSync(recorded, to, { recursive: true });
  const path = join(to, "config.json");
  const stored = JSON.parse(readFileSync(path, "utf8"));
  const late = Object.entries(trainSettings)
    .filter(([key, one]) => JSON.stringify(stored[key]) === JSON.stringify(one.before ?? one.default))
    .map(([key]) => key);
  for (const key of late) delete stored[key];
  writeFileSync(path, JSON.stringify(stored));
  const metrics = join(to, "metrics.ndjson");
  const row = JSON.parse(readFileSync(metrics, "utf8"));
  delete row.cosine;
  delete row.positive.approxKl;
  writeFileSync(metrics, `${JSON.stringify(row)}\n`);
  return late;
};

Deno.test("a setting that came later has the value of what programs did without it", () => {
  const group = {
    old: setting(1, integer({ min: 0 }), ""),
    chosen: later(setting("new", choice(["new", "former"]), ""), "former"),
    open: later(optional(choice(["mask", "keep"]), ""), "keep"),
  };
  assert.deepEqual(earlierValues(group, {}), { old: 1, chosen: "former", open: "keep" });
  assert.deepEqual(earlierValues(group, { old: 2, chosen: "new" }), { old: 2, chosen: "new", open: "keep" });
});

Deno.test("a row made again is compared by the names that some row of the run has", () => {
  const text = '{"step":1,"a":{"x":1},"timing":{"s":9}}\n{"step":2,"a":{"x":2,"y":3}}\n';
  const rows = Result.getOrThrow(parseRows("m", text));
  const names = recordedNames(rows);
  assert.deepEqual([...names], ["step", "a", "a/x", "a/y"]);
  const again = { step: 1, a: { x: 1, y: 0, z: 1 }, x: 4, timing: { s: 1 } };
  assert.deepEqual(withNames(again, names), { step: 1, a: { x: 1, y: 0 } });
  const broken = Result.getOrThrow(Result.flip(parseRows("m", "{}\n[\n")));
  assert.equal(broken.message, 'Cannot read "m", line 2: expected a JSON object');
});

Deno.test("a run that version 0.1.0 recorded replays, also without the settings and metrics that came later", async () => {
  assert.match(await succeeds(`replay ${recorded}`), /1 steps made again, every byte the same/);
  const dir = folder();
  const run = join(dir, "run");
  const late = older(run);
  assert.ok(["klCoef", "weightDecay", "keep", "epochs", "extract"].every((key) => late.includes(key)), late.join());
  assert.match(await succeeds(`replay ${run}`), /1 steps made again, every byte the same/);
  const metrics = join(run, "metrics.ndjson");
  const text = readFileSync(metrics, "utf8");
  writeFileSync(metrics, text.replace('"correct":3', '"correct":2'));
  const changed = await embedded(`replay ${run}`);
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /Replay differs at ".*metrics\.ndjson", line 1: recorded /);
  rmSync(dir, { recursive: true });
});

Deno.test("a run of an earlier version is continued by its own command", async () => {
  const dir = folder();
  const run = join(dir, "run");
  older(run);
  const line = `train --model ${base} --task countdown --seed 5 --prompts 2 --responses 2 --algorithm grpo ` +
    `--learning-rate 1e-3 --test-every 0 --steps 1 --out ${run}`;
  const other = await embedded(`${line} --kl-coef 0.01`);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /begun with klCoef 0\.001, now it is 0\.01/);
  await succeeds(line);
  const step = "steps/000001";
  for (const name of readdirSync(join(recorded, step))) same(join(run, step, name), join(recorded, step, name));
  const stored = (path: string) => ({ ...JSON.parse(readFileSync(join(path, "config.json"), "utf8")), out: "" });
  assert.deepEqual(stored(run), stored(recorded));
  const row = (path: string) => comparable(JSON.parse(readFileSync(join(path, "metrics.ndjson"), "utf8")));
  const names = recordedNames([row(recorded)]);
  assert.deepEqual(withNames(row(run), names), row(recorded));
  rmSync(dir, { recursive: true });
});
