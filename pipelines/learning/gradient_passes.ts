/**
 * The passes of a gradient: forward and backward of sequences in chunks of a fixed number of tokens, whose sums are joined by a fixed binary tree
 * (`gradient_chunks.ts`). The chunk size and the number of leaves decide the order of sums, so they are settings. The tree is walked in post-order:
 * S leaves need at most log2(S) + 1 gradients at a time. Keeping activations or recomputing them block by block changes only memory and time.
 */
import * as Effect from "effect/Effect";
import * as Data from "effect/Data";
import * as Stream from "effect/Stream";
import { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf, type StorageType } from "../../kernels/gpu/half_precision.ts";
import { Tape, type TapeMode } from "../../kernels/gpu/tape.ts";
import { dot } from "../../kernels/ops/global_norm/global_norm.ts";
import { accumulate } from "../../kernels/ops/add/add.ts";
import { dealLeaves, gradientChunks, type Leaf, treeFold } from "../algorithms/gradient_chunks.ts";
import { elementBytes } from "../../kernels/gpu/tensor.ts";
import { purposeIn } from "../models/memory_purposes.ts";
import type { Model } from "../models/model.ts";
import { type Executor, Jobs } from "../cluster/jobs.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { GradientError, type Named, requireFinite } from "./finite_gradient.ts";
import {
  type GradientRequest,
  gradientWork,
  type HandedGradient,
  type NamedSum,
  subtreesOf,
  type TreeSum,
} from "./gradient_work.ts";
import { rangeSumWork } from "./range_sums.ts";
import { foldRows } from "./host_gradient.ts";
import { packedLength, type PackedRows, packRows, type Sequence } from "./packed_rows.ts";
import * as Parameters from "../models/parameters.ts";

/** Tokens per chunk, leaves of the tree that sums the chunks (1 by default), and whether activations are recomputed; by default they are if the chunk would keep many. */
export interface ChunkSettings {
  readonly gradientChunk: number;
  readonly gradientLeaves?: number | undefined;
  readonly recompute?: boolean | undefined;
  /** How to hand the gradient out; without it this process computes it. */
  readonly handed?: HandedGradient | undefined;
}

/** The bytes of activations from which a chunk recomputes them by default. */
const keptBytes = 1.5 * 2 ** 30;

/** How a chunk of this many tokens uses memory. */
export const modeFor = (
  { config, activations = "f32" }: Pick<Model, "config"> & { readonly activations?: StorageType | undefined },
  tokens: number,
  recompute?: boolean,
): TapeMode => {
  const { width, heads, kvHeads, headWidth, ffn, layers } = config;
  // Four tensors of the residual stream, always float32; the rest in the storage type of activations.
  const stored = 2 * width + 4 * (heads + kvHeads) * headWidth + 3 * ffn;
  const bytes = 4 * 4 * width + elementBytes({ format: formatOf(activations) }) * stored;
  return recompute ?? tokens * layers * bytes > keptBytes ? "recompute" : "training";
};

/** A gradient on the device (the caller releases it), its norm, and the sums over the chunks' losses. */
export interface SummedGradient<B> {
  readonly gradient: Parameters.ParameterSet;
  readonly gradNorm: number;
  readonly sums: B;
}

/** Forward and backward of one chunk, the addition of its results, the fields that errors name, and the mini-batch that it is a part of. */
export interface Passes<A extends Sequence, B, E> {
  readonly pass: (tape: Tape, packed: PackedRows, part: ReadonlyArray<A>) => Effect.Effect<B, E>;
  readonly none: B;
  readonly add: (sums: B, chunk: B) => B;
  readonly named: ReadonlyArray<Named>;
  /** Tokens of each response of the whole mini-batch. */
  readonly lengths: ReadonlyArray<number>;
}

/** The sum over some leaves, joined by the tree; the first leaf's gradient goes into `set`, which holds zeros. */
export const sumLeaves = Effect.fnUntraced(function* <A extends Sequence, B, E>(
  model: Model,
  sequences: ReadonlyArray<A>,
  leaves: ReadonlyArray<Leaf>,
  { pass, none, add }: Pick<Passes<A, B, E>, "pass" | "none" | "add">,
  { set = zeroGradient(model), recompute }: {
    readonly set?: Parameters.ParameterSet | undefined;
    readonly recompute?: boolean | undefined;
  } = {},
): Effect.fn.Return<TreeSum<B>, E> {
  const { encoder } = model;
  const join = joiner(encoder, leaves.map(({ index }) => index), add);
  for (const [at, { chunks }] of leaves.entries()) {
    const own = at === 0 ? set : zeroGradient(model);
    const pairs = Parameters.gradientsOf(model.weights, Parameters.modelTensors(model.config, own));
    let sums = none;
    for (const { start, end } of chunks) {
      const part = sequences.slice(start, end);
      const packed = packRows(encoder, part);
      const mode = modeFor(model, packed.rows.count, recompute);
      sums = add(sums, yield* pass(new Tape(encoder, mode, pairs), packed, part));
      packed.release();
    }
    join.next({ set: own, sums });
  }
  return join.sums[0] ?? { set, sums: none };
});

