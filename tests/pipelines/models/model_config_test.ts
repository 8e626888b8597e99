/** Model configurations: what is read from files in their several spellings, and what is refused by name. */
import assert from "node:assert/strict";
import {
  type ModelConfig,
  type ParsedConfig,
  parseModelConfig,
  withValueHead,
} from "../../../pipelines/models/model_config.ts";
import { faultMessage } from "../../../pipelines/files/json.ts";
import { families } from "../../../pipelines/models/families/mod.ts";
import { formatPython, parsePython } from "../../../pipelines/files/python_json.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";

const folder = new URL("../../golden/models/", import.meta.url).pathname;
const base = {
  architectures: ["Qwen2ForCausalLM"],
  vocab_size: 100,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
};

const parse = (changes: Record<string, unknown>, generation?: Record<string, unknown>): ParsedConfig =>
  parseModelConfig(
    { file: "config.json", text: JSON.stringify({ ...base, ...changes }) },
    generation === undefined ? undefined : { file: "generation_config.json", text: JSON.stringify(generation) },
  );
const good = (changes: Record<string, unknown>, generation?: Record<string, unknown>): ModelConfig => {
  const parsed = parse(changes, generation);
  assert.ok(parsed.ok, parsed.ok ? "" : faultMessage(parsed.fault));
  return parsed.config;
};
const refusal = (changes: Record<string, unknown>, generation?: Record<string, unknown>): string => {
  const parsed = parse(changes, generation);
  assert.ok(!parsed.ok);
  return faultMessage(parsed.fault);
};

Deno.test("the golden models' configurations are read in both spellings of the rotary settings", () => {
  const read = (name: string) => good(JSON.parse(Deno.readTextFileSync(`${folder}${name}/config.json`)));
  assert.deepEqual(read("qwen3_tied").ropeScaling, { kind: "none" });
  assert.equal(read("qwen3_tied").ropeTheta, 1e6);
  assert.equal(read("qwen3_tied").headWidth, 12);
  assert.equal(read("qwen2_tied").ropeTheta, 1e4);
  assert.deepEqual(read("llama_untied").ropeScaling, { kind: "linear", factor: 2 });
  assert.equal(read("llama_tied").ropeScaling.kind, "llama3");
});

Deno.test("what a file leaves out is what transformers takes for the family", () => {
  const { num_key_value_heads: _, ...rest } = base;
  const text = JSON.stringify({ ...rest, architectures: ["LlamaForCausalLM"] });
  const llama = parseModelConfig({ file: "config.json", text });
  assert.ok(llama.ok);
  assert.equal(llama.config.kvHeads, 4);
  const qwen3 = good({ architectures: ["Qwen3ForCausalLM"] });
  assert.deepEqual([qwen3.headWidth, qwen3.rmsNormEps, qwen3.ropeTheta, qwen3.tied], [128, 1e-6, 1e4, false]);
  assert.equal(good({ architectures: undefined, model_type: "llama" }).family, "llama");
  const without = (architecture: string) =>
    good({ architectures: [architecture], max_position_embeddings: undefined, rope_scaling: null }).context;
  assert.deepEqual(["Qwen2ForCausalLM", "Qwen3ForCausalLM", "LlamaForCausalLM"].map(without), [32768, 32768, 2048]);
  // Null is the number of heads in every family, unlike a field that is not there.
  assert.deepEqual([good({ num_key_value_heads: null }).kvHeads, base.num_attention_heads], [4, 4]);
  assert.equal(good({ architectures: ["LlamaForCausalLM"], head_dim: null }).headWidth, 8);
});

Deno.test("what transformers reads past in a family is read past: it adds no bias that is not computed", () => {
  assert.deepEqual(good({ attention_bias: true, mlp_bias: true }).qkvBias, true);
  assert.deepEqual(good({ architectures: ["Qwen3ForCausalLM"], mlp_bias: true }).qkvBias, false);
});

