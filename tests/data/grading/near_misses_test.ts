import assert from "node:assert/strict";
import { grade } from "../../../data/grading/grade.ts";
import golds from "../fixtures/golds.json" with { type: "json" };
import { judgeAll, nearMisses, rewritings } from "./near_misses.ts";

Deno.test("a near miss is never its gold answer, and a rewriting is not left as it was", () => {
  for (const gold of golds) {
    for (const { rule, response } of nearMisses(gold)) {
      assert.notEqual(response, `So the result is $\\boxed{${gold}}$.`, rule);
    }
  }
  assert.ok(golds.every((gold) => nearMisses(gold).length >= 20 && rewritings(gold).length >= 10));
});

Deno.test("of the near misses of 500 gold answers none is accepted, and 99.5 of their rewritings accepted", () => {
  const { misses, accepted, rewritten, refused } = judgeAll(golds, grade);
  assert.ok(misses.length >= 20 * golds.length);
  assert.deepEqual(accepted, []);
  assert.ok(refused.length <= 0.005 * rewritten.length, refused.join("\n"));
});
