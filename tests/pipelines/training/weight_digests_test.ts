/** The weights of the tiny study are the same bytes on every machine. */
import assert from "node:assert/strict";
import { algorithms, digestsOf, listed, type WeightDigest } from "../../digests/weight_digests.ts";

const golden: ReadonlyArray<WeightDigest> = (await Deno.readTextFile(
  new URL("../../golden/weight_digests.ndjson", import.meta.url),
)).trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("the digests list every algorithm after 1, 2 and 60 steps", () => {
  assert.deepEqual(
    golden.map(({ algorithm, step }) => `${algorithm} ${step}`),
    algorithms.flatMap((algorithm) => listed.map((step) => `${algorithm} ${step}`)),
  );
});

for (const algorithm of algorithms) {
  Deno.test(`two steps of ${algorithm} give the weights that every machine gives`, async () => {
    const expected = golden.filter((one) => one.algorithm === algorithm && one.step <= 2);
    assert.deepEqual(await digestsOf(algorithm, 2), expected);
  });
}
