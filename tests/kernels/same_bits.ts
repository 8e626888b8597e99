/** Comparison of results to the bit. */
import assert from "node:assert/strict";
import type { Outcome } from "./run_case.ts";

/** Fails at the first element whose bits differ. */
export const sameBits = (found: Float32Array, expected: Float32Array, what: string): void => {
  const [a, b] = [found, expected].map((data) => new Uint32Array(data.buffer, data.byteOffset, data.length));
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a[i] !== b[i]) assert.fail(`${what}: element ${i} is ${found[i]}, expected the bits of ${expected[i]}`);
  }
};

/** Fails where results or gradients differ in a bit. */
export const sameOutcome = (found: Outcome, expected: Outcome, what: string): void => {
  for (const kind of ["results", "gradients"] as const) {
    assert.deepEqual(Object.keys(found[kind]), Object.keys(expected[kind]));
    for (const name in found[kind]) {
      assert.equal(found[kind][name].length, expected[kind][name].length);
      sameBits(found[kind][name], expected[kind][name], `${what}: ${kind} ${name}`);
    }
  }
};
