import assert from "node:assert/strict";
import { headings } from "../../../pipelines/settings/headings.ts";
import { settingKeys } from "../../../pipelines/settings/settings.ts";

Deno.test("every setting stands below one head of the help, and each head is there once", () => {
  const keys = headings.flatMap((heading) => heading.keys);
  assert.deepEqual(keys.toSorted(), settingKeys.toSorted());
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(new Set(headings.map(({ head }) => head)).size, headings.length);
});

Deno.test("no head has rare settings alone but those of single algorithms and of number types and kernels", () => {
  const alone = headings.filter(({ keys, rare }) => keys.length > 0 && keys.every((key) => rare.includes(key)));
  assert.deepEqual(alone.map(({ head }) => head), ["Settings of single algorithms", "Number types and kernels"]);
});
