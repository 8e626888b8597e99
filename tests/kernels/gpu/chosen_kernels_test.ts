import assert from "node:assert/strict";
import {
  cannotContinue,
  chosenKernels,
  deviceFields,
  deviceName,
  missingKernels,
  otherDevice,
} from "../../../kernels/gpu/chosen_kernels.ts";

const plain = { kind: "wasm", description: "a device", matrix: undefined } as const;
const matrix = { ...plain, kind: "gpu", matrix: { size: 16, depth: 16, lanes: 32, refused: [] } } as const;

Deno.test("records name the kind of the adapter, and kernels that give other bytes but not the plain ones", () => {
  assert.deepEqual([chosenKernels(plain), chosenKernels(matrix)], [[], ["matrix"]]);
  assert.deepEqual([deviceFields(plain), deviceFields(matrix)], [
    { adapter: "wasm" },
    { adapter: "gpu", kernels: ["matrix"] },
  ]);
  assert.deepEqual(deviceFields({ ...plain, plain: true }), { adapter: "wasm", kernels: ["plain"] });
  assert.deepEqual(chosenKernels({ ...matrix, cooperative: true }), ["matrix", "cooperative"]);
  assert.deepEqual(chosenKernels({ cooperative: false }), []);
  assert.deepEqual([deviceName(plain), deviceName(matrix)], ["a device", "a device, matrix kernels"]);
});

Deno.test("what was made with some kernels goes on with the same ones alone", () => {
  for (const [kernels, info] of [[undefined, plain], [[], plain], [["plain"], plain], [["matrix"], matrix]] as const) {
    assert.equal(otherDevice({ adapter: info.kind, kernels }, info), undefined);
    assert.equal(cannotContinue({ adapter: info.kind, kernels }, info), undefined);
  }
  assert.equal(
    otherDevice({ adapter: "gpu" }, matrix),
    "begun with --kernels plain, now it is matrix",
  );
  assert.equal(
    cannotContinue({ adapter: "wasm", kernels: ["matrix"] }, plain),
    "begun with --kernels matrix, now it is plain",
  );
});

Deno.test("kernels that a device lacks are refused, with what it says of them", () => {
  const notes = ["this device has no matrix units"];
  assert.equal(missingKernels(["matrix"], { ...plain, notes }), "--kernels matrix: this device has no matrix units");
  assert.equal(missingKernels(["plain"], { ...plain, notes }), undefined);
  assert.equal(missingKernels([], plain), undefined);
  assert.equal(missingKernels(["matrix"], { ...matrix, notes }), undefined);
});

Deno.test("what was begun on one kind of adapter does not go on on another, nor what does not say on which", () => {
  const other = "begun on lavapipe, now the adapter is wasm (SIGNUM_ADAPTER=lavapipe chooses the first)";
  assert.equal(otherDevice({ adapter: "lavapipe" }, plain), other);
  assert.equal(cannotContinue({ adapter: "lavapipe", kernels: ["matrix"] }, plain), other);
  assert.equal(otherDevice({}, plain), undefined);
  assert.equal(
    cannotContinue({}, plain),
    'begun on an adapter that its config.json does not name, now it is wasm; if that is the one, add "adapter": "wasm" there',
  );
});
