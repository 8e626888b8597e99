/** The weights of the tiny study beside those that every machine gives. */
import assert from "node:assert/strict";
import { digestsOf, type WeightDigest } from "../../digests/weight_digests.ts";

/** What every machine gives. */
export const golden: ReadonlyArray<WeightDigest> = (await Deno.readTextFile(
  new URL("../../golden/weight_digests.ndjson", import.meta.url),
)).trimEnd().split("\n").map((line) => JSON.parse(line));

/**
 * The steps that the default tests take. The second one has moments of the first. PPO has a reference and a critic, W-REINFORCE both signs, which
 * PSR, NSR and REINFORCE have apart.
 */
export const stepsByDefault: Readonly<Record<string, 1 | 2>> = { "ppo": 2, "grpo": 1, "w-reinforce": 2 };

/** Declares the test that `algorithm` gives these weights in its first `steps` steps. */
export const testDigests = (algorithm: string, steps: 1 | 2): void =>
  Deno.test(`${algorithm} gives the weights that every machine gives, up to step ${steps}`, async () => {
    const expected = golden.filter((one) => one.algorithm === algorithm && one.step <= steps);
    assert.equal(expected.length, steps);
    assert.deepEqual(await digestsOf(algorithm, steps), expected);
  });
