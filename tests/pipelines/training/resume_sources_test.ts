/** A run or an evaluation that was cut short goes on with what it was begun with, and with nothing else under the same name. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellHere } from "../../command_line.ts";
import "../../adapter.ts";

const base = "data/models/countdown_1";

const cli = async (...words: ReadonlyArray<string>) => {
  const { code, stderr } = await shellHere(words.join(" "));
  return { code, said: stderr };
};

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = await Deno.makeTempDir();
  await use(folder).finally(() => rmSync(folder, { recursive: true }));
};

/** A copy of the base with another token that ends a response. */
const withOtherStop = (to: string): string => {
  cpSync(base, to, { recursive: true });
  const path = join(to, "generation_config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...config, eos_token_id: [config.eos_token_id, 40].flat() }));
  return to;
};

Deno.test("a killed training goes on under the same problems, reference and stop tokens alone", () =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    const settings = [
      "--task",
      "countdown",
      "--algorithm",
      "grpo",
      "--prompts",
      "2",
      "--responses",
      "2",
      "--steps",
      "2",
    ];
    const train = (model: string, ...more: ReadonlyArray<string>) =>
      cli("train", "--model", model, ...settings, "--max-tokens", "4", "--test-every", "0", "--out", out, ...more);
    const begun = await train(base);
    assert.equal(begun.code, 0, begun.said);
    // As a kill after the first checkpoint leaves it.
    rmSync(join(out, "model"), { recursive: true });
    const other = join(folder, "other");
    cpSync(join(out, "checkpoints/000001"), other, { recursive: true });
    const referred = await train(base, "--reference", other);
    assert.match(
      referred.said,
      /Cannot continue .*: it was begun with weights of the reference \(--reference\) "\w+", now they are "\w+"/,
    );
    const stopped = await train(withOtherStop(join(folder, "stops")));
    assert.match(
      stopped.said,
      /Cannot continue .*: it was begun with tokens that end a response .*, now they are \[/,
    );
    const config = join(out, "config.json");
    const text = readFileSync(config, "utf8");
    const { problems } = JSON.parse(text).sources;
    assert.match(problems, /^[0-9a-f]{64}$/);
    writeFileSync(config, text.replace(problems, "0".repeat(64)));
    assert.match(
      (await train(base)).said,
      /Cannot continue .*: it was begun with problems \(--data\) "0+", now they are/,
    );
    assert.match((await cli("replay", out)).said, /Cannot replay .*: it was begun with problems \(--data\) "0+"/);
    writeFileSync(config, text);
    assert.equal((await train(base)).code, 0);
    assert.equal((await cli("replay", out)).code, 0);
    writeFileSync(config, text.replace('"algorithm": "grpo"', '"algorithm": "constructor"'));
    for (const command of ["replay", "report"]) {
      const { code, said } = await cli(command, out);
      assert.equal(code, 1);
      assert.match(
        said,
        /^Cannot read ".*config\.json": field "algorithm": expected one of .*, found "constructor"\n$/m,
      );
    }
  }));

Deno.test("a killed evaluation goes on under the same stop tokens alone", () =>
  inFolder(async (folder) => {
    const out = join(folder, "evaluation");
    const model = join(folder, "model");
    cpSync(base, model, { recursive: true });
    const evaluate = () =>
      cli(
        "evaluate",
        "--model",
        model,
        "--task",
        "countdown",
        "--limit",
        "2",
        "--responses",
        "2",
        "--max-tokens",
        "4",
        "--out",
        out,
      );
    assert.equal((await evaluate()).code, 0);
    withOtherStop(model);
    const { code, said } = await evaluate();
    assert.equal(code, 1);
    assert.match(said, /Cannot evaluate into .*: responses ended at the tokens \[.*\] there and end at \[.*,40\] now/);
  }));
