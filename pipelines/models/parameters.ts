/**
 * A model's parameters on the device, in a few flat arenas in `parameterSpecs` order. The optimizer, norms and sums run over arenas rather
 * than hundreds of tensors; projections of the same input (q, k and v; gate and up) are adjacent and multiplied as one matrix. Weights,
 * gradients and both AdamW moments share one layout, which depends only on the model, not on the device or the element type.
 */
import * as Effect from "effect/Effect";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { type HalfFormat, toHalves } from "../../kernels/gpu/half_precision.ts";
import { cast } from "../../kernels/ops/cast/cast.ts";
import { sliceColumns, sliceRows, type Tensor, view } from "../../kernels/gpu/tensor.ts";
import type { Purpose } from "./memory_purposes.ts";
import type { ModelConfig } from "./model_config.ts";
import { elementCount, type ParameterSpec, parameterSpecs } from "./parameter_specs.ts";

/** Words per arena, small enough to bind a whole arena on every device; a larger parameter has an arena of its own. */
const arenaWords = 1 << 25;

/** The alignment of entries in words, as binding offsets require. */
const alignment = 64;

/** A parameter's arena and its offset there. */
export interface ParameterPlace {
  readonly spec: ParameterSpec;
  readonly arena: number;
  readonly offset: number;
  readonly words: number;
}

/** The place of each parameter; `sizes` are the arenas' words. */
export interface ParameterLayout {
  readonly sizes: ReadonlyArray<number>;
  readonly places: ReadonlyArray<ParameterPlace>;
}

/** The key of a projection: adjacent parameters with the same key share their input, are contiguous and are multiplied as one. */
const joins = (spec: ParameterSpec): string | undefined => {
  const match = spec.name.match(/^(.*)\.(q_proj|k_proj|v_proj|gate_proj|up_proj)\.(weight|bias)$/);
  return match === null ? undefined : `${match[1]}.${match[3]}`;
};

/** The layout of a model's parameters. */
export const parameterLayout = (config: ModelConfig): ParameterLayout => {
  const groups: ParameterSpec[][] = [];
  const open = new Map<string, ParameterSpec[]>();
  for (const spec of parameterSpecs(config)) {
    const key = joins(spec);
    const group = key === undefined ? undefined : open.get(key);
    if (group !== undefined) group.push(spec);
    else {
      groups.push([spec]);
      if (key !== undefined) open.set(key, groups[groups.length - 1]);
    }
  }
  const sizes: number[] = [];
  const places: ParameterPlace[] = [];
  for (const group of groups) {
    const words = Math.ceil(group.reduce((sum, spec) => sum + elementCount(spec), 0) / alignment) * alignment;
    if (sizes.length === 0 || sizes[sizes.length - 1] + words > arenaWords) sizes.push(0);
    const arena = sizes.length - 1;
    let offset = sizes[arena];
    sizes[arena] += words;
    for (const spec of group) {
      places.push({ spec, arena, offset, words: elementCount(spec) });
      offset += elementCount(spec);
    }
  }
  return { sizes, places };
};

/** One number per parameter element of a model: weights, gradients or a moment. */
export interface ParameterSet {
  readonly layout: ParameterLayout;
  /** Flat [1, words] each, including the gaps between parameters, which hold zeros. */
  readonly arenas: ReadonlyArray<Tensor>;
}

/** Allocates a zeroed set for a purpose, in float32 or 16 bits. */
export const zeros = (
  encoder: Encoder,
  layout: ParameterLayout,
  purpose: Purpose,
  format?: HalfFormat,
): ParameterSet => {
  const arenas = layout.sizes.map((words) => encoder.tensor(1, words, { purpose, exact: true, format }));
  for (const arena of arenas) encoder.zero(arena);
  return { layout, arenas };
};

/** Rounds a float32 set into a 16-bit set. */
export const narrow = (encoder: Encoder, from: ParameterSet, to: ParameterSet): void =>
  from.arenas.forEach((arena, index) => cast(encoder, arena, to.arenas[index]));

/**
 * Writes the result of `read` for each parameter into a set, rounded if that is 16-bit. Missing parameters keep their values, but become
 * zero in 16 bits. A 16-bit arena is assembled on the host, since a parameter may begin in the middle of a word.
 */
export const fill = Effect.fnUntraced(function* <E>(
  encoder: Encoder,
  set: ParameterSet,
  read: (place: ParameterPlace) => Effect.Effect<Float32Array<ArrayBuffer>, E> | undefined,
): Effect.fn.Return<void, E> {
  for (const [index, arena] of set.arenas.entries()) {
    const { format } = arena;
    const halves = format && new Uint16Array(set.layout.sizes[index]);
    for (const place of set.layout.places) {
      const reading = place.arena === index ? read(place) : undefined;
      if (reading === undefined) continue;
      const values = yield* reading;
      if (halves !== undefined && format !== undefined) halves.set(toHalves(values, format), place.offset);
      else encoder.write(flat(set, place), values);
    }
    if (halves !== undefined) encoder.write(arena, new Uint32Array(halves.buffer));
  }
});

