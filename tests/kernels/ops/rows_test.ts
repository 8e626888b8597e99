import assert from "node:assert/strict";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { view } from "../../../kernels/gpu/tensor.ts";
import { byRows } from "../../../kernels/ops/op.ts";

Deno.test("rows are split by multiples, and a binding that holds too few of them is a fault", () => {
  const partsOf = (maxBinding: number) => {
    const faults: string[] = [];
    const parts: Array<readonly [number, number]> = [];
    const encoder: Encoder = Object.create(Encoder.prototype, {
      info: { value: { maxBinding } },
      fail: { value: (message: string) => faults.push(message) },
    });
    const buffer: GPUBuffer = Object.create(null);
    const tensor = view({ id: 1, bytes: 4000, buffer }, 10, 100);
    byRows(encoder, 10, [tensor], (_, start, count) => parts.push([start, count]), 4);
    return { parts, faults };
  };
  assert.deepEqual(partsOf(4000), { parts: [[0, 10]], faults: [] });
  assert.deepEqual(partsOf(256 + 7 * 400), { parts: [[0, 4], [4, 4], [8, 2]], faults: [] });
  const { parts, faults } = partsOf(256 + 3 * 400);
  assert.deepEqual(parts, [[0, 4], [4, 4], [8, 2]]);
  assert.match(faults.join(), /^Cannot bind 4 rows of 400 bytes: a binding has at most 1456$/);
});
