/** What the tests of training share: shell lines, and the small run that they make. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../../adapter.ts";

/** The model that tests train. */
export const base = "data/models/countdown_1";
/** What starts the command line. */
export const cli = [Deno.execPath(), "run", "-q", "-A", "pipelines/cli.ts"].join(" ");

/** A new folder for what a test writes. */
export const folder = () => mkdtempSync(join(tmpdir(), "signum-train-"));

/** Runs a shell line; gives its status and both streams. */
export const shell = (line: string) => {
  const { code, stdout, stderr } = new Deno.Command("bash", { args: ["-c", `set -o pipefail; ${line}`] }).outputSync();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
};

/** Runs a shell line that must succeed. */
export const succeeds = (line: string) => {
  const done = shell(line);
  assert.equal(done.code, 0, done.stderr);
  return done;
};

/** A batch as small as can be. */
export const small = `--task countdown --seed 5 --prompts 4 --responses 4`;
/** A learning rate at which a step shows. */
export const rates = "--learning-rate 1e-3";

/** The words that train into `out`, for this process. */
export const trainHere = (out: string, more: string) =>
  `train --model ${base} ${small} ${rates} --test-every 0 --out ${out} ${more}`;

/** The line that trains into `out`, for a process of its own. */
export const train = (out: string, more: string) => `${cli} ${trainHere(out, more)}`;

/** Two files have the same bytes. */
export const same = (a: string, b: string) =>
  assert.ok(readFileSync(a).equals(readFileSync(b)), `"${a}" and "${b}" differ`);
