/**
 * The parameters of a model: Hugging Face names, shapes from the configuration, in the common storage order of weights, gradients and
 * optimizer state.
 */
import type { ModelConfig } from "./model_config.ts";

/** A parameter of a model under its Hugging Face name; matrices are [outputs, inputs]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: ReadonlyArray<number>;
}

/** The number of elements of a parameter. */
export const elementCount = ({ shape }: ParameterSpec): number => shape.reduce((product, n) => product * n, 1);

/** The number of elements of all parameters of a model. */
export const parameterCount = (config: ModelConfig): number =>
  parameterSpecs(config).reduce((sum, spec) => sum + elementCount(spec), 0);

/**
 * Every parameter of a model in order: embedding, layers in the order of computation, last norm, then an untied head, or a critic's value
 * head (`score.weight`, and `score.bias` if its files have one).
 */
export const parameterSpecs = (config: ModelConfig): ReadonlyArray<ParameterSpec> => {
  const { width: C, ffn: F, vocabSize: V, headWidth: D } = config;
  const q = config.heads * D;
  const kv = config.kvHeads * D;
  const bias = (name: string, size: number) =>
    config.qkvBias ? [{ name: `self_attn.${name}.bias`, shape: [size] }] : [];
  const norm = (name: string) => config.qkNorm ? [{ name: `self_attn.${name}.weight`, shape: [D] }] : [];
  const layer: ReadonlyArray<ParameterSpec> = [
    { name: "input_layernorm.weight", shape: [C] },
    { name: "self_attn.q_proj.weight", shape: [q, C] },
    ...bias("q_proj", q),
    { name: "self_attn.k_proj.weight", shape: [kv, C] },
    ...bias("k_proj", kv),
    { name: "self_attn.v_proj.weight", shape: [kv, C] },
    ...bias("v_proj", kv),
    ...norm("q_norm"),
    ...norm("k_norm"),
    { name: "self_attn.o_proj.weight", shape: [C, q] },
    { name: "post_attention_layernorm.weight", shape: [C] },
    { name: "mlp.gate_proj.weight", shape: [F, C] },
    { name: "mlp.up_proj.weight", shape: [F, C] },
    { name: "mlp.down_proj.weight", shape: [C, F] },
  ];
  const layers = Array.from(
    { length: config.layers },
    (_, index) => layer.map(({ name, shape }) => ({ name: `model.layers.${index}.${name}`, shape })),
  );
  return [
    { name: "model.embed_tokens.weight", shape: [V, C] },
    ...layers.flat(),
    { name: "model.norm.weight", shape: [C] },
    ...(config.valueHead ? [{ name: "score.weight", shape: [1, C] }] : []),
    ...(config.valueBias === true ? [{ name: "score.bias", shape: [1] }] : []),
    ...(config.tied || config.valueHead ? [] : [{ name: "lm_head.weight", shape: [V, C] }]),
  ];
};
