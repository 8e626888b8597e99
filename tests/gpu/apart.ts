/**
 * How far a run's steps are from the committed ones of `w-reinforce`, as NDJSON: `deno run -A tests/gpu/apart.ts RUN FILE`. A row for each step and
 * number that both have: found, expected, and the difference relative to what is expected. A run without steps fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [run, file] = Deno.args;
const rowsOf = (path: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
const committed = rowsOf(file).filter(({ algorithm }) => algorithm === "w-reinforce");
const metrics = join(run, "metrics.ndjson");
let compared = 0;
for (const found of existsSync(metrics) ? rowsOf(metrics) : []) {
  const expected = committed.find(({ step }) => step === found.step);
  if (expected === undefined) continue;
  for (const [name, value] of Object.entries(expected)) {
    const other = found[name];
    if (name === "step" || typeof value !== "number" || typeof other !== "number") continue;
    compared++;
    const apart = Math.abs(other - value) / (Math.abs(value) || 1);
    console.log(JSON.stringify({ step: found.step, name, found: other, expected: value, apart }));
  }
}
if (compared === 0) console.error(`Cannot compare "${run}": no step of it is in "${file}"`);
Deno.exit(compared === 0 ? 1 : 0);
