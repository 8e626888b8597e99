/** What a known memory decides: the plan under it fits, what was given stays, and nothing is turned that need not be. */
import assert from "node:assert/strict";
import { chooseFor, type MemorySettings } from "../../../pipelines/planning/memory_choice.ts";
import { planOf } from "../../../pipelines/planning/memory_plan.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { largestOf } from "../../../pipelines/planning/plan_table.ts";
import { type Workload, worstShapes } from "../../../pipelines/planning/plan_shapes.ts";
import { poolShape, type Request } from "../../../pipelines/sampling/pool_shape.ts";
import { merge } from "../../../pipelines/settings/resolve.ts";
import { serverGpu as info } from "../../../pipelines/planning/run_plan.ts";

// A model with much to cache for each token, and more than a gigabyte of parameters.
const parsed = parseModelConfig({
  file: "config.json",
  text: JSON.stringify({
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    vocab_size: 50_000,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 4,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    head_dim: 128,
    hidden_act: "silu",
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    eos_token_id: 1,
  }),
});
assert.ok(parsed.ok);
const { config } = parsed;

const work: Workload = {
  ...merge({ algorithm: "w-reinforce" }),
  prompts: 256,
  tested: 0,
  promptTokens: 512,
  responseTokens: 2048,
};

const plan = ({ cache, ...more }: MemorySettings) =>
  planOf(
    info,
    { config, trains: true, reference: false, critic: false, ...more },
    worstShapes(config, { ...work, cache }),
  );

const choose = (gigabytes: number, given: MemorySettings = {}, recomputes = true) => {
  const { chosen, phases, notes } = chooseFor(gigabytes, given, plan, recomputes);
  const { bytes } = largestOf(phases);
  assert.deepEqual(phases, plan(chosen), "the phases are those of what was chosen");
  for (const [name, value] of Object.entries(given)) assert.equal(Reflect.get(chosen, name), value);
  const turned = notes.filter((note) => note.startsWith("chosen: ")).length;
  assert.equal(turned, Object.keys(chosen).length - Object.keys(given).length, notes.join("\n"));
  return { chosen, bytes, budget: 0.95 * gigabytes * 1e9, notes };
};

const plain = largestOf(plan({})).bytes / 1e9;

Deno.test("with much memory nothing is computed twice, the cache takes what is left and no gradient goes to the host", () => {
  const { chosen, bytes, budget } = choose(2 * plain);
  assert.equal(chosen.recompute, false);
  assert.equal(chosen.offload, undefined);
  assert.ok((chosen.cache ?? 0) > 8, `a cache of ${chosen.cache}`);
  assert.ok(bytes <= budget && bytes > 0.7 * budget, `${bytes} of ${budget}`);
});

Deno.test("what is given is not chosen", () => {
  const { chosen, notes } = choose(4 * plain, { cache: 1, recompute: true, offload: "none" });
  assert.deepEqual(chosen, { cache: 1, recompute: true, offload: "none" });
  assert.equal(notes.length, 1);
});

Deno.test("where two gradients do not fit one waits on the host, and a cache that is too large is made smaller", () => {
  const { chosen, bytes, budget, notes } = choose(0.95 * plain);
  assert.equal(chosen.offload, "gradient");
  assert.ok((chosen.cache ?? 4) < 4 && (chosen.cache ?? 4) > 1, `a cache of ${chosen.cache}`);
  assert.ok(bytes <= budget, `${bytes} of ${budget}: ${notes.join("\n")}`);
});

Deno.test("where nothing that leaves the result as it is makes a run fit, a line says what is too much", () => {
  const { bytes, budget, notes } = choose(0.3 * plain);
  assert.ok(bytes > budget);
  assert.match(notes.at(-1) ?? "", /^[\d.]+ GiB too much/);
});

Deno.test("a cache bounds the blocks of what is decoded at a time, and one sequence always fits", () => {
  const requests = Array.from({ length: 100 }, (_, i): Request => ({
    promptTokens: new Int32Array(10).fill(i),
    key: [0, 0],
    maxTokens: 2038,
  }));
  const room = (cache?: number) => {
    const { slots, blocks } = poolShape({ config, info }, requests, { cache });
    return [slots, blocks];
  };
  // 2,048 tokens of 4 layers, 2 x 2,048 numbers of 4 bytes each: an eighth of a GiB, 128 blocks.
  assert.deepEqual(room(1), [100, 8 * 128]);
  assert.deepEqual(room(4), room());
  // A block of the prompt and 128 of the response; a block of each for 64 responses.
  assert.deepEqual(room(0), [64, 129]);
});