/** Releases a set's buffers. */
export const releaseParameters = (encoder: Encoder, set: ParameterSet): void => {
  for (const arena of set.arenas) encoder.release(arena);
};

/** A parameter as a flat [1, words] tensor. */
export const flat = (set: ParameterSet, place: ParameterPlace): Tensor =>
  sliceColumns(set.arenas[place.arena], place.offset, place.words);

/** The tensors of one layer; matrices are [outputs, inputs], vectors [1, size]. */
export interface LayerTensors {
  readonly inputNorm: Tensor;
  readonly qkv: Tensor;
  readonly qkvBias: Tensor | undefined;
  readonly queryNorm: Tensor | undefined;
  readonly keyNorm: Tensor | undefined;
  readonly output: Tensor;
  readonly postNorm: Tensor;
  readonly gateUp: Tensor;
  readonly down: Tensor;
}

/**
 * The tensors of a model. `head` is the embedding if they are tied (its first rows if the vocabulary is padded), `score` a critic's value
 * head [1, C], `scoreBias` [1, 1].
 */
export interface ModelTensors {
  readonly embedding: Tensor;
  readonly layers: ReadonlyArray<LayerTensors>;
  readonly norm: Tensor;
  readonly head: Tensor;
  readonly score: Tensor | undefined;
  readonly scoreBias: Tensor | undefined;
}

/** The tensors of a set, as the transformer reads them. */
export const modelTensors = (config: ModelConfig, set: ParameterSet): ModelTensors => {
  const places = new Map(set.layout.places.map((place) => [place.spec.name, place]));
  const joined = (names: ReadonlyArray<string>): Tensor | undefined => {
    const parts = names.flatMap((name) => places.get(name) ?? []);
    if (parts.length === 0) return undefined;
    const [first] = parts;
    const vector = first.spec.shape.length === 1;
    const rows = vector ? 1 : parts.reduce((sum, { spec }) => sum + spec.shape[0], 0);
    const cols = vector ? parts.reduce((sum, { words }) => sum + words, 0) : first.spec.shape[1];
    const { storage, format } = set.arenas[first.arena];
    return view(storage, rows, cols, first.offset, cols, format);
  };
  // parameterSpecs lists every name that is not optional.
  const tensor = (...names: string[]): Tensor => joined(names)!;
  const embedding = tensor("model.embed_tokens.weight");
  const head = joined(["lm_head.weight"]) ?? embedding;
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, index) => {
      const name = (rest: string) => `model.layers.${index}.${rest}`;
      const qkv = (kind: string) => ["q", "k", "v"].map((part) => name(`self_attn.${part}_proj.${kind}`));
      return {
        inputNorm: tensor(name("input_layernorm.weight")),
        qkv: tensor(...qkv("weight")),
        qkvBias: joined(qkv("bias")),
        queryNorm: joined([name("self_attn.q_norm.weight")]),
        keyNorm: joined([name("self_attn.k_norm.weight")]),
        output: tensor(name("self_attn.o_proj.weight")),
        postNorm: tensor(name("post_attention_layernorm.weight")),
        gateUp: tensor(name("mlp.gate_proj.weight"), name("mlp.up_proj.weight")),
        down: tensor(name("mlp.down_proj.weight")),
      };
    }),
    norm: tensor("model.norm.weight"),
    head: config.knownTokens === undefined ? head : sliceRows(head, 0, config.knownTokens),
    score: joined(["score.weight"]),
    scoreBias: joined(["score.bias"]),
  };
};

/** Maps each weight to the tensor that accumulates its gradient. */
export const gradientsOf = (weights: ModelTensors, gradients: ModelTensors): ReadonlyMap<Tensor, Tensor> => {
  const pairs = new Map<Tensor, Tensor>();
  const pair = (weight: Tensor | undefined, gradient: Tensor | undefined) => {
    if (weight !== undefined && gradient !== undefined) pairs.set(weight, gradient);
  };
  weights.layers.forEach((layer, index) => {
    const other = gradients.layers[index];
    pair(layer.inputNorm, other.inputNorm);
    pair(layer.qkv, other.qkv);
    pair(layer.qkvBias, other.qkvBias);
    pair(layer.queryNorm, other.queryNorm);
    pair(layer.keyNorm, other.keyNorm);
    pair(layer.output, other.output);
    pair(layer.postNorm, other.postNorm);
    pair(layer.gateUp, other.gateUp);
    pair(layer.down, other.down);
  });
  pair(weights.embedding, gradients.embedding);
  pair(weights.norm, gradients.norm);
  pair(weights.head, gradients.head);
  pair(weights.score, gradients.score);
  pair(weights.scoreBias, gradients.scoreBias);
  return pairs;
};
