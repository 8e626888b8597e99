import assert from "node:assert/strict";
import { equivalent } from "../../../data/grading/equivalence.ts";

Deno.test("times of day are equal in twelve and in twenty-four hours, dates in any order, and no other word is a month", () => {
  for (
    const [gold, answer, same] of [
      ["20\\!:\\!34", "8:34 \\text{ p.m.}", true],
      ["8:34\\text{ p.m.}", "20:34", true],
      ["8:00\\text{ a.m.}", "8:00 AM", true],
      ["8:00\\text{ a.m.}", "8:00", true],
      ["8:00\\text{ a.m.}", "20:00", false],
      ["8:00\\text{ a.m.}", "8:00 pm", false],
      ["12:00", "1:00", false],
      ["20:34:00", "20:34", true],
      ["2:03", "4:06", false],
      ["2:3", "4:6", true],
      ["8\\text{ November}", "November 8", true],
      ["\\text{Sept. 4}", "\\text{4 September}", true],
      ["\\text{March 4}", "4\\text{ Mar.}", true],
      ["5\\text{ decades}", "5\\text{ decibels}", false],
      ["8\\text{ novels}", "8\\text{ November}", false],
      ["4\\text{ marbles}", "\\text{March 4}", false],
      ["7\\text{ juniors}", "\\text{June 7}", false],
    ] as const
  ) assert.equal(equivalent(gold, answer), same, `${gold} | ${answer}`);
});
