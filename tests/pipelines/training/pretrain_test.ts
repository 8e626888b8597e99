import assert from "node:assert/strict";
import { Effect } from "effect";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { parameterCount } from "../../../pipelines/models/parameter_specs.ts";
import { architecture, pretrainCommand } from "../../../pipelines/training/pretrain.ts";
import { cli, folder, same, succeeds } from "./train_commands.ts";
import { defaults } from "../../../pipelines/settings/settings.ts";

Deno.test("a base has the width and the layers that are asked for, by default those of the shipped ones", async () => {
  const { width, layers } = defaults;
  const shipped = JSON.parse(
    await Deno.readTextFile(new URL("../../../data/models/countdown_1/config.json", import.meta.url)),
  );
  assert.deepEqual(architecture(width, layers), shipped);
  for (const [width, layers, count] of [[64, 2, 79_040], [128, 6, 896_448]]) {
    const parsed = parseModelConfig({ file: "config.json", text: JSON.stringify(architecture(width, layers)) });
    assert.equal(parsed.ok && parameterCount(parsed.config), count);
  }
});

Deno.test("a width that heads do not divide is refused before anything is opened", async () => {
  const run = pretrainCommand.run({ width: 80, out: "nowhere" }, []);
  const { message } = await Effect.runPromise(Effect.flip(run));
  assert.equal(message, 'Cannot pretrain a model of --width "80": expected a multiple of 32');
});

Deno.test("the same seed pretrains to the same bytes, file by file, whatever runs beside it; another seed to others", () => {
  const size = "--width 32 --layers 1 --steps 3 --demonstrations 8 --warmup 2";
  const [first, again, other] = ["first", "again", "other"].map((name) => join(folder(), name));
  const pretrain = (out: string, seed: number) => `${cli} pretrain ${size} --seed ${seed} --out ${out}`;
  succeeds(`${pretrain(first, 7)} & ${pretrain(again, 7)} && wait $! && ${pretrain(other, 8)}`);
  const names = readdirSync(first).sort();
  assert.deepEqual(readdirSync(again).sort(), names);
  assert.ok(names.includes("model.safetensors"));
  for (const name of names) same(join(first, name), join(again, name));
  const weights = (dir: string) => readFileSync(join(dir, "model.safetensors"));
  assert.ok(!weights(first).equals(weights(other)));
});
