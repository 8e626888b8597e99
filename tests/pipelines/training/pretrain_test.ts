import assert from "node:assert/strict";
import { Effect } from "effect";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { knownTokens } from "../../../pipelines/models/known_tokens.ts";
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
  for (const [width, layers, surplus, count] of [[64, 2, 0, 79_040], [128, 6, 0, 896_448], [64, 2, 64, 83_136]]) {
    const shape = architecture(width, layers, surplus);
    const parsed = parseModelConfig({ file: "config.json", text: JSON.stringify(shape) });
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

Deno.test("surplus ids are rows that the tokenizer does not know; pretraining makes them improbable, and only --padded-vocabulary keep draws them", async () => {
  const out = join(folder(), "padded");
  const size = "--width 32 --layers 1 --steps 40 --demonstrations 16 --warmup 2";
  succeeds(`${cli} pretrain ${size} --seed 7 --surplus-ids 500 --out ${out}`);
  assert.equal(JSON.parse(readFileSync(join(out, "config.json"), "utf8")).vocab_size, 577);
  assert.equal(await Effect.runPromise(knownTokens(out, 577)), 77);
  assert.match(readFileSync(join(out, "README.md"), "utf8"), / --surplus-ids 500 /);
  const tokens = (padded: string): ReadonlyArray<number> => {
    const drawn = `${cli} sample --model ${out} --temperature 4 --responses 8 --padded-vocabulary ${padded}`;
    const lines = succeeds(`${cli} prompt --model ${out} --task countdown --limit 4 | ${drawn}`).stdout.split("\n");
    return lines.filter((line) => line !== "").flatMap((line) => JSON.parse(line).responseTokens);
  };
  assert.ok(tokens("mask").every((token) => token < 77));
  const kept = tokens("keep");
  const surplus = kept.filter((token) => token >= 77).length;
  assert.ok(surplus > 0 && surplus < kept.length * 500 / 577);
});