/** Joins gradients with their sums by the tree. */
const joiner = <B>(encoder: Encoder, indices: ReadonlyArray<number>, add: (sums: B, more: B) => B) =>
  treeFold<TreeSum<B>>(indices, (first, second) => {
    addSet(encoder, first.set, second.set);
    return { set: first.set, sums: add(first.sums, second.sums) };
  });

/**
 * Adds the gradient over `sequences` to `set`, which holds zeros, leaf by leaf in this process, or subtree by subtree by workers if it is handed
 * out. Fails if a number is not finite.
 */
export const sumChunks = Effect.fnUntraced(function* <A extends Sequence, B extends { readonly loss: number }>(
  model: Model,
  sequences: ReadonlyArray<A>,
  { gradientChunk, gradientLeaves = 1, recompute, handed }: ChunkSettings,
  passes: Passes<A, B, DeviceError>,
  set?: Parameters.ParameterSet,
): Effect.fn.Return<SummedGradient<B>, DeviceError | GradientError> {
  const { none, add, named, lengths } = passes;
  const leaves = dealLeaves(gradientChunks(sequences.map(packedLength), gradientChunk), gradientLeaves);
  const subtrees = subtreesOf(leaves, handed?.span ?? 1);
  const empty = () => zeroGradient(model);
  const here = Stream.mapEffect(
    Stream.fromIterable(subtrees.entries()),
    ([at, subtree]) =>
      sumLeaves(model, sequences, subtree.leaves, passes, { set: at === 0 ? set : undefined, recompute }),
  );
  const join = joiner(model.encoder, subtrees.map(({ index }) => index), add);
  const take = (one: TreeSum<B>) => Effect.sync(() => join.next(one));
  if (handed === undefined) yield* Stream.runForEach(here, take);
  else {
    const jobs = yield* Jobs;
    // What comes from elsewhere is read into new buffers.
    if (jobs.atOnce !== undefined && set !== undefined) Parameters.releaseParameters(model.encoder, set);
    const asked = { ...handed, subtrees, sequences, lengths, none, empty, here };
    const run = (joined?: GradientRequest<A, B, DeviceError>["joined"]) =>
      Stream.runForEach(jobs.run(gradientWork({ ...asked, joined })), take);
    const { report } = yield* StandardStreams;
    yield* Effect.mapError(
      subtrees.length < 2 ? run() : Effect.catchIf(
        run((parts) => joinRanges(jobs, model, parts, add)),
        (error): error is RangeSumError => error instanceof RangeSumError,
        ({ message }) => Effect.andThen(report(`${message}; this process adds the gradient`), run()),
      ),
      (error) => error instanceof DeviceError ? error : new GradientError({ message: error.message }),
    );
  }
  const { set: gradient, sums } = join.sums[0] ?? { set: set ?? empty(), sums: none };
  const gradNorm = yield* normOf(model.encoder, gradient);
  yield* requireFinite(model, gradient, gradNorm, sums.loss, named);
  return { gradient, gradNorm, sums };
});

/** The owners of the ranges could not add them: a blob of a subtree was lost, or a worker broke. */
class RangeSumError extends Data.TaggedError("RangeSumError")<{ readonly message: string }> {}

/** The sum over all subtrees, whose gradients workers add range by range. */
const joinRanges = Effect.fnUntraced(function* <B>(
  jobs: Executor,
  model: Model,
  parts: ReadonlyArray<NamedSum<B>>,
  add: (sums: B, more: B) => B,
) {
  const set = zeroGradient(model);
  const join = treeFold(parts.map(({ index }) => index), add);
  for (const { sums } of parts) join.next(sums);
  yield* Stream.runDrain(jobs.run(rangeSumWork(model.encoder, set, parts))).pipe(
    Effect.onError(() => Effect.sync(() => Parameters.releaseParameters(model.encoder, set))),
    Effect.mapError((error) => error instanceof DeviceError ? error : new RangeSumError({ message: error.message })),
  );
  return { set, sums: join.sums[0] };
});

/** Adds the second gradient to the first and releases its buffers. */
export const addSet = (encoder: Encoder, first: Parameters.ParameterSet, second: Parameters.ParameterSet): void => {
  first.arenas.forEach((arena, index) => accumulate(encoder, foldRows(arena), foldRows(second.arenas[index])));
  Parameters.releaseParameters(encoder, second);
};

/** A gradient of zeros for a model. */
export const zeroGradient = ({ encoder, config, parameters }: Model): Parameters.ParameterSet =>
  Parameters.zeros(encoder, parameters.layout, purposeIn(config, "gradients"));

/** The dot product of two gradients. */
export const productOf = (
  encoder: Encoder,
  one: Parameters.ParameterSet,
  other: Parameters.ParameterSet,
): Effect.Effect<number, DeviceError> => dot(encoder, one.arenas.map((arena, i) => [arena, other.arenas[i]]));

/** The global norm of a gradient. */
export const normOf = (encoder: Encoder, set: Parameters.ParameterSet): Effect.Effect<number, DeviceError> =>
  Effect.map(productOf(encoder, set, set), Math.sqrt);
