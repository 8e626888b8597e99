/** A pipe of stages, each a command line, beside the same step of `train`: every record and every weight is the same byte. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { succeedsHere } from "../../command_line.ts";
import { base, folder, rates, same, trainHere } from "./train_commands.ts";

/** What a pipe and a run differ in from others: the algorithm, how numbers are stored, `--as-published`, how gradients are summed. */
export interface Variant {
  readonly algorithm: "w-reinforce" | "ppo";
  readonly stored?: string;
  readonly moments?: string;
  readonly published?: string;
  /** Chunks and the tree that sums them. */
  readonly summed?: string;
}

/** Declares the test of a variant. */
export const pipeByHand = ({ algorithm, stored = "", moments = "", published = "", summed = "" }: Variant): void => {
  Deno.test(`a pipe typed by hand gives the bytes of one step of train (${algorithm}${stored}${moments}${summed} ${published})`, async () => {
    const dir = folder();
    const run = join(dir, "run");
    const rate = "--critic-learning-rate 1e-3";
    // What changes memory and time alone: a sequence at a time, activations computed again, one gradient on the host.
    const turned = moments === "" ? "" : " --device-memory 1 --cache 0 --recompute --offload gradient";
    await succeedsHere(
      trainHere(run, `--algorithm ${algorithm} --steps 1 ${rate}${stored}${moments}${summed} ${published}${turned}`),
    );
    const ppo = algorithm === "ppo";
    const step = join(run, "steps/000001");
    const stages = [
      ["prompt", `--model ${base} --task countdown --prompts 4 --step 1 --seed 5`],
      ["sample", `--model ${base} --responses 4 --step 1 --seed 5${stored}`],
      ["verify", ""],
      ["reward", published],
      ["split", `--algorithm ${algorithm}`],
      ["score", `--model ${base}${stored}${ppo ? ` --reference ${base} --critic ${base}` : ""}`],
      ["advantage", `--algorithm ${algorithm}`],
      [
        "gradient",
        `--model ${base}${stored} --algorithm ${algorithm} --artifacts ${dir}/art${
          ppo ? ` --critic ${base}` : ""
        }${summed} ${published}`,
      ],
      [
        "update",
        `--model ${base} --artifacts ${dir}/art --out ${dir}/out ${rates} --critic-learning-rate 1e-3${
          ppo ? ` --critic ${base}` : ""
        } ${published}${moments} --step 1`,
      ],
    ];
    let records = "";
    for (const [name, flags] of stages) {
      records = (await succeedsHere(`${name} ${flags}`, records)).stdout;
      assert.equal(records, readFileSync(join(step, `${name}.ndjson`), "utf8"), name);
    }
    same(join(dir, "out/model.safetensors"), join(run, "model/model.safetensors"));
    same(
      join(dir, "out/trainer_state/optimizer.safetensors"),
      join(run, "model/trainer_state/optimizer.safetensors"),
    );
    if (ppo) same(join(dir, "out/critic/model.safetensors"), join(run, "model/critic/model.safetensors"));
    if (published !== "") {
      same(join(run, "model/model.safetensors"), join(base, "model.safetensors"));
      const rewards = readFileSync(join(step, "reward.ndjson"), "utf8").match(/"reward":[^,}]+/g) ?? [];
      assert.deepEqual(new Set(rewards), new Set(['"reward":1', '"reward":0']));
      assert.match(readFileSync(join(run, "config.json"), "utf8"), /"entropyCoef": 0.001/);
      assert.match((await succeedsHere(`replay ${run}`)).stderr, /1 steps made again/);
    } else assert.doesNotMatch(readFileSync(join(run, "config.json"), "utf8"), /asPublished/);
    assert.equal(/gradientLeaves/.test(readFileSync(join(run, "config.json"), "utf8")), summed !== "");
    if (summed !== "") assert.match((await succeedsHere(`replay ${run}`)).stderr, /1 steps made again/);
    rmSync(dir, { recursive: true });
  });
};
