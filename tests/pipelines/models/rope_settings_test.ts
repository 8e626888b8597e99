/** Rotary settings in their spellings against what transformers makes of them (`tests/golden/models/make_rope_configs_golden.py`). */
import assert from "node:assert/strict";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { faultMessage } from "../../../pipelines/files/json.ts";
import { attentionFactor, ropeFrequencies, ropeTable } from "../../../pipelines/models/rope_table.ts";

interface Case {
  readonly family: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly error?: true;
  readonly positions?: ReadonlyArray<number>;
  readonly frequencies?: ReadonlyArray<number>;
  readonly attentionFactor?: number;
  readonly cosine?: ReadonlyArray<ReadonlyArray<number>>;
  readonly sine?: ReadonlyArray<ReadonlyArray<number>>;
}
const path = new URL("../../golden/models/rope_configs.json", import.meta.url);
const cases: ReadonlyArray<Case> = JSON.parse(Deno.readTextFileSync(path));
const base = {
  vocab_size: 100,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
};
const architectures: Readonly<Record<string, string>> = {
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  llama: "LlamaForCausalLM",
};
const parse = (family: string, changes: Readonly<Record<string, unknown>>) =>
  parseModelConfig({
    file: "config.json",
    text: JSON.stringify({ ...base, model_type: family, architectures: [architectures[family]], ...changes }),
  });
const refusal = (family: string, changes: Readonly<Record<string, unknown>>): string => {
  const parsed = parse(family, changes);
  assert.ok(!parsed.ok, JSON.stringify(changes));
  return faultMessage(parsed.fault);
};

Deno.test("rotary settings give transformers' frequencies, cosines and sines within its rounding, or are refused where it fails", () => {
  let [refused, read, same, all] = [0, 0, 0, 0];
  for (const golden of cases) {
    const what = `${golden.family} ${JSON.stringify(golden.changes)}`;
    // Transformers' Qwen2 reads this configuration but cannot build a model of it.
    const fails = golden.error === true || (golden.family === "qwen2" && golden.changes.head_dim === null);
    const parsed = parse(golden.family, golden.changes);
    assert.equal(parsed.ok, !fails, `${what}: ${parsed.ok ? "read" : faultMessage(parsed.fault)}`);
    refused += Number(!parsed.ok);
    if (!parsed.ok) continue;
    const { config } = parsed;
    const frequencies = ropeFrequencies(config);
    assert.equal(frequencies.length, golden.frequencies?.length, what);
    golden.frequencies?.forEach((expected, i) => {
      // PyTorch's power of many numbers at once is not correctly rounded; most have the same bits all the same.
      assert.ok(Math.abs(frequencies[i] / expected - 1) <= 2 ** -22, `${what} frequency ${i}: ${frequencies[i]}`);
      same += Number(frequencies[i] === Math.fround(expected));
      all++;
    });
    const factor = golden.attentionFactor ?? NaN;
    assert.ok(Math.abs(attentionFactor(config.ropeScaling) - factor) <= 1e-15, what);
    const half = config.headWidth / 2;
    const table = ropeTable(config, 4096);
    const rows = (golden.positions ?? []).filter((position) => position < 4096);
    rows.forEach((position, row) => {
      for (let i = 0; i < half; i++) {
        const at = position * half + i;
        const tolerance = 2 ** -22 + 2 * position * Math.abs(frequencies[i] - (golden.frequencies?.[i] ?? NaN));
        for (const [found, rows] of [[table.cosine[at], golden.cosine], [table.sine[at], golden.sine]] as const) {
          assert.ok(Math.abs(found - (rows?.[row][i] ?? NaN)) <= tolerance, `${what} ${position} ${i}: ${found}`);
        }
      }
    });
    read += rows.length;
  }
  assert.ok(refused > 10 && read > 100, `${refused} refused, ${read} rows read`);
  assert.ok(same >= 0.98 * all, `${same} of ${all} frequencies have the same bits`);
});

Deno.test("a stretched model is good for as many positions as its stretch makes", () => {
  const context = (changes: Readonly<Record<string, unknown>>) => {
    const parsed = parse("qwen3", { max_position_embeddings: 40960, ...changes });
    assert.ok(parsed.ok);
    return parsed.config.context;
  };
  assert.equal(context({}), 40960);
  const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 32768 };
  assert.equal(context({ rope_scaling: yarn }), 131072);
  assert.equal(context({ rope_scaling: { ...yarn, factor: 1 } }), 40960);
});

Deno.test("a rotary setting that is not understood is refused by name", () => {
  const yarn = { type: "yarn", factor: 4 };
  const refused: ReadonlyArray<readonly [Record<string, unknown>, RegExp]> = [
    [{ rope_parameters: { full_attention: { rope_theta: 1e6 } } }, /"rope_parameters.full_attention" is .*1000000/],
    [{ rope_scaling: { rope_type: "dynamic", factor: 2 } }, /"rope_scaling.rope_type" is "dynamic"/],
    [{ rope_scaling: { type: "longrope" } }, /"rope_scaling.type" is "longrope"/],
    [{ rope_scaling: { type: "constructor" } }, /"rope_scaling.type" is "constructor"/],
    [{ rope_scaling: { type: ["yarn"] } }, /"rope_scaling.type" is \["yarn"\]/],
    [{ rope_scaling: { type: "yarn", rope_type: "linear", factor: 2 } }, /"rope_scaling.type" is "yarn"/],
    [{ rope_scaling: { factor: 4 } }, /"rope_scaling.factor" is 4, expected nothing but/],
    [{ rope_parameters: { rope_type: "default", mrope_section: [1, 2] } }, /"rope_parameters.mrope_section"/],
    [{ rope_scaling: { ...yarn, factor: "4" } }, /"rope_scaling.factor" is "4"/],
    [{ rope_scaling: { ...yarn, factor: -1 } }, /"rope_scaling.factor" is -1/],
    [{ rope_scaling: { ...yarn, beta_fast: "32" } }, /"rope_scaling.beta_fast" is "32"/],
    [{ rope_scaling: { ...yarn, truncate: "no" } }, /"rope_scaling.truncate" is "no"/],
    [{ rope_scaling: { ...yarn, attention_factor: 0 } }, /"rope_scaling.attention_factor" is 0/],
    [{ rope_scaling: [yarn] }, /"rope_scaling" is \[/],
    [{ rope_parameters: "default" }, /"rope_parameters" is "default"/],
    [{ rope_theta: 1e300 }, /"rope_theta" is 1e\+300/],
    [{ rope_theta: 1e-44, max_position_embeddings: 1e9 }, /"rope_theta" is 1e-44, expected a number that gives finite/],
    [{ partial_rotary_factor: 0.25 }, /"partial_rotary_factor" is 0.25/],
  ];
  for (const family of Object.keys(architectures)) {
    for (const [changes, message] of refused) assert.match(refusal(family, changes), message);
  }
});
