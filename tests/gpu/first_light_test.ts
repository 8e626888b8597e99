/** The scripts for the first minutes on a GPU: bash takes them, the command line takes their commands, and the files that they name are there. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Effect } from "effect";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommandLine } from "../../pipelines/commands/command_line.ts";
import { loadAll } from "../../pipelines/commands/loaders.ts";

const root = new URL("../..", import.meta.url).pathname;
const { commands, stages } = await Effect.runPromise(loadAll);
const known = new Map([...stages, ...commands].map((one) => [one.name, one]));
const denoTasks: Readonly<Record<string, { readonly command: string }>> =
  JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).tasks;

for (const name of ["first_light_1.sh", "first_light_2.sh"]) {
  const path = join(root, "tests/gpu", name);
  const text = readFileSync(path, "utf8");

  Deno.test(`${name}: bash and the command line take it`, () => {
    for (const file of [path, join(root, "tests/gpu/parts.sh"), join(root, "tests/gpu/weigh.sh")]) {
      execFileSync("bash", ["-n", file]);
    }
    const calls = [...text.matchAll(/\$signum task (.+)$/gm)].map(([, line]) => line.replaceAll('"', "").split(" "));
    assert.ok(calls.length >= 2, name);
    for (const [task, ...words] of calls) {
      assert.ok(task in denoTasks, task);
      const [first, ...more] = denoTasks[task].command.split("cli.ts ")[1].split(" ");
      const command = known.get(first);
      assert.ok(command !== undefined, first);
      Effect.runSync(Effect.fromResult(parseCommandLine(command, [...more, ...words])));
    }
  });

  Deno.test(`${name}: the files that it reads are there`, () => {
    const files = text.match(/\b(?:tests|results|data)\/[\w/]+\.\w+/g) ?? [];
    assert.ok(files.length > 0, name);
    for (const file of files) assert.ok(existsSync(join(root, file)), file);
  });
}
