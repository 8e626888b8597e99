/** The weights of the tiny study are the same bytes on every machine. */
import assert from "node:assert/strict";
import { algorithms, listed } from "../../digests/weight_digests.ts";
import { golden, stepsByDefault, testDigests } from "./weight_digests.ts";

Deno.test("the digests list every algorithm after 1, 2 and 60 steps", () => {
  assert.deepEqual(
    golden.map(({ algorithm, step }) => `${algorithm} ${step}`),
    algorithms.flatMap((algorithm) => listed.map((step) => `${algorithm} ${step}`)),
  );
});

for (const [algorithm, steps] of Object.entries(stepsByDefault)) testDigests(algorithm, steps);
