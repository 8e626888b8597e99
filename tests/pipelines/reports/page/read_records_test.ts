/** Records as a page reads them. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamicsRow } from "../../../../pipelines/records/rows.ts";
import { recordsOf, scan } from "../../../../pipelines/reports/page/read_records.ts";

Deno.test("an optional field that is there is of its kind, or an error names file, line and field", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-records-"));
  const read = (text: string) => {
    writeFileSync(join(folder, "metrics.ndjson"), text);
    return Effect.gen(function* () {
      return yield* recordsOf(folder, yield* scan(folder, "metrics.ndjson"), DynamicsRow, ["step"]);
    });
  };
  const rows = await Effect.runPromise(read('{"step":1}\n{"step":2,"correctRatio":0.5}\n'));
  assert.deepEqual(rows.map(({ record }) => record.correctRatio), [undefined, 0.5]);
  const failure = await Effect.runPromise(Effect.flip(read('{"step":1}\n{"step":2,"correctRatio":{"a":1}}\n')));
  assert.match(
    failure.message,
    /metrics\.ndjson", line 2: field "correctRatio" must be a finite number, found \{"a":1\}$/,
  );
  rmSync(folder, { recursive: true });
});
