/**
 * The rotary settings of `config.json` in all spellings, read as in transformers 5 (`modeling_rope_utils.py`): a non-empty `rope_scaling`
 * replaces `rope_parameters`; `rope_theta` comes from that object, else from beside it, else it is 10,000. Settings per layer type and
 * unsupported kinds and keys are refused by name, although transformers ignores unknown keys.
 */
import type { Reader } from "./config_reader.ts";
import { isObject, type Json } from "../files/json.ts";

/** The scaling of rotary frequencies after pretraining. */
export type RopeScaling =
  | { readonly kind: "none" }
  | { readonly kind: "linear"; readonly factor: number }
  | {
    readonly kind: "llama3";
    readonly factor: number;
    readonly lowFrequencyFactor: number;
    readonly highFrequencyFactor: number;
    readonly originalContext: number;
  }
  | {
    readonly kind: "yarn";
    readonly factor: number;
    readonly originalContext: number;
    /** Rotations within the original context: from `betaFast` on a frequency is kept, up to `betaSlow` it is scaled. */
    readonly betaFast: number;
    readonly betaSlow: number;
    /** Whether the bounds of the ramp are rounded outwards to integer dimensions. */
    readonly truncate: boolean;
    /** The factor of cosines and sines. */
    readonly attentionFactor: number | Mscale;
  };

/** The attention factor by the logarithm of the scaling factor s: (0.1 m log s + 1) / (0.1 a log s + 1), with `all` 0 for no divisor. */
export interface Mscale {
  readonly own: number;
  readonly all: number;
}

/** The rotary embedding in `config.json`. */
export interface RopeSettings {
  readonly theta: number;
  readonly scaling: RopeScaling;
  /** The number of positions that the model supports. */
  readonly context: number;
}

const ofAll = ["rope_type", "type", "rope_theta", "partial_rotary_factor"];
const keysOf: Readonly<Record<string, ReadonlyArray<string>>> = {
  default: [],
  linear: ["factor"],
  llama3: ["factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"],
  // `finetuned` tells the origin of the weights and does not affect angles.
  yarn: [
    "factor",
    "original_max_position_embeddings",
    "attention_factor",
    "beta_fast",
    "beta_slow",
    "mscale",
    "mscale_all_dim",
    "truncate",
    "finetuned",
  ],
};

/** Reads the rotary settings; `context` is the model's `max_position_embeddings`. */
export const readRope = (read: Reader, raw: Json, context: number): RopeSettings => {
  for (const field of ["rope_parameters", "rope_scaling"]) {
    const value = raw[field];
    read.expect(field, value, value === undefined || value === null || isObject(value), "an object or null");
  }
  const field = isObject(raw.rope_scaling) && Object.keys(raw.rope_scaling).length > 0
    ? "rope_scaling"
    : "rope_parameters";
  const fields = isObject(raw[field]) ? raw[field] : {};
  const kind = fields.rope_type ?? fields.type ?? "default";
  const known = typeof kind === "string" && Object.hasOwn(keysOf, kind);
  const name = fields.rope_type === undefined && fields.type !== undefined ? "type" : "rope_type";
  read.expect(`${field}.${name}`, kind, known, '"default", "linear", "llama3" or "yarn"');
  const isUnlike = fields.type !== undefined && fields.rope_type !== undefined && fields.type !== fields.rope_type;
  read.expect(`${field}.type`, fields.type, !isUnlike, `${JSON.stringify(fields.rope_type)}, as "rope_type"`);
  const keys = known ? [...ofAll, ...keysOf[kind]] : Object.keys(fields);
  for (const [key, value] of Object.entries(fields)) {
    read.expect(`${field}.${key}`, value, keys.includes(key), `nothing but ${keys.join(", ")} ("${kind}")`);
  }
  const theta = fields.rope_theta === undefined
    ? read.positive("rope_theta", raw.rope_theta, 10000)
    : read.positive(`${field}.rope_theta`, fields.rope_theta);
  const part = fields.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1;
  const partField = fields.partial_rotary_factor === undefined ? "" : `${field}.`;
  read.expect(`${partField}partial_rotary_factor`, part, part === 1, "1 (every dimension turns)");
  const scaling = known ? readScaling(read, raw, { field, fields, kind, context }) : { kind: "none" } as const;
  return { theta, scaling, context: scaling.kind === "yarn" ? stretched(scaling, context) : context };
};

/** The context of a scaled model: the original context times the factor, if that is more than the stated one (as in vLLM). */
const stretched = ({ originalContext, factor }: { originalContext: number; factor: number }, context: number): number =>
  Math.max(context, Math.min(Math.floor(originalContext * factor), Number.MAX_SAFE_INTEGER));

interface Scaled {
  readonly field: string;
  readonly fields: Json;
  readonly kind: string;
  readonly context: number;
}

const readScaling = (read: Reader, raw: Json, { field, fields, kind, context }: Scaled): RopeScaling => {
  const number = (name: string, fallback?: number) => read.positive(`${field}.${name}`, fields[name], fallback);
  const original = () =>
    raw.original_max_position_embeddings === undefined
      ? number("original_max_position_embeddings", context)
      : read.positive("original_max_position_embeddings", raw.original_max_position_embeddings);
  switch (kind) {
    case "linear":
      return { kind, factor: number("factor") };
    case "llama3":
      return {
        kind,
        factor: number("factor"),
        lowFrequencyFactor: number("low_freq_factor"),
        highFrequencyFactor: number("high_freq_factor"),
        originalContext: original(),
      };
    case "yarn": {
      const originalContext = original();
      const factor = fields.factor === null ? context / originalContext : number("factor");
      // Python's `or`: null and 0 select the default.
      const beta = (name: string, fallback: number) => fields[name] ? number(name) : fallback;
      const given = fields.attention_factor ?? undefined;
      return {
        kind,
        factor,
        originalContext,
        betaFast: beta("beta_fast", 32),
        betaSlow: beta("beta_slow", 1),
        truncate: read.flag(`${field}.truncate`, fields.truncate, true),
        attentionFactor: given === undefined ? readMscale(number, fields) : number("attention_factor"),
      };
    }
    default:
      return { kind: "none" };
  }
};

/** `mscale` and `mscale_all_dim` count only together, as in transformers. */
const readMscale = (number: (name: string) => number, fields: Json): Mscale => {
  const [own, all] = [fields.mscale ? number("mscale") : 0, fields.mscale_all_dim ? number("mscale_all_dim") : 0];
  return own > 0 && all > 0 ? { own, all } : { own: 1, all: 0 };
};
