/** Each objective that came after the paper trains, replays, and equals a pipe of stages by hand; what does not fit one is refused. */
import "../../adapter.ts";
import assert from "node:assert/strict";
import { commandLine, succeedsHere } from "../../command_line.ts";
import { Result } from "effect";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { names as ofThePaper } from "../../../pipelines/insights/solved.ts";
import { recordedConfig, trainConfig } from "../../../pipelines/training/run_config.ts";
import { base, folder } from "./train_commands.ts";

const test = (name: string, body: (dir: string) => Promise<void>) =>
  Deno.test({
    name,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const dir = folder();
      await body(dir).finally(() => rmSync(dir, { recursive: true }));
    },
  });

const small = "--task countdown --seed 5 --prompts 4 --responses 4 --mini-batch 2 --steps 2 --test-every 0";
const train = (out: string, more: string) => `train --model ${base} ${small} --learning-rate 1e-3 --out ${out} ${more}`;

const lines = (path: string): ReadonlyArray<Record<string, unknown>> =>
  readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));

const later = Object.keys(algorithms).filter((name) => ofThePaper.every((known) => known !== name));

for (const name of later) {
  test(`${name} trains two steps, records its defaults, and replays byte for byte`, async (dir) => {
    const out = join(dir, "run");
    await succeedsHere(train(out, `--algorithm ${name}`));
    const recorded = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
    const { defaults = {}, settings = {} }: (typeof algorithms)["dapo"] = Object.entries(algorithms).find(([one]) =>
      one === name
    )?.[1] ?? assert.fail(name);
    const { learningRate: _, ...expected } = {
      ...defaults,
      ...Object.fromEntries(Object.entries(settings).map(([key, one]) => [key, one.default])),
    };
    for (const [key, value] of Object.entries(expected)) assert.equal(recorded[key], value, key);
    assert.ok(lines(join(out, "metrics.ndjson")).some(({ updates }) => Number(updates) > 0));
    assert.match((await succeedsHere(`replay ${out}`)).stderr, /2 steps made again, every byte the same/);
  });
}

/** What a pipe by hand is called with: `own` at every stage that takes an algorithm, `credit` at `advantage`, `loss` at `gradient`. */
interface Asked {
  readonly algorithm: string;
  readonly seed: number;
  readonly own?: string;
  readonly credit?: string;
  readonly loss?: string;
}

/** A pipe by hand beside one step of `train`: the records of each stage, the gradients, and the states. Gives the step's folder. */
const pipe = async (dir: string, { algorithm, seed, own = "", credit = "", loss = "" }: Asked) => {
  const out = join(dir, "run");
  const tokens = "--max-tokens 12";
  const of = `--algorithm ${algorithm} ${own}`;
  await succeedsHere(train(out, `${of} ${credit} ${loss} ${tokens} --steps 1 --seed ${seed}`));
  const step = join(out, "steps/000001");
  let records = "";
  for (
    const [stage, flags] of [
      ["prompt", `--model ${base} --task countdown --prompts 4 --step 1 --seed ${seed}`],
      ["sample", `--model ${base} --responses 4 --step 1 --seed ${seed} ${tokens}`],
      ["verify", ""],
      ["reward", ""],
      ["split", of],
      ["score", `--model ${base}`],
      ["advantage", `${of} ${credit} ${tokens}`],
    ]
  ) {
    records = (await succeedsHere(`${stage} ${flags}`, records)).stdout;
    assert.equal(records, readFileSync(join(step, `${stage}.ndjson`), "utf8"), stage);
  }
  const written = (name: string) => readFileSync(join(step, `${name}.ndjson`), "utf8").split(/(?<=\n)/);
  const [gradients, states] = ["gradient", "update"].map(written);
  const kept = records.split(/(?<=\n)/).filter((line) => line !== "");
  let [model, optimizer] = [base, ""];
  for (let at = 0; at * 8 < kept.length; at++) {
    const gradient = await succeedsHere(
      `gradient --model ${model} ${of} ${loss} ${tokens} --mini-batch 2 --responses 4 --artifacts ${dir}/artifacts`,
      kept.slice(at * 8, at * 8 + 8).join(""),
    );
    assert.equal(gradient.stdout, gradients[at]);
    const next = join(dir, `updated-${at}`);
    const artifacts = `--artifacts ${dir}/artifacts --out ${next}`;
    const updated = await succeedsHere(
      `update --model ${model} ${optimizer} --algorithm ${algorithm} --learning-rate 1e-3 ${artifacts} --step 1`,
      gradient.stdout,
    );
    assert.equal(updated.stdout, states[at]);
    [model, optimizer] = [next, `--optimizer ${next}`];
  }
  assert.equal(gradients.filter((line) => line !== "").length, Math.ceil(kept.length / 8));
  return step;
};

