import assert from "node:assert/strict";
import { firstDifference } from "../../../pipelines/records/text.ts";

Deno.test("firstDifference() counts bytes, not letters, and sees a text that ends early", () => {
  assert.equal(firstDifference("f", "é\nab", "é\nab"), undefined);
  assert.deepEqual(firstDifference("f", "é\nab", "é\na"), { file: "f", byte: 4, line: 2, expected: "b", found: "" });
  assert.deepEqual(firstDifference("f", "a", "ab"), { file: "f", byte: 1, line: 1, expected: "", found: "b" });
});
