/**
 * The passes that a gradient is made of: sequences in chunks of a fixed number of tokens, in order, each forward and backward. The chunks decide
 * the order of sums and so are a setting; whether activations are kept or computed again, block by block, changes memory and time alone.
 */
import * as Effect from "effect/Effect";
import { formatOf, type StorageType } from "../../kernels/gpu/half_precision.ts";
import { Tape, type TapeMode } from "../../kernels/gpu/tape.ts";
import { gradientChunks } from "../algorithms/gradient_chunks.ts";
import { elementBytes } from "../../kernels/gpu/tensor.ts";
import type { Model } from "../models/model.ts";
import { packedLength, type PackedRows, packRows, type Sequence } from "./packed_rows.ts";
import * as Parameters from "../models/parameters.ts";

/** Tokens of a chunk, and whether its activations are computed again; by default where it would keep many. */
export interface ChunkSettings {
  readonly gradientChunk: number;
  readonly recompute?: boolean | undefined;
}

/** Bytes of activations from which a chunk does not keep them, where nothing else is said. */
const keptBytes = 1.5 * 2 ** 30;

/** How a chunk of so many tokens uses memory. */
export const modeFor = (
  { config, activations = "f32" }: Pick<Model, "config"> & { readonly activations?: StorageType | undefined },
  tokens: number,
  recompute?: boolean,
): TapeMode => {
  const { width, heads, kvHeads, headWidth, ffn, layers } = config;
  // Of the residual stream four tensors, always float32; the rest as activations are stored.
  const stored = 2 * width + 4 * (heads + kvHeads) * headWidth + 3 * ffn;
  const bytes = 4 * 4 * width + elementBytes({ format: formatOf(activations) }) * stored;
  return recompute ?? tokens * layers * bytes > keptBytes ? "recompute" : "training";
};

/** Runs `pass` on each chunk of `sequences`, adding to the gradient in `set`; `each` gets what it gives. */
export const eachChunk = Effect.fnUntraced(function* <A extends Sequence, B, E>(
  model: Model,
  set: Parameters.ParameterSet,
  sequences: ReadonlyArray<A>,
  { gradientChunk, recompute }: ChunkSettings,
  pass: (tape: Tape, packed: PackedRows, part: ReadonlyArray<A>) => Effect.Effect<B, E>,
  each: (result: B) => void,
) {
  const pairs = Parameters.gradientsOf(model.weights, Parameters.modelTensors(model.config, set));
  for (const { start, end } of gradientChunks(sequences.map(packedLength), gradientChunk)) {
    const part = sequences.slice(start, end);
    const packed = packRows(model.encoder, part);
    const mode = modeFor(model, packed.rows.count, recompute);
    each(yield* pass(new Tape(model.encoder, mode, pairs), packed, part));
    packed.release();
  }
});
