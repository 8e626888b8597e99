import assert from "node:assert/strict";
import {
  addressesOf,
  rolloutFault,
  type RolloutSettings,
  withRolloutDefaults,
} from "../../../pipelines/rollouts/rollout_settings.ts";
import { Result } from "effect";

const plain: RolloutSettings = { temperature: 1, topP: 1, topK: 0 };
const rollouts = ["http://127.0.0.1:8000", "https://server:9000/v1/"];

Deno.test("without servers nothing is added to the settings; with others' servers the cap is 2, with ours there is none", () => {
  assert.deepEqual(withRolloutDefaults(plain), plain);
  assert.deepEqual(withRolloutDefaults({ ...plain, rollouts }), { ...plain, rollouts, rolloutsDialect: "signum" });
  const vllm = { ...plain, rollouts, rolloutsDialect: "vllm" } as const;
  assert.deepEqual(withRolloutDefaults(vllm), { ...vllm, importanceCap: 2 });
  assert.deepEqual(withRolloutDefaults({ ...vllm, importanceCap: 0 }), { ...vllm, importanceCap: 0 });
});

Deno.test("an address has no /v1, no user and no query", () => {
  assert.deepEqual(Result.getOrThrow(addressesOf({ ...plain, rollouts })), [
    "http://127.0.0.1:8000",
    "https://server:9000",
  ]);
  for (const url of ["ftp://a", "127.0.0.1:8000", "http://user:secret@a", "http://a/?key=secret", "http://a/#x"]) {
    const fault = rolloutFault({ ...plain, rollouts: [url] });
    assert.match(fault ?? "", /^--rollouts: /, url);
    assert.doesNotMatch(fault ?? "", /secret/);
  }
});

Deno.test("settings that mean nothing together are refused", () => {
  const vllm = { rollouts, rolloutsDialect: "vllm" } as const;
  assert.equal(rolloutFault(plain), undefined);
  assert.equal(rolloutFault({ ...plain, rollouts }), undefined);
  assert.equal(rolloutFault({ ...plain, ...vllm, importanceCap: 2 }), undefined);
  assert.equal(rolloutFault({ ...plain, rollouts, topP: 0.9, temperature: 0 }), undefined);
  assert.match(
    rolloutFault({ ...plain, rolloutsDialect: "sglang" }) ?? "",
    /--rollouts-dialect sglang needs --rollouts/,
  );
  assert.match(rolloutFault({ ...plain, rolloutsFolder: "f" }) ?? "", /--rollouts-folder needs --rollouts/);
  assert.match(rolloutFault({ ...plain, importanceCap: 2 }) ?? "", /--importance-cap needs/);
  assert.match(rolloutFault({ ...plain, rollouts: [rollouts[0], `${rollouts[0]}/v1`] }) ?? "", /twice/);
  assert.match(rolloutFault({ ...plain, ...vllm, topP: 0.9 }) ?? "", /--top-p or --top-k/);
  assert.match(rolloutFault({ ...plain, ...vllm, topK: 5 }) ?? "", /--top-p or --top-k/);
  assert.match(rolloutFault({ ...plain, ...vllm, temperature: 0 }) ?? "", /greedy/);
});