Deno.test("JSON is read as Python writes it: NaN, infinities, a mark of byte order; and written so again", () => {
  const odd = '{"initializer_range":NaN,"note":"NaN \\"-Infinity","limits":[-Infinity,Infinity,1e3]}';
  const text = `\ufeff${odd.slice(0, -1)},${JSON.stringify(base).slice(1)}`;
  const parsed = parseModelConfig({ file: "config.json", text });
  assert.ok(parsed.ok, parsed.ok ? "" : faultMessage(parsed.fault));
  const { initializer_range, note, limits } = parsed.config.raw;
  assert.deepEqual([initializer_range, note, limits], [NaN, 'NaN "-Infinity', [-Infinity, Infinity, 1000]]);
  const again = formatPython(parsed.config.raw);
  assert.match(again, /"initializer_range": NaN,/);
  assert.deepEqual(parsePython(again), parsed.config.raw);
  assert.equal(formatPython(base), `${JSON.stringify(base, undefined, 2)}\n`);
  for (const text of ["{'a': 1}", "{a: NaN}", '{"a": nan}', '{"a": NaNa}', '{"a": -NaN}', "NaN{}"]) {
    assert.ok(!parseModelConfig({ file: "config.json", text }).ok, text);
  }
});

Deno.test("stop tokens come from generation_config.json first, a number or a list", () => {
  assert.deepEqual(good({ eos_token_id: 7 }).stopTokens, [7]);
  assert.deepEqual(good({ eos_token_id: 7 }, { eos_token_id: [3, 4] }).stopTokens, [3, 4]);
  assert.deepEqual(good({ eos_token_id: [7, 8] }, { do_sample: true }).stopTokens, [7, 8]);
  assert.deepEqual(good({}).stopTokens, []);
});

Deno.test("what the transformer does not compute is refused with file, field and value", () => {
  const refused: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
    [
      { architectures: ["GPT2LMHeadModel"] },
      'field "architectures" is ["GPT2LMHeadModel"], expected one of Qwen2ForCausalLM',
    ],
    [{ hidden_size: undefined }, 'field "hidden_size" is missing'],
    [{ hidden_size: "32" }, 'field "hidden_size" is "32"'],
    [{ num_hidden_layers: 1.5 }, 'field "num_hidden_layers" is 1.5'],
    [{ num_attention_heads: 5 }, 'field "head_dim" is 6.4'],
    [{ head_dim: 7 }, 'field "head_dim" is 7, expected an even'],
    [{ num_key_value_heads: 3 }, 'field "num_key_value_heads" is 3, expected a divisor'],
    [{ hidden_act: "gelu" }, 'field "hidden_act" is "gelu"'],
    [{ hidden_act: null }, 'field "hidden_act" is null'],
    [{ head_dim: null }, 'field "head_dim" is null'],
    [
      { num_hidden_layers: 1e12 },
      'field "num_hidden_layers" is 1000000000000, expected a whole number above 0 and at most',
    ],
    [{ architectures: ["Qwen3ForCausalLM"], attention_bias: true }, 'field "attention_bias" is true'],
    [{ architectures: ["LlamaForCausalLM"], attention_bias: true }, 'field "attention_bias" is true'],
    [{ architectures: ["LlamaForCausalLM"], mlp_bias: true }, 'field "mlp_bias" is true'],
    [{ architectures: "Qwen2ForCausalLM", model_type: "qwen2" }, 'field "architectures" is "Qwen2ForCausalLM"'],
    [{ model_type: "qwen3" }, 'field "model_type" is "qwen3", expected "qwen2"'],
    [{ max_position_embeddings: null }, 'field "max_position_embeddings" is null'],
    [{ rms_norm_eps: null }, 'field "rms_norm_eps" is null'],
    [{ tie_word_embeddings: null }, 'field "tie_word_embeddings" is null'],
    [{ tie_word_embeddings: "yes" }, 'field "tie_word_embeddings" is "yes"'],
    [{ rms_norm_eps: 0 }, 'field "rms_norm_eps" is 0'],
    [{ rope_theta: -1 }, 'field "rope_theta" is -1'],
    [{ rope_parameters: { rope_theta: "x" } }, 'field "rope_parameters.rope_theta" is "x"'],
    [{ rope_scaling: { type: "yarn" } }, 'field "rope_scaling.factor" is missing'],
    [{ rope_scaling: { type: "linear" } }, 'field "rope_scaling.factor" is missing'],
    [{ rope_scaling: "linear" }, 'field "rope_scaling" is "linear"'],
    [{ partial_rotary_factor: 0.5 }, 'field "partial_rotary_factor" is 0.5'],
    [{ use_sliding_window: true, max_window_layers: 1 }, 'field "use_sliding_window" is true'],
    [{ use_sliding_window: "yes" }, 'field "use_sliding_window" is "yes"'],
    [{ sliding_window: "none" }, 'field "sliding_window" is "none"'],
    [{ layer_types: ["full_attention", "sliding_attention"] }, 'field "layer_types"'],
    [{ layer_types: "full_attention" }, 'field "layer_types" is "full_attention"'],
    [
      { layer_types: ["full_attention"] },
      'field "layer_types" is ["full_attention"], expected "full_attention" for each of 2',
    ],
    [{ layer_types: { 0: "full_attention" } }, 'field "layer_types" is {"0"'],
    [{ quantization_config: { quant_method: "awq" } }, 'field "quantization_config"'],
    [{ quantization_config: "awq" }, 'field "quantization_config"'],
    [{ eos_token_id: 100 }, 'field "eos_token_id" is 100, expected token ids from 0 to 99'],
  ];
  for (const [changes, expected] of refused) {
    const message = refusal(changes);
    assert.ok(message.startsWith(`Cannot use "config.json": ${expected}`), `${message}\n${expected}`);
  }
  assert.match(refusal({}, { eos_token_id: [1, "2"] }), /^Cannot use "generation_config.json": field "eos_token_id"/);
});

