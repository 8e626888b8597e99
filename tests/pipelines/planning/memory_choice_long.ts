/** What `--device-memory` chooses for the model of the paper, as `memory_choice_test.ts` has it for small ones. */
import assert from "node:assert/strict";
import { succeedsHere } from "../../command_line.ts";

Deno.test("7B GRPO on 141 GB: what is chosen fits, and is said", async () => {
  const known = "--recipe paper-qwen2.5-math-7b --algorithm grpo --moments bf16 --device-memory 141";
  const { stderr } = await succeedsHere(`train ${known} --dry-run`);
  assert.match(stderr, /^chosen: --offload gradient, because/m);
  assert.match(stderr, /^chosen: --cache \d\d(\.\d+)?, /m);
  assert.match(stderr, /^--gradient-chunk stays as it is set/m);
  const held = Number(stderr.match(/^([\d.]+) GiB at most/m)?.[1]);
  assert.ok(held > 110 && held <= 0.95 * 141e9 / 2 ** 30, stderr);
});
