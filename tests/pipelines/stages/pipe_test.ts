/**
 * A training step typed by hand: the stages of PPO joined by pipes, as library calls in one process and as `deno task` filters in a shell, which
 * must agree byte by byte at every joint. `tests/pipelines/training/pipe_by_hand_test.ts` has W-REINFORCE beside a step of `train`.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Settings } from "../../../pipelines/settings/settings.ts";
import { advantageStage } from "../../../pipelines/stages/advantage.ts";
import { gradientStage } from "../../../pipelines/stages/gradient.ts";
import { promptStage } from "../../../pipelines/stages/prompt.ts";
import { rewardStage } from "../../../pipelines/stages/reward.ts";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import { splitStage } from "../../../pipelines/stages/split.ts";
import { updateStage } from "../../../pipelines/stages/update.ts";
import { verifyStage } from "../../../pipelines/stages/verify.ts";
import { sameBits } from "../models/golden_on_device.ts";
import { base, collect, linesOf, temporaryFolder, testStages } from "./with_policy.ts";

const root = new URL("../../..", import.meta.url).pathname;

/** One training step in process; the lines at every joint by the name of the stage before it. */
const step = Effect.fnUntraced(function* (folder: string, config: Partial<Settings>) {
  const all = { model: base, task: "countdown", seed: 3, step: 2, responses: 4, artifacts: folder, ...config };
  const prompt = yield* collect(promptStage, [], { ...all, prompts: 4 });
  const sample = yield* collect(sampleStage, prompt, all);
  const verify = yield* collect(verifyStage, sample, all);
  const reward = yield* collect(rewardStage, verify, all);
  const split = yield* collect(splitStage, reward, all);
  const score = yield* collect(scoreStage, split, all);
  score.forEach(({ oldLogProbs, logProbs }, i) => sameBits(oldLogProbs, logProbs, `record ${i}`));
  const advantage = yield* collect(advantageStage, score, all);
  const gradient = yield* collect(gradientStage, advantage, all);
  const update = yield* collect(updateStage, gradient, { ...all, out: `${folder}/in_process`, learningRate: 1e-4 });
  const joints = { prompt, sample, verify, reward, split, score, advantage, gradient, update };
  return new Map(
    Object.entries(joints).map(([name, records]) => [name, linesOf(records).map((line) => `${line}\n`).join("")]),
  );
});

/** The same step in a shell; each stage's output is also in a file. */
const shell = async (folder: string, flags: Readonly<Record<string, string>>) => {
  const task = (name: string, own = "") =>
    `deno task -q ${name} ${own} ${flags[name] ?? ""} | tee ${folder}/${name}.ndjson`;
  const line = [
    task("prompt", `--model ${base} --task countdown --prompts 4 --step 2 --seed 3`),
    task("sample", `--model ${base} --responses 4 --step 2 --seed 3 --batch 5`),
    task("verify"),
    task("reward"),
    task("split"),
    task("score", `--model ${base}`),
    task("advantage"),
    task("gradient", `--model ${base} --artifacts ${folder}`),
    task("update", `--model ${base} --artifacts ${folder} --out ${folder}/in_shell --learning-rate 1e-4`),
  ].join(" | ");
  const path = `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`;
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `set -o pipefail; ${line}`],
    cwd: root,
    env: { PATH: path, NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout);
};

const compare = Effect.fnUntraced(function* (config: Partial<Settings>, flags: Readonly<Record<string, string>>) {
  const folder = yield* temporaryFolder;
  const expected = yield* step(folder, config);
  const last = yield* Effect.promise(() => shell(folder, flags));
  assert.equal(last, expected.get("update"));
  for (const [name, lines] of expected) assert.equal(Deno.readTextFileSync(`${folder}/${name}.ndjson`), lines, name);
  const file = (place: string, name: string) => Deno.readFileSync(`${folder}/${place}/${name}`);
  for (const name of ["model.safetensors", "config.json", "tokenizer.json", "trainer_state/optimizer.safetensors"]) {
    assert.deepEqual(file("in_shell", name), file("in_process", name), name);
  }
  return expected;
});

testStages(
  "a W-REINFORCE step as library calls learns from both signs",
  () =>
    Effect.gen(function* () {
      const joints = yield* step(yield* temporaryFolder, {});
      assert.equal(joints.get("prompt")?.split("\n").length, 5);
      assert.equal(joints.get("sample")?.split("\n").length, 17);
      const gradient = JSON.parse(joints.get("gradient") ?? "");
      assert.ok(gradient.positive.tokens > 0 && gradient.negative.tokens > 0);
      assert.deepEqual(Object.keys(JSON.parse(joints.get("update") ?? "")), ["model", "optimizer", "step"]);
    }),
);

testStages(
  "a PPO step with critic and reference is the same bytes as library calls and as filters in a shell",
  () =>
    Effect.gen(function* () {
      const joints = yield* compare({ algorithm: "ppo", critic: base, reference: base }, {
        split: "--algorithm ppo",
        score: `--critic ${base} --reference ${base}`,
        advantage: "--algorithm ppo",
        gradient: `--algorithm ppo --critic ${base}`,
        update: `--critic ${base}`,
      });
      assert.deepEqual(Object.keys(JSON.parse(joints.get("update") ?? "")), ["model", "optimizer", "step", "critic"]);
    }),
);

testStages(
  "PSR and NSR steps learn from their own sign only, and an empty sign gives empty output",
  () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      for (
        const [algorithm, kept, dropped] of [["psr", "positive", "negative"], ["nsr", "negative", "positive"]] as const
      ) {
        const joints = yield* step(folder, { algorithm });
        const gradient = JSON.parse(joints.get("gradient") ?? "");
        assert.equal(gradient[kept].tokens, gradient.tokens);
        assert.equal(gradient[dropped].tokens, 0);
        assert.equal(gradient[dropped].gradNorm, 0);
      }
      const split = yield* collect(splitStage, [], { algorithm: "psr" });
      const score = yield* collect(scoreStage, split, { model: base });
      assert.deepEqual(yield* collect(advantageStage, score, { algorithm: "psr" }), []);
    }),
);
