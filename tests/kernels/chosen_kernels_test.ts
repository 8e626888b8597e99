import assert from "node:assert/strict";
import { chosenKernels, deviceName, kernelsField, otherKernels } from "../../kernels/chosen_kernels.ts";

const plain = { description: "a card", matrix: undefined };
const matrix = { ...plain, matrix: { size: 16, depth: 16, lanes: 32, refused: [] } };

Deno.test("kernels that give other bytes are named in records, the plain ones are not", () => {
  assert.deepEqual([chosenKernels(plain), chosenKernels(matrix)], [[], ["matrix"]]);
  assert.deepEqual([kernelsField(plain), kernelsField(matrix)], [{}, { kernels: ["matrix"] }]);
  assert.deepEqual(chosenKernels({ ...matrix, cooperative: true }), ["matrix", "cooperative"]);
  assert.deepEqual(chosenKernels({ cooperative: false }), []);
  assert.deepEqual([deviceName(plain), deviceName(matrix)], ["a card", "a card, matrix kernels"]);
});

Deno.test("what was made with some kernels goes on with the same ones alone", () => {
  for (const [before, info] of [[undefined, plain], [[], plain], [["matrix"], matrix]] as const) {
    assert.equal(otherKernels(before, info), undefined);
  }
  assert.equal(
    otherKernels(undefined, matrix),
    "begun with plain kernels, now they are matrix (SIGNUM_MATRIX and SIGNUM_COOPERATIVE choose)",
  );
  assert.equal(
    otherKernels(["matrix"], plain),
    "begun with matrix kernels, now they are plain (SIGNUM_MATRIX and SIGNUM_COOPERATIVE choose)",
  );
});
