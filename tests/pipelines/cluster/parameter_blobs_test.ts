/** The ranges of a layout cover each arena once, in order, whatever its size. */
import assert from "node:assert/strict";
import { rangesOf } from "../../../pipelines/cluster/parameter_blobs.ts";

Deno.test("ranges follow each other over every arena, end at multiples of 64, and are at most 64 MiB", () => {
  for (const sizes of [[64], [79_040], [1 << 25, 1 << 25, 128], [1 << 25, 150_000_000 - (150_000_000 % 64), 64]]) {
    const ranges = rangesOf({ sizes });
    for (const [arena, size] of sizes.entries()) {
      let end = 0;
      for (const { start, count } of ranges.filter((range) => range.arena === arena)) {
        assert.deepEqual([start, count % 64], [end, 0]);
        assert(count > 0 && count <= 1 << 24);
        end += count;
      }
      assert.equal(end, size);
    }
    assert.deepEqual(ranges.map(({ arena }) => arena), ranges.map(({ arena }) => arena).toSorted((a, b) => a - b));
  }
  assert.equal(rangesOf({ sizes: [79_040] }).length, 16);
});
