/**
 * The shape of a decoder-only language model as its Hugging Face directory states it: `config.json` for the sizes, and
 * `generation_config.json` (else `config.json`) for the tokens that end a response. Everything the transformer here does
 * not compute (sliding windows, other activations, other rotary scalings, output biases) is refused by name, because a
 * setting that is read past gives a model that is nearly right.
 */
import * as Result from "effect/Result";
import { families } from "./mod.ts";

/** What tells one model family from another; `headWidth` and `kvHeads` are its values where `config.json` is silent. */
export interface Family {
  readonly name: string;
  readonly architectures: ReadonlyArray<string>;
  readonly criticArchitecture: string;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  readonly headWidth: (width: number, heads: number) => number;
  readonly kvHeads: (heads: number) => number;
}

/** How rotary frequencies are changed after pretraining. */
export type RopeScaling =
  | { readonly kind: "none" }
  | { readonly kind: "linear"; readonly factor: number }
  | {
    readonly kind: "llama3";
    readonly factor: number;
    readonly lowFrequencyFactor: number;
    readonly highFrequencyFactor: number;
    readonly originalContext: number;
  };

/** The sizes and switches of one model (`valueHead`: a critic, with one number a token for its head); `raw` is `config.json` as it was read. */
export interface ModelConfig {
  readonly family: string;
  readonly vocabSize: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly ffn: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly context: number;
  readonly tied: boolean;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  readonly valueHead: boolean;
  readonly stopTokens: ReadonlyArray<number>;
  readonly raw: Json;
}

/** A parsed JSON object. */
export type Json = { readonly [key: string]: unknown };

/** The first thing in a configuration file that cannot be used. */
export interface ConfigFault {
  readonly file: string;
  readonly field: string;
  readonly value: string;
  readonly expected: string;
}

/** What `parseModelConfig` returns: a configuration, or the first fault. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: ModelConfig }
  | { readonly ok: false; readonly fault: ConfigFault };

/** One sentence for a fault, naming file, field and value. */
export const faultMessage = (fault: ConfigFault): string =>
  `Cannot use "${fault.file}": field "${fault.field}" is ${fault.value}, expected ${fault.expected}`;

/** The text as a JSON object, or the fault that it is none. */
export const parseObject = (
  file: string,
  text: string,
): { readonly ok: true; readonly object: Json } | { readonly ok: false; readonly fault: ConfigFault } => {
  const parsed = Result.try((): unknown => JSON.parse(text));
  const object = Result.isSuccess(parsed) ? parsed.success : undefined;
  if (isObject(object)) return { ok: true, object };
  const value = Result.isSuccess(parsed) ? shown(object) : "not JSON";
  return { ok: false, fault: { file, field: "(file)", value, expected: "a JSON object" } };
};

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads the texts of `config.json` and, where there is one, `generation_config.json`; files are named as given. */
export const parseModelConfig = (
  config: { readonly file: string; readonly text: string },
  generation?: { readonly file: string; readonly text: string },
): ParsedConfig => {
  const parsedConfig = parseObject(config.file, config.text);
  if (!parsedConfig.ok) return parsedConfig;
  const parsedGeneration = parseObject(generation?.file ?? "", generation?.text ?? "{}");
  if (!parsedGeneration.ok) return parsedGeneration;
  const raw = parsedConfig.object;
  const generationRaw = parsedGeneration.object;

  const read = reader(config.file, raw);
  const family = familyOf(raw);
  if (family === undefined) return { ok: false, fault: unknownFamily(config.file, raw) };
  const width = read.size("hidden_size");
  const heads = read.size("num_attention_heads");
  const kvHeads = read.size("num_key_value_heads", family.kvHeads(heads));
  const headWidth = read.size("head_dim", family.headWidth(width, heads));
  const layers = read.size("num_hidden_layers");
  const rope = ropeFields(raw);
  const parsed: ModelConfig = {
    family: family.name,
    vocabSize: read.size("vocab_size"),
    width,
    layers,
    heads,
    kvHeads,
    headWidth,
    ffn: read.size("intermediate_size"),
    rmsNormEps: read.positive("rms_norm_eps", raw.rms_norm_eps, 1e-6),
    ropeTheta: read.positive(rope.theta.field, rope.theta.value, 10000),
    ropeScaling: readScaling(read, raw, rope),
    context: read.size("max_position_embeddings"),
    tied: read.flag("tie_word_embeddings", false),
    qkvBias: family.qkvBias,
    qkNorm: family.qkNorm,
    valueHead: Array.isArray(raw.architectures) && raw.architectures[0] === family.criticArchitecture,
    stopTokens: [],
    raw,
  };
  read.expect("head_dim", headWidth, headWidth % 2 === 0, "an even whole number");
  read.expect("num_key_value_heads", kvHeads, heads % kvHeads === 0, `a divisor of num_attention_heads (${heads})`);
  read.expect("hidden_act", raw.hidden_act, (raw.hidden_act ?? "silu") === "silu", '"silu"');
  for (const bias of ["attention_bias", "mlp_bias"]) {
    // Qwen2 has its three biases by architecture; this switch, in the other families, would add one to the output too.
    read.expect(bias, raw[bias], (raw[bias] ?? false) === false, "false");
  }
  read.expect("quantization_config", raw.quantization_config, !isObject(raw.quantization_config), "none");
  readWindow(read, raw, layers);
  const named = generationRaw.eos_token_id ?? undefined;
  const stops = named === undefined ? read : reader(generation?.file ?? config.file, generationRaw);
  const stopTokens = stops.tokens("eos_token_id", named ?? raw.eos_token_id, parsed.vocabSize);
  const fault = read.fault() ?? stops.fault();
  return fault === undefined ? { ok: true, config: { ...parsed, stopTokens } } : { ok: false, fault };
};

