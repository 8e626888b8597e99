/** The weights of the tiny study beside those that every machine gives. */
import assert from "node:assert/strict";
import { digestsOf, type WeightDigest } from "../../digests/weight_digests.ts";

/** What every machine gives. */
export const golden: ReadonlyArray<WeightDigest> = (await Deno.readTextFile(
  new URL("../../golden/weight_digests.ndjson", import.meta.url),
)).trimEnd().split("\n").map((line) => JSON.parse(line));

/** The algorithms of which the default tests take two steps: the second has moments of the first, and PPO's critic has moments of its own. */
export const twice = ["w-reinforce", "ppo"];

/** Declares the test that `algorithm` gives these weights in its first `steps` steps. */
export const testDigests = (algorithm: string, steps: 1 | 2): void =>
  Deno.test(`${["a step", "two steps"][steps - 1]} of ${algorithm} give the weights that every machine gives`, async () => {
    const expected = golden.filter((one) => one.algorithm === algorithm && one.step <= steps);
    assert.equal(expected.length, steps);
    assert.deepEqual(await digestsOf(algorithm, steps), expected);
  });
