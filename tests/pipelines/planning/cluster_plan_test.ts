/** The estimate of a step that workers share: the parts add up, each is held by what holds it, and the README shows what the command prints. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { partsWith, type SharedStep } from "../../../pipelines/planning/cluster_plan.ts";

const root = new URL("../../..", import.meta.url).pathname;

const step: SharedStep = {
  arithmetic: { sample: 4e15, score: 0, gradient: 8e15 },
  parameters: 1e9,
  published: 2,
  state: 12,
  ranges: 16,
  sequences: 64,
  promptTokens: 100,
  responseTokens: 1000,
  cached: 1000,
  weights: 2e9,
  slots: 64,
  updates: 1,
  blocks: 4,
  scorers: 0,
  subtrees: 2,
};
const speeds = { flops: 1e14, memory: 1e12, link: 1e9, store: 4e9 };
const at = (n: number, more: Partial<SharedStep> = {}) =>
  Object.fromEntries(partsWith({ ...step, ...more }, speeds, n).map((part) => [part.name, part]));

Deno.test("bytes of a step are counted: weights a worker, sums a subtree, a range and the whole", () => {
  for (const n of [1, 2, 8]) {
    const { weights, gradients, ranges, command } = at(n);
    assert.equal(weights.moved, n * 2e9);
    // Two subtrees in float32, and the text of their sequences.
    assert.equal(gradients.moved, 8e9 + 2 * (64 * 1100 * 6 + 3 * 64_000 * 12));
    // They are read, and one is written.
    assert.equal(ranges.moved, 12e9);
    // It is read, and the weights are published; records of responses come beside.
    assert.equal(command.moved, 4e9 + 2e9 + 64_000 * 32);
  }
  assert.equal(at(3, { updates: 4 }).ranges.moved, 4 * at(3).ranges.moved);
});

Deno.test("work is shared as far as there are jobs, and no further", () => {
  const seconds = (n: number, name: string) => at(n)[name].seconds;
  for (const [name, most] of [["rollouts", 4], ["gradients", 2], ["ranges", 16]] as const) {
    assert(seconds(1, name) > seconds(most, name), name);
    assert.equal(seconds(most, name), seconds(16 * most, name), name);
  }
  assert.equal(seconds(2, "rollouts"), seconds(3, "rollouts"));
  assert.equal(at(4).rollouts.heldBy, "4 jobs of rollouts");
  assert.equal(at(1).rollouts.heldBy, "devices");
  // One worker's link, then the store for all of them.
  assert.equal(at(1).weights.heldBy, "a worker's link");
  assert.equal(at(64).weights.heldBy, "the store's speed");
  assert.equal(at(64).weights.seconds, 64 * 2e9 / 4e9);
});

Deno.test("decoding waits for memory where that is slower than arithmetic", () => {
  // Of each job 250 passes of 64 slots, which read the weights, and the keys and values before 16,000 tokens.
  const memory = 250 * 2e9 / 1e12 + 16_000 * 600 * 1000 / 1e12;
  const drawn = (sample: number) => at(4, { arithmetic: { ...step.arithmetic, sample } }).rollouts.seconds;
  assert(Math.abs(drawn(1e12) - memory - 0.009) < 1e-9, `${drawn(1e12)}`);
  assert(Math.abs(drawn(4e16) - 100 - 0.009) < 1e-9);
});

Deno.test("the README of the cluster shows what the command prints", async () => {
  const readme = readFileSync(`${root}pipelines/cluster/README.md`, "utf8");
  const [, command, shown] = /```sh\n(deno task [^`]*--workers[^`]*)```\n\n```text\n([^`]*)```/.exec(readme) ?? [];
  assert(command !== undefined);
  const home = await Deno.makeTempDir();
  const words = command.replaceAll("\\\n", " ").trim().split(/\s+/).slice(3);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", "pipelines/cli.ts", ...words],
    cwd: root,
    env: { NO_COLOR: "1", HF_HUB_OFFLINE: "1", SIGNUM_HOME: home },
  }).output();
  await Deno.remove(home, { recursive: true });
  const text = new TextDecoder();
  const printed = text.decode(stdout) + text.decode(stderr);
  assert.equal(code, 0, printed);
  assert(printed.includes(`\n${shown}`), printed);
});
