/** The commands of `pipelines/evaluation/README.md` are read by the parser that reads them in a shell. */
import assert from "node:assert/strict";
import { loadAll } from "../../../pipelines/commands/loaders.ts";
import { Effect } from "effect";
import { readFileSync } from "node:fs";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import * as CommandLine from "../../../pipelines/commands/command_line.ts";

const { stages, commands } = await Effect.runPromise(loadAll);

const text = readFileSync(new URL("../../../pipelines/evaluation/README.md", import.meta.url), "utf8");
const known = new Map([...stages, ...commands].map((one) => [one.name, one]));

Deno.test("every command of evaluation.md is one that the command line takes", () => {
  const shell = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block]) => block).join("").replaceAll(
    /\\\n/g,
    " ",
  );
  const calls = [...shell.matchAll(/deno task (?:-q )?([^|<>\n]+)/g)].map(([, line]) => line.trim().split(/\s+/));
  assert.ok(calls.length > 15, `${calls.length}`);
  for (const [name, ...words] of calls) {
    const command = known.get(name);
    assert.ok(command !== undefined, name);
    const { values } = Effect.runSync(Effect.fromResult(CommandLine.parse(command, words)));
    if (values.recipe !== undefined) assert.ok(String(values.recipe) in recipes, String(values.recipe));
  }
});

Deno.test("the recipes of evaluation.md have the numbers of its table", () => {
  for (
    const [, name, model, samples, sampling, tokens] of text.matchAll(
      /^\| `(paper-[^`]+)` \| ([^|]+) \| (\d+) \| ([^|]+) \| ([\d,]+) \|/gm,
    )
  ) {
    const { settings, evaluations: [evaluation] } = recipes[name];
    const all = { topK: 0, ...settings, ...evaluation.settings };
    const said = `T ${all.temperature}, top-p ${all.topP}${all.topK === 0 ? "" : `, top-k ${all.topK}`}`;
    assert.ok(model.startsWith(settings.model?.split("/")[1] ?? "?"), name);
    assert.equal(all.extract, "paper", name);
    assert.deepEqual(
      [samples, sampling, tokens.replace(",", "")],
      [`${all.responses}`, said, `${all.maxTokens}`],
      name,
    );
  }
});
