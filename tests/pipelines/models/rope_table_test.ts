/** Rotary angles against transformers' own (`tests/golden/models/make_rope_golden.py`). */
import assert from "node:assert/strict";
import type { RopeScaling } from "../../../pipelines/models/model_config.ts";
import { ropeFrequencies, ropeTable } from "../../../pipelines/models/rope_table.ts";

const cases: ReadonlyArray<{
  readonly headWidth: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly positions: ReadonlyArray<number>;
  readonly frequencies: ReadonlyArray<number>;
  readonly cosine: ReadonlyArray<ReadonlyArray<number>>;
  readonly sine: ReadonlyArray<ReadonlyArray<number>>;
}> = JSON.parse(Deno.readTextFileSync(new URL("../../golden/models/rope.json", import.meta.url)));

Deno.test("ropeFrequencies() has transformers' bits, unscaled, linear and llama3", () => {
  for (const golden of cases) assert.deepEqual(ropeFrequencies(golden), Float32Array.from(golden.frequencies));
});

Deno.test("ropeTable() is within one rounding of transformers' cosines and sines", () => {
  for (const golden of cases) {
    const half = golden.headWidth / 2;
    const table = ropeTable(golden, 30001);
    assert.equal(table.cosine.length, 30001 * half);
    golden.positions.forEach((position, row) => {
      for (let i = 0; i < half; i++) {
        assert.ok(Math.abs(table.cosine[position * half + i] - golden.cosine[row][i]) <= 2 ** -23, `${position} ${i}`);
        assert.ok(Math.abs(table.sine[position * half + i] - golden.sine[row][i]) <= 2 ** -23, `${position} ${i}`);
      }
    });
  }
});

Deno.test("a longer table begins with a shorter one", () => {
  const config = { headWidth: 16, ropeTheta: 1e4, ropeScaling: { kind: "none" } } as const;
  const [short, long] = [ropeTable(config, 10), ropeTable(config, 20)];
  assert.deepEqual(long.cosine.subarray(0, short.cosine.length), short.cosine);
  assert.deepEqual(long.sine.subarray(0, short.sine.length), short.sine);
});
