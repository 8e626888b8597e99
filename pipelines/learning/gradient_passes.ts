/**
 * The passes of a gradient: forward and backward of sequences in chunks of a fixed number of tokens, whose sums are joined by a fixed binary tree
 * (`gradient_chunks.ts`). The chunk size and the number of leaves decide the order of sums, so they are settings. The tree is walked in post-order:
 * S leaves need at most log2(S) + 1 gradients at a time. Keeping activations or recomputing them block by block changes only memory and time.
 */
import * as Effect from "effect/Effect";
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
import { ClusterError } from "../cluster/cluster_error.ts";
import { type Executor, Jobs, type SpentBlobs } from "../cluster/jobs.ts";
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
import { allRanges, rangeSumWork, sumAddends } from "./range_sums.ts";
import { foldRows } from "./host_gradient.ts";
import { packedLength, type PackedRows, packRows, type Sequence } from "./packed_rows.ts";
import * as Parameters from "../models/parameters.ts";
import type { Failure } from "../settings/command.ts";

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
  { set, recompute }: {
    readonly set?: Parameters.ParameterSet | undefined;
    readonly recompute?: boolean | undefined;
  } = {},
): Effect.fn.Return<TreeSum<B>, E> {
  const { encoder } = model;
  const leafSum = Effect.fnUntraced(function* ({ chunks }: Leaf, given?: Parameters.ParameterSet) {
    const own = given ?? zeroGradient(model);
    const pairs = Parameters.gradientsOf(model.weights, Parameters.modelTensors(model.config, own));
    let sums = none;
    for (const { start, end } of chunks) {
      const part = sequences.slice(start, end);
      const packed = packRows(encoder, part);
      const mode = modeFor(model, packed.rows.count, recompute);
      sums = add(sums, yield* pass(new Tape(encoder, mode, pairs), packed, part));
      packed.release();
    }
    return { ...allRanges(encoder, own), set: own, sums };
  });
  const sum = yield* sumAddends(
    encoder,
    leaves.map(({ index }) => index),
    leaves.map((leaf, at) => leafSum(leaf, at === 0 ? set : undefined)),
    (first, second) => ({ ...first, sums: add(first.sums, second.sums) }),
  );
  return sum ?? { set: set ?? zeroGradient(model), sums: none };
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
  const leaves = dealLeaves(gradientChunks(sequences.map(packedLength), gradientChunk), gradientLeaves);
  const here = sumLeaves(model, sequences, leaves, passes, { set, recompute });
  const { set: gradient, sums } = yield* handed === undefined ? here : handOutLeaves(
    model,
    { ...handed, subtrees: subtreesOf(leaves, handed.span), sequences, lengths: passes.lengths, here },
    passes,
    set,
  );
  const gradNorm = yield* normOf(model.encoder, gradient);
  yield* requireFinite(model, gradient, gradNorm, sums.loss, passes.named);
  return { gradient, gradNorm, sums };
});

/** The sum over all leaves, wherever it is made. */
const handOutLeaves = Effect.fnUntraced(function* <A extends Sequence, B extends object>(
  model: Model,
  asked: Omit<GradientRequest<A, B, DeviceError>, "none" | "joined">,
  { none, add }: Pick<Passes<A, B, DeviceError>, "none" | "add">,
  set: Parameters.ParameterSet | undefined,
) {
  const jobs = yield* Jobs;
  // What comes from elsewhere is read into new buffers.
  if (jobs.atOnce !== undefined && set !== undefined) Parameters.releaseParameters(model.encoder, set);
  const joined: GradientRequest<A, B, DeviceError>["joined"] = (parts, blobs) =>
    joinRanges(jobs, model, parts, blobs, { none, add });
  const [sum] = yield* Effect.mapError(
    Stream.runCollect(jobs.run(gradientWork({ ...asked, none, joined }))),
    (error) => error instanceof DeviceError ? error : new GradientError({ message: error.message }),
  );
  return sum;
});

/** Whether workers could not do a job; this process may still be able to. */
const isUndone = (error: Failure): error is ClusterError =>
  error instanceof ClusterError && ["job", "missing", "damaged"].includes(error.reason);

/** The sum over all subtrees, whose gradients workers add range by range; this process adds them if there is one subtree, or if workers cannot. */
const joinRanges = Effect.fnUntraced(function* <B>(
  jobs: Executor,
  model: Model,
  parts: ReadonlyArray<NamedSum<B>>,
  blobs: SpentBlobs,
  { none, add }: Pick<Passes<never, B, never>, "none" | "add">,
) {
  const { report } = yield* StandardStreams;
  const set = zeroGradient(model);
  const tree = treeFold(parts.map(({ index }) => index), add);
  for (const { sums } of parts) tree.next(sums);
  const work = rangeSumWork(model.encoder, set, parts, blobs);
  const here = Stream.runDrain(work.here);
  const added = parts.length < 2 ? here : Effect.catchIf(
    Stream.runDrain(jobs.run(work)),
    isUndone,
    ({ message }) => Effect.andThen(report(`${message}; this process adds the gradient`), here),
  );
  yield* Effect.onError(added, () => Effect.sync(() => Parameters.releaseParameters(model.encoder, set)));
  return { set, sums: tree.sums.at(0) ?? none };
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
