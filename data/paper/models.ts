/**
 * The shapes of the paper's two models, as their `config.json` on the Hub has them (apache-2.0), so that a run can be planned where they are
 * not: nothing is loaded by these.
 */

/** `config.json` by Hub name; fields that decide no size are left out. */
export const publishedConfigs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "Qwen/Qwen2.5-Math-7B": {
    architectures: ["Qwen2ForCausalLM"],
    model_type: "qwen2",
    vocab_size: 152064,
    hidden_size: 3584,
    intermediate_size: 18944,
    num_hidden_layers: 28,
    num_attention_heads: 28,
    num_key_value_heads: 4,
    hidden_act: "silu",
    max_position_embeddings: 4096,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: false,
    bos_token_id: 151643,
    eos_token_id: 151643,
  },
  "Qwen/Qwen3-4B": {
    architectures: ["Qwen3ForCausalLM"],
    model_type: "qwen3",
    vocab_size: 151936,
    hidden_size: 2560,
    intermediate_size: 9728,
    num_hidden_layers: 36,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    hidden_act: "silu",
    max_position_embeddings: 40960,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000,
    tie_word_embeddings: true,
    attention_bias: false,
    bos_token_id: 151643,
    eos_token_id: 151645,
  },
};