/** The configuration of a critic on the body of a policy, `raw` as transformers' token classifiers have it. */
export const withValueHead = (config: ModelConfig): ModelConfig => ({
  ...config,
  valueHead: true,
  raw: {
    ...config.raw,
    architectures: [families[config.family].criticArchitecture],
    id2label: { "0": "value" },
    label2id: { value: 0 },
  },
});

const shown = (value: unknown): string => {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Reads the fields of one file and remembers the first that is wrong; what it returns after that is never used. */
const reader = (file: string, raw: Json) => {
  let first: ConfigFault | undefined;
  const expect = (field: string, value: unknown, good: boolean, expected: string): void => {
    if (!good) first ??= { file, field, value: shown(value), expected };
  };
  return {
    expect,
    fault: () => first,
    size: (field: string, fallback?: number): number => {
      const value = raw[field] ?? fallback;
      expect(field, value, Number.isSafeInteger(value) && Number(value) > 0, "a whole number above 0");
      return Number(value);
    },
    positive: (field: string, value: unknown, fallback?: number): number => {
      const number = value ?? fallback;
      expect(field, value, typeof number === "number" && Number.isFinite(number) && number > 0, "a number above 0");
      return Number(number);
    },
    flag: (field: string, fallback: boolean): boolean => {
      const value = raw[field] ?? fallback;
      expect(field, value, typeof value === "boolean", "true or false");
      return value === true;
    },
    tokens: (field: string, value: unknown, vocabSize: number): ReadonlyArray<number> => {
      const list = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
      const good = list.every((token) => Number.isSafeInteger(token) && token >= 0 && token < vocabSize);
      expect(field, value, good, `token ids from 0 to ${vocabSize - 1}`);
      return good ? list.map(Number) : [];
    },
  };
};
type Reader = ReturnType<typeof reader>;

const familyOf = (raw: Json): Family | undefined => {
  const known = Object.values(families);
  const named = Array.isArray(raw.architectures) ? raw.architectures[0] : undefined;
  return named === undefined
    ? known.find((family) => family.name === raw.model_type)
    : known.find((family) => [...family.architectures, family.criticArchitecture].includes(named));
};

const unknownFamily = (file: string, raw: Json): ConfigFault => ({
  file,
  field: "architectures",
  value: shown(raw.architectures ?? raw.model_type),
  expected: `one of ${Object.values(families).flatMap((family) => family.architectures).join(", ")}`,
});

/** Newer files hold all in `rope_parameters`; older ones have `rope_theta` beside an optional `rope_scaling`. */
const ropeFields = (raw: Json) => {
  const field = isObject(raw.rope_parameters) ? "rope_parameters" : "rope_scaling";
  const value = raw[field];
  const fields = isObject(value) ? value : {};
  const theta = fields.rope_theta === undefined
    ? { field: "rope_theta", value: raw.rope_theta }
    : { field: `${field}.rope_theta`, value: fields.rope_theta };
  return { field, value, fields, theta };
};

const readScaling = (read: Reader, raw: Json, rope: ReturnType<typeof ropeFields>): RopeScaling => {
  const { field, fields, value } = rope;
  read.expect(field, value, value === undefined || value === null || isObject(value), "an object or null");
  const part = fields.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1;
  read.expect(`${field}.partial_rotary_factor`, part, part === 1, "1");
  const number = (name: string) => read.positive(`${field}.${name}`, fields[name]);
  const kind = fields.rope_type ?? fields.type ?? "default";
  switch (kind) {
    case "default":
      return { kind: "none" };
    case "linear":
      return { kind: "linear", factor: number("factor") };
    case "llama3":
      return {
        kind: "llama3",
        factor: number("factor"),
        lowFrequencyFactor: number("low_freq_factor"),
        highFrequencyFactor: number("high_freq_factor"),
        originalContext: number("original_max_position_embeddings"),
      };
    default:
      read.expect(`${field}.rope_type`, kind, false, '"default", "linear" or "llama3"');
      return { kind: "none" };
  }
};

const readWindow = (read: Reader, raw: Json, layers: number): void => {
  const kinds = Array.isArray(raw.layer_types) ? raw.layer_types : [];
  read.expect(
    "layer_types",
    raw.layer_types,
    kinds.every((kind) => kind === "full_attention"),
    '"full_attention" only',
  );
  const slides = raw.use_sliding_window === true && raw.sliding_window !== null &&
    kinds.length === 0 && Number(raw.max_window_layers ?? 28) < layers;
  read.expect("use_sliding_window", raw.use_sliding_window, !slides, "false (every layer attends to all positions)");
};
