/**
 * The configuration of a decoder-only language model from its Hugging Face directory: sizes from `config.json`, and the tokens that end a
 * response from `generation_config.json` (else `config.json`). Unsupported features (sliding windows, other activations, other rotary
 * scalings, output biases) are refused by name, because ignoring one gives a model with small errors. Fields that transformers ignores or
 * has defaults for are treated in the same way.
 */
import { type ConfigFault, type Json, jsonExcerpt, parseObject } from "../files/json.ts";
import { type Reader, reader } from "./config_reader.ts";
import { type ConfigKeys, type Family, keysOfFamily } from "./families/family.ts";
import { families } from "./families/mod.ts";
import { readRope, type RopeScaling } from "./rope_settings.ts";
import { ropeFrequencies } from "./rope_table.ts";

export type { RopeScaling } from "./rope_settings.ts";

/** The sizes and switches of one model (`valueHead`: a critic, with one output per token); `raw` is `config.json` as read. */
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
  /** Whether a critic's head adds a bias (`score.bias`), as its files have one. */
  readonly valueBias?: boolean;
  /** The number of ids that the tokenizer knows, if fewer than the rows (`padded_vocabulary.ts`); the head ends there. */
  readonly knownTokens?: number;
  readonly stopTokens: ReadonlyArray<number>;
  readonly raw: Json;
}

/** A configuration, or the first fault. */
export type ParsedConfig =
  | { readonly ok: true; readonly config: ModelConfig }
  | { readonly ok: false; readonly fault: ConfigFault };

/** Parses the texts of `config.json` and, if present, `generation_config.json`; errors use the given file names. */
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
  const keys = keysOfFamily(family);
  const width = read.size(keys.width);
  const heads = read.size(keys.heads);
  const kvHeads = read.size(keys.kvHeads, { fallback: family.kvHeads(heads), ofNull: heads });
  const headWidth = read.size(keys.headWidth, {
    fallback: family.headWidth(width, heads),
    ...(family.nullHeadWidth ? { ofNull: width / heads } : {}),
    most: mostHeadWidth,
  });
  const layers = read.size(keys.layers, { most: mostLayers });
  const context = read.size(keys.context, { fallback: family.context });
  const rope = readRope(read, raw, context);
  const parsed: ModelConfig = {
    family: family.name,
    vocabSize: read.size(keys.vocabSize),
    width,
    layers,
    heads,
    kvHeads,
    headWidth,
    ffn: read.size(keys.ffn),
    rmsNormEps: read.positive(keys.rmsNormEps, raw[keys.rmsNormEps], 1e-6),
    ropeTheta: rope.theta,
    ropeScaling: rope.scaling,
    context: rope.context,
    tied: read.flag(keys.tied, raw[keys.tied], false),
    qkvBias: family.qkvBias,
    qkNorm: family.qkNorm,
    valueHead: Array.isArray(raw.architectures) && raw.architectures[0] === family.criticArchitecture,
    stopTokens: [],
    raw,
  };
  read.expect(keys.headWidth, headWidth, headWidth % 2 === 0, "an even whole number");
  read.expect(keys.kvHeads, kvHeads, heads % kvHeads === 0, `a divisor of ${keys.heads} (${heads})`);
  const activation = raw[keys.activation];
  read.expect(keys.activation, activation, activation === undefined || activation === "silu", '"silu"');
  for (const bias of family.biasSwitches) read.expect(bias, raw[bias], (raw[bias] ?? false) === false, "false");
  read.expect("quantization_config", raw.quantization_config, (raw.quantization_config ?? null) === null, "none");
  const type = raw.model_type;
  read.expect("model_type", type, (type ?? family.name) === family.name, `"${family.name}", as "architectures" says`);
  readWindow(read, raw, layers);
  const named = generationRaw.eos_token_id ?? undefined;
  const stops = named === undefined ? read : reader(generation?.file ?? config.file, generationRaw);
  const stopTokens = stops.tokens("eos_token_id", named ?? raw.eos_token_id, parsed.vocabSize);
  if (read.fault() === undefined) {
    const turns = ropeFrequencies(parsed).every((frequency) =>
      Number.isFinite(Math.fround(frequency * parsed.context))
    );
    read.expect("rope_theta", parsed.ropeTheta, turns, "a number that gives finite angles");
  }
  const fault = read.fault() ?? stops.fault();
  return fault === undefined ? { ok: true, config: { ...parsed, stopTokens } } : { ok: false, fault };
};

/** The configuration of a critic with the body of a policy; `raw` is as in transformers' token classifiers. */
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

// Far above every model, and low enough to refuse a damaged file before allocating its lists.
const mostHeadWidth = 4096;
const mostLayers = 4096;

/** What a model's family calls the fields of its `config.json`; the usual names for an unknown family. */
export const keysIn = (raw: Json): ConfigKeys => keysOfFamily(familyOf(raw) ?? {});

const familyOf = (raw: Json): Family | undefined => {
  const known = Object.values(families);
  const { architectures: list } = raw;
  if (list !== undefined && list !== null && !Array.isArray(list)) return undefined;
  const named = list?.[0];
  return named === undefined
    ? known.find((family) => family.name === raw.model_type)
    : known.find((family) => [...family.architectures, family.criticArchitecture].includes(named));
};

const unknownFamily = (file: string, raw: Json): ConfigFault => ({
  file,
  field: "architectures",
  value: jsonExcerpt(raw.architectures ?? raw.model_type),
  expected: `one of ${Object.values(families).flatMap((family) => family.architectures).join(", ")}`,
});

const readWindow = (read: Reader, raw: Json, layers: number): void => {
  const { layer_types: kinds, sliding_window: window } = raw;
  const hasKinds = kinds !== undefined && kinds !== null;
  const isFull = Array.isArray(kinds) && kinds.length === layers && kinds.every((kind) => kind === "full_attention");
  read.expect("layer_types", kinds, !hasKinds || isFull, `"full_attention" for each of ${layers} layers`);
  const mayWindow = window === undefined || window === null || Number.isSafeInteger(window);
  read.expect("sliding_window", window, mayWindow, "a whole number or null");
  const on = read.flag("use_sliding_window", raw.use_sliding_window, false);
  const first = raw.max_window_layers ?? 28;
  read.expect("max_window_layers", first, Number.isSafeInteger(first), "a whole number");
  const slides = on && window !== null && !hasKinds && Number(first) < layers;
  read.expect("use_sliding_window", on, !slides, "false (every layer attends to all positions)");
};
