/**
 * Sums of gradients by ranges of parameters: one function adds them everywhere. A process without workers gives it all ranges of each leaf, the owner
 * of a range that range of each subtree. The job of an owner names the blobs of its range in the order of the tree; the sum is one blob, so
 * whoever asks reads one gradient, however many subtrees there are.
 */
import { Effect, Stream } from "effect";
import * as Schema from "@effect/schema";
import { accumulate } from "../../kernels/ops/add/add.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { treeFold } from "../algorithms/gradient_chunks.ts";
import { BlobName } from "../cluster/job.ts";
import type { Blobs, MakeRunner, SpentBlobs, StageWork } from "../cluster/jobs.ts";
import { fillRange, rangesOf, rangeTensor } from "../cluster/parameter_blobs.ts";
import { Policy } from "../models/policy.ts";
import { type ParameterSet, releaseParameters } from "../models/parameters.ts";
import type { Failure } from "../settings/command.ts";
import { GradientError } from "./finite_gradient.ts";
import { foldRows } from "./host_gradient.ts";

/** Ranges of a gradient on the device, [1, count] each. */
export interface Addend {
  readonly tensors: ReadonlyArray<Tensor>;
  /** Gives back their buffers. */
  readonly release: () => void;
}

/** All ranges of a gradient. */
export const allRanges = (encoder: Encoder, set: ParameterSet): Addend => ({
  tensors: rangesOf(set.layout).map((range) => rangeTensor(set, range)),
  release: () => releaseParameters(encoder, set),
});

/**
 * The sum of addends in the order of the tree; `indices` are their first leaves. Each is made when its turn comes and released once it is added, so
 * at most log2(leaves) + 1 of them are there at a time. The sum is where the first one was; undefined if there is none. A failure releases all.
 */
export const sumAddends = <A extends Addend, E, R>(
  encoder: Encoder,
  indices: ReadonlyArray<number>,
  addends: Iterable<Effect.Effect<A, E, R>>,
  join: (first: A, second: A) => A = (first) => first,
): Effect.Effect<A | undefined, E, R> =>
  Effect.suspend(() => {
    const tree = treeFold<A>(indices, (first, second) => {
      first.tensors.forEach((sum, at) => accumulate(encoder, foldRows(sum), foldRows(second.tensors[at])));
      second.release();
      return join(first, second);
    });
    const all = Effect.gen(function* () {
      for (const addend of addends) tree.next(yield* addend);
      return tree.sums.at(0);
    });
    return Effect.onError(all, () => Effect.sync(() => tree.sums.forEach(({ release }) => release())));
  });

/** The blobs of a subtree's gradient, one for each range of parameters. */
export interface RangedSubtree {
  /** Its first leaf. */
  readonly index: number;
  readonly ranges: ReadonlyArray<string>;
}

const Parts = Schema.Struct({
  /** The range's place, so that ranges with the same numbers, such as zeros, are jobs of their own. */
  range: Schema.Int,
  /** The first leaf of each subtree, ascending. */
  indices: Schema.Array(Schema.Int.check(Schema.makeFilter((n) => n >= 0))),
  blobs: Schema.Array(BlobName),
});
const decodeParts = Schema.decodeUnknownEffect(Schema.fromJsonString(Parts));

const fail = (message: string) => new GradientError({ message: `Cannot add a range of a gradient: ${message}` });

/** The sum of a range over all subtrees, in `into` if it is given. */
const sumRange = (
  encoder: Encoder,
  { indices, blobs }: Pick<typeof Parts.Type, "indices" | "blobs">,
  get: Blobs["get"],
  into?: Tensor,
) => {
  let size = into?.cols;
  const addends = blobs.map((name, at) =>
    Effect.gen(function* () {
      const bytes = yield* get(name);
      const count = bytes.length / 4;
      size ??= count;
      if (count === 0 || count % 64 !== 0 || count !== size) {
        return yield* fail(`blob "${name}" has ${bytes.length} bytes`);
      }
      const given = at === 0 ? into : undefined;
      const tensor = given ?? encoder.tensor(1, count, { purpose: "gradients", exact: true });
      encoder.write(tensor, new Uint32Array(Uint8Array.from(bytes).buffer));
      return { tensors: [tensor], release: () => given ?? encoder.release(tensor) };
    })
  );
  return sumAddends(encoder, indices, addends);
};

/** The sums of all ranges as work, a range per block; they are written into `set`. */
export const rangeSumWork = (
  encoder: Encoder,
  set: ParameterSet,
  subtrees: ReadonlyArray<RangedSubtree>,
  { get, mend }: SpentBlobs,
): StageWork<never, Failure, never> => {
  const ranges = rangesOf(set.layout);
  const indices = subtrees.map(({ index }) => index);
  const all = ranges.map((_, range) => ({ range, indices, blobs: subtrees.map(({ ranges }) => ranges[range]) }));
  return {
    stage: "range-sum",
    settings: {},
    transient: true,
    blocks: all.map((parts) => ({ text: JSON.stringify(parts), mend: mend(parts.blobs) })),
    here: Stream.drain(
      Stream.mapEffect(
        Stream.fromIterable(all),
        (parts) => sumRange(encoder, parts, get, rangeTensor(set, ranges[parts.range])),
      ),
    ),
    decode: (text, block, { get }) => Effect.as(fillRange(encoder, set, ranges[block], text, get), []),
  };
};

/** The runner of sums of ranges; it holds as many ranges as the tree is deep. */
export const makeRangeSumRunner: MakeRunner = Effect.succeed(
  Effect.fnUntraced(function* ({ text, blobs }) {
    const { encoder } = yield* Policy;
    const parts = yield* Effect.mapError(decodeParts(text), () => fail("the job is wrong"));
    if (parts.blobs.length !== parts.indices.length) {
      return yield* fail(`expected ${parts.indices.length} parts, found ${parts.blobs.length}`);
    }
    const sum = yield* sumRange(encoder, parts, blobs.get);
    if (sum === undefined) return yield* fail("it has no parts");
    const kept = Effect.flatMap(encoder.readWords(sum.tensors[0]), ({ buffer }) => blobs.put(new Uint8Array(buffer)));
    return yield* Effect.ensuring(kept, Effect.sync(sum.release));
  }),
);
