import assert from "node:assert/strict";
import { Result } from "effect";
import type { ClaimRow } from "../../../../pipelines/records/study_rows.ts";
import { markdownTable } from "../../../../pipelines/reports/tables/markdown_table.ts";
import { ruleOf, verdicts } from "../../../../pipelines/reports/tables/verdicts.ts";

const models = { condition: "main", algorithm: "nsr", evaluation: "T 0.6" };

const row: ClaimRow = {
  id: "made-up",
  statement: "NSR is above PSR",
  where: "beyond the paper: made up",
  comparison: "above",
  threshold: 0,
  unit: "share",
  statistic: { name: "difference", of: { kind: "pass-at-k", ...models, k: 1 } },
  value: 0.01,
  low: -0.005,
  high: 0.025,
  cells: 15,
  verdict: "undecided",
};

const linesOf = (rows: ReadonlyArray<ClaimRow>): string => {
  const built = verdicts.build(rows);
  assert.ok(Result.isSuccess(built));
  return markdownTable(built.success[0]);
};

Deno.test("the rule names the primary claims where a study has some", () => {
  const judged = { ...row, p: 0.049, adjusted: 0.294 };
  const [some, none] = [{ ...judged, primary: true }, judged].map((one) => ruleOf([one]).join(" "));
  assert.match(
    some,
    /adjusted for its family, .* the primary claims by Holm.* the primary list and the rule for rates/,
  );
  assert.match(none, /adjusted for all claims together, .* Claims and thresholds were fixed before the runs\.$/);
  assert.doesNotMatch(none, /primary|Holm/);
});

Deno.test("a claim judged by its family says how many bases agree, its p alone and adjusted, and what could have been seen", () => {
  const text = linesOf([{ ...row, p: 0.049, adjusted: 0.294, bases: 5, agree: 4, smallest: 0.0135 }]);
  assert.match(text, /\| cells \| verdict \| bases \| p \| adjusted p \| could have seen \|/);
  assert.match(text, /\| 15 \| \? undecided \| 4 of 5 \| 0\.049 \| 0\.294 \| 1\.4 \|/);
});

Deno.test("a claim whose course never reaches the matched value says so", () => {
  assert.match(
    linesOf([{ ...row, nearest: true }]),
    /NSR is above PSR \(never reached: its nearest point is compared\)/,
  );
  assert.doesNotMatch(linesOf([row]), /never reached|adjusted p/);
});