const groupsOf = (path: string) => [...Map.groupBy(lines(path), ({ problemId }) => problemId).values()];
const rewardsOf = (group: ReadonlyArray<Record<string, unknown>>) => new Set(group.map(({ reward }) => reward));

test("a pipe by hand equals train for DAPO, which drops groups of equal rewards", async (dir) => {
  const own = "--overlong-buffer 0.5 --overlong-penalty 0.5";
  const step = await pipe(dir, { algorithm: "dapo", seed: 7, own });
  const groups = groupsOf(join(step, "reward.ndjson"));
  const mixed = groups.filter((group) => rewardsOf(group).size > 1);
  assert.deepEqual([groups.length, mixed.length], [4, 2]);
  const credited = lines(join(step, "advantage.ndjson"));
  const namesIn = (some: typeof credited) => some.map(({ problemId, sampleIndex }) => `${problemId} ${sampleIndex}`);
  assert.deepEqual(namesIn(credited), namesIn(mixed.flat()));
  assert.ok(credited.every(({ reward }) => reward === 1 || reward === -1));
  // The penalty is inside the advantages: responses of one group and one reward differ by their lengths.
  const first = (record: Record<string, unknown>) => Array.isArray(record.advantages) ? record.advantages[0] : 0;
  const wrong = groupsOf(join(step, "advantage.ndjson")).map((group) => group.filter(({ reward }) => reward === -1));
  assert.ok(wrong.some((some) => new Set(some.map(first)).size > 1));
});

test("a pipe by hand equals train for NGRPO with masked responses", async (dir) => {
  const step = await pipe(dir, {
    algorithm: "ngrpo",
    seed: 1,
    credit: "--truncated mask",
  });
  const groups = groupsOf(join(step, "reward.ndjson"));
  const right = groups.filter((group) => group.every(({ reward }) => reward === 1));
  const signed = lines(join(step, "split.ndjson"));
  assert.deepEqual([groups.length, right.length, signed.length], [4, 1, 12]);
  const credited = lines(join(step, "advantage.ndjson"));
  assert.equal(credited.length, signed.filter(({ finish }) => finish === "stop").length);
  assert.ok(credited.length > 0 && credited.length < signed.length);
  assert.ok(credited.every(({ finish }) => finish === "stop"));
});

test("a pipe by hand equals train for Dr. GRPO, which divides by the tokens allowed, and for a dual clip", async (dir) => {
  const step = await pipe(dir, { algorithm: "dr-grpo", seed: 7, loss: "--dual-clip 1.01" });
  const records = readFileSync(join(step, "advantage.ndjson"), "utf8").split(/(?<=\n)/);
  const gradient = async (model: string, from: number, more: string) => {
    const line = `gradient --model ${model} --algorithm dr-grpo --artifacts ${dir}/artifacts ${more}`;
    return JSON.parse((await succeedsHere(line, records.slice(from, from + 8).join(""))).stdout);
  };
  const [task, longer] = [await gradient(base, 0, ""), await gradient(base, 0, "--max-tokens 32")];
  assert.ok(Math.abs(task.gradNorm / longer.gradNorm - 2) < 1e-6, `${task.gradNorm} ${longer.gradNorm}`);
  // Off-policy, the dual clip of the second mini-batch bounds some tokens.
  const second = lines(join(step, "gradient.ndjson"))[1];
  const free = await gradient(join(dir, "updated-0"), 8, "--max-tokens 12");
  assert.ok(Number(second.clipFraction) > free.clipFraction);
});

