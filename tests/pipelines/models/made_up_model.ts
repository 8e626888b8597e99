/** Models with made-up weights and any vocabulary, for what golden models are too small to show. */
import assert from "node:assert/strict";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import * as Model from "../../../pipelines/models/model.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import * as Parameters from "../../../pipelines/models/parameters.ts";

/** The `config.json` of a one-layer Qwen3 model of 16 channels, embedding and head tied; the last token stops. */
export const configText = (vocabSize: number): string =>
  JSON.stringify({
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    vocab_size: vocabSize,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 8,
    hidden_act: "silu",
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    eos_token_id: vocabSize - 1,
  });

/** Numbers in [-scale, scale] that look like noise and are the same everywhere. */
export const madeUp = (length: number, scale: number): Float32Array<ArrayBuffer> => {
  const values = new Float32Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = scale * (state / 2 ** 31 - 1);
  }
  return values;
};

/** A model of `configText` on the device. */
export const madeUpModel = (encoder: Encoder, vocabSize: number): Model.Model => {
  const parsed = parseModelConfig({ file: "config.json", text: configText(vocabSize) });
  assert.ok(parsed.ok);
  const set = Parameters.zeros(encoder, Parameters.parameterLayout(parsed.config), "weights");
  for (const place of set.layout.places) {
    const values = madeUp(place.words, 1);
    encoder.write(Parameters.flat(set, place), place.spec.shape.length === 1 ? values.map((x) => 1 + x / 4) : values);
  }
  return Model.fromParameters(encoder, parsed.config, set);
};
