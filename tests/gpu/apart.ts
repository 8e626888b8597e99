/**
 * How far a run's steps are from the committed ones of `w-reinforce`, as NDJSON: `deno run -A tests/gpu/apart.ts RUN FILE`. A row for each step and
 * number that both have: found, expected, and the difference relative to what is expected. A run without steps fails.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [run, file] = Deno.args;
const rowsOf = (path: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
const committed = rowsOf(file).filter(({ algorithm }) => algorithm === "w-reinforce");
const steps = existsSync(join(run, "steps")) ? readdirSync(join(run, "steps")).sort() : [];
let compared = 0;
for (const folder of steps) {
  const path = join(run, "steps", folder, "dynamics.ndjson");
  const found = existsSync(path) ? rowsOf(path).at(-1) : undefined;
  const expected = committed.find(({ step }) => step === Number(folder));
  if (found === undefined || expected === undefined) continue;
  for (const [name, value] of Object.entries(expected)) {
    const other = found[name];
    if (name === "step" || typeof value !== "number" || typeof other !== "number") continue;
    compared++;
    const apart = Math.abs(other - value) / (Math.abs(value) || 1);
    console.log(JSON.stringify({ step: Number(folder), name, found: other, expected: value, apart }));
  }
}
if (compared === 0) console.error(`Cannot compare "${run}": no step of it is in "${file}"`);
Deno.exit(compared === 0 ? 1 : 0);
