import assert from "node:assert/strict";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { dynamicsRows } from "../../../pipelines/study/recorded_rows.ts";
import type { Outcome } from "../../../pipelines/study/run_cell.ts";

Deno.test("a study's dynamics are a run's rows without the counts of verdicts, which earlier records do not have", () => {
  const done = (algorithm: string, metrics: Outcome["metrics"]) => {
    const cell = recipes.tiny.cells.find((one) => one.algorithm === algorithm);
    assert.ok(cell !== undefined);
    return { cell, outcome: { measured: [], metrics } };
  };
  const rows = dynamicsRows([
    done("base", [{ step: 0, testAccuracy: 0.25 }]),
    done("nsr", [{ step: 1, correct: 3, verdicts: { correct: 3, wrong: 5, noAnswer: 0, cutOff: 0 }, updates: 1 }]),
  ]);
  assert.equal(
    JSON.stringify(rows),
    '[{"algorithm":"nsr","step":0,"testAccuracy":0.25},{"algorithm":"nsr","step":1,"correct":3,"updates":1}]',
  );
});