Deno.test("a window that no layer uses is no window", () => {
  good({ use_sliding_window: true, sliding_window: 4096, max_window_layers: 28 });
  good({ use_sliding_window: true, sliding_window: null });
  good({ use_sliding_window: false, sliding_window: 8, layer_types: ["full_attention", "full_attention"] });
});

Deno.test("a text that is no JSON object is a fault of its file", () => {
  for (const text of ["{", "[]", "null", "3"]) {
    const parsed = parseModelConfig({ file: "config.json", text });
    assert.ok(!parsed.ok);
    assert.match(faultMessage(parsed.fault), /"config.json".*expected a JSON object/);
  }
});

Deno.test("parameterSpecs() lists each family's parameters, their shapes and one fixed order", () => {
  const names = (config: ModelConfig) => parameterSpecs(config).map(({ name }) => name);
  const qwen2 = good({ tie_word_embeddings: true });
  assert.deepEqual(names(qwen2).slice(0, 8), [
    "model.embed_tokens.weight",
    "model.layers.0.input_layernorm.weight",
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.0.self_attn.q_proj.bias",
    "model.layers.0.self_attn.k_proj.weight",
    "model.layers.0.self_attn.k_proj.bias",
    "model.layers.0.self_attn.v_proj.weight",
    "model.layers.0.self_attn.v_proj.bias",
  ]);
  assert.equal(names(qwen2).at(-1), "model.norm.weight");
  const qwen3 = good({ architectures: ["Qwen3ForCausalLM"], head_dim: 12 });
  assert.equal(names(qwen3).at(-1), "lm_head.weight");
  const shapes = new Map(parameterSpecs(qwen3).map(({ name, shape }) => [name, shape]));
  assert.deepEqual(shapes.get("model.layers.1.self_attn.q_proj.weight"), [48, 32]);
  assert.deepEqual(shapes.get("model.layers.1.self_attn.k_norm.weight"), [12]);
  assert.deepEqual(shapes.get("model.layers.1.self_attn.o_proj.weight"), [32, 48]);
  assert.deepEqual(shapes.get("model.layers.1.mlp.down_proj.weight"), [32, 48]);
});

Deno.test("withValueHead() makes a critic's configuration, read back as one", () => {
  for (const family of Object.values(families)) {
    const critic = withValueHead(good({ architectures: [...family.architectures] }));
    const read = good(critic.raw as Record<string, unknown>);
    assert.deepEqual(read, critic);
    assert.deepEqual(parameterSpecs(read).at(-1), { name: "score.weight", shape: [1, 32] });
    assert.ok(!parameterSpecs(read).some(({ name }) => name === "lm_head.weight"));
  }
});