test("a batch of groups without signal makes no step, and is recorded as skipped", async (dir) => {
  const out = join(dir, "run");
  await succeedsHere(train(out, "--algorithm dapo --seed 9 --max-tokens 11 --steps 1"));
  const [row] = lines(join(out, "metrics.ndjson"));
  assert.deepEqual([row.updates, row.skipped], [0, true]);
  for (const name of ["split", "score", "advantage", "gradient", "update"]) {
    assert.deepEqual(lines(join(out, `steps/000001/${name}.ndjson`)), [], name);
  }
  const weights = (path: string) => readFileSync(join(path, "model.safetensors"));
  assert.ok(weights(join(out, "model")).equals(weights(base)));
  assert.match((await succeedsHere(`replay ${out}`)).stderr, /1 steps made again, every byte the same/);
});

test("a dual clip is refused where the loss is no clipped ratio", async (dir) => {
  for (const algorithm of ["cispo", "gpg", "topr"]) {
    const why = `--dual-clip 3 bounds a clipped ratio, which the loss of --algorithm ${algorithm} is not`;
    const trained = await commandLine(train(join(dir, "run"), `--algorithm ${algorithm} --dual-clip 3`));
    assert.equal(trained.error, `Cannot run "train": ${why}`);
    const { error } = await commandLine(`gradient --model ${base} --algorithm ${algorithm} --dual-clip 3`);
    assert.equal(error, `Cannot run "gradient": ${why}`);
  }
  for (const algorithm of ["gspo", "nsr"]) {
    await succeedsHere(train(join(dir, "run"), `--algorithm ${algorithm} --dual-clip 3 --dry-run`));
  }
});

test("training with top-p or top-k is refused unless it is allowed, which is no change of a run", async (dir) => {
  const out = join(dir, "run");
  for (const flag of ["--top-p 0.9", "--top-k 5", "--temperature 0"]) {
    for (const more of ["", "--dry-run"]) {
      const { error } = await commandLine(train(out, `${flag} ${more}`));
      assert.equal(
        error,
        `Cannot train with ${flag}: log-probs are of the whole distribution, so the probability ratio would be wrong; ` +
          "--allow-truncated-sampling trains all the same",
      );
    }
  }
  await succeedsHere(train(out, "--top-p 0.9 --allow-truncated-sampling"));
  const path = join(out, "config.json");
  const { allowTruncatedSampling, ...config } = JSON.parse(readFileSync(path, "utf8"));
  assert.equal(allowTruncatedSampling, true);
  // A run of an earlier version, which asked nobody, replays and goes on.
  writeFileSync(path, JSON.stringify(config));
  assert.match((await succeedsHere(`replay ${out}`)).stderr, /2 steps made again, every byte the same/);
  await succeedsHere(train(out, "--top-p 0.9 --allow-truncated-sampling --steps 3"));
});

Deno.test("a default that an algorithm got after a run was recorded is none of that run's", () => {
  const given = { algorithm: "dapo", model: base, out: "run" } as const;
  const now = Result.getOrThrow(trainConfig(given));
  assert.deepEqual([now.clipRatio, now.clipRatioHigh], [0.2, 0.28]);
  const { clipRatioHigh: _, ...before } = { ...now, clipRatio: 0.3 };
  const { clipRatio, clipRatioHigh, overlongBuffer } = Result.getOrThrow(
    Result.map(recordedConfig(before, { out: "run" }), (config): Readonly<Record<string, unknown>> => ({ ...config })),
  );
  assert.deepEqual([clipRatio, clipRatioHigh, overlongBuffer], [0.3, undefined, 0.2]);
});
