/**
 * Sums of gradients by ranges of parameters. A job is a range: the blobs of that range in each subtree's gradient, in the order of the tree. Its
 * owner adds what is left of the tree and keeps the sum as one blob, so whoever asks reads one gradient, however many subtrees there are.
 */
import { Effect, Stream } from "effect";
import * as Schema from "@effect/schema";
import { accumulate } from "../../kernels/ops/add/add.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { treeFold } from "../algorithms/gradient_chunks.ts";
import { BlobName } from "../cluster/job.ts";
import type { MakeRunner, StageWork } from "../cluster/jobs.ts";
import { fillRange, rangesOf } from "../cluster/parameter_blobs.ts";
import { Policy } from "../models/policy.ts";
import type { ParameterSet } from "../models/parameters.ts";
import type { Failure } from "../settings/command.ts";
import { GradientError } from "./finite_gradient.ts";
import { foldRows } from "./host_gradient.ts";

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

/** The sums of all ranges as work, a range per block; they are written into `set`. */
export const rangeSumWork = (
  encoder: Encoder,
  set: ParameterSet,
  subtrees: ReadonlyArray<RangedSubtree>,
): StageWork<never, Failure, never> => {
  const ranges = rangesOf(set.layout);
  return {
    stage: "range-sum",
    settings: {},
    transient: true,
    blocks: ranges.map((_, at) => ({
      text: JSON.stringify({
        range: at,
        indices: subtrees.map(({ index }) => index),
        blobs: subtrees.map(({ ranges }) => ranges[at]),
      }),
    })),
    here: Stream.fail(fail("its parts are in a store that this process has not")),
    decode: (text, block, { get }) => Effect.as(fillRange(encoder, set, ranges[block], text, get), []),
  };
};

/** The runner of sums of ranges; it holds as many ranges as the tree is deep. */
export const makeRangeSumRunner: MakeRunner = Effect.succeed(
  Effect.fnUntraced(function* ({ text, blobs }) {
    const { encoder } = yield* Policy;
    const { indices, blobs: names } = yield* Effect.mapError(decodeParts(text), () => fail("the job is wrong"));
    if (names.length !== indices.length || names.length === 0) {
      return yield* fail(`expected ${indices.length} parts, found ${names.length}`);
    }
    const join = treeFold<Tensor>(indices, (first, second) => {
      accumulate(encoder, foldRows(first), foldRows(second));
      encoder.release(second);
      return first;
    });
    const sum = Effect.gen(function* () {
      for (const name of names) {
        const bytes = yield* blobs.get(name);
        const count = bytes.length / 4;
        if (count === 0 || count % 64 !== 0 || join.sums.some(({ cols }) => cols !== count)) {
          return yield* fail(`blob "${name}" has ${bytes.length} bytes`);
        }
        const part = encoder.tensor(1, count, { purpose: "gradients", exact: true });
        encoder.write(part, new Uint32Array(Uint8Array.from(bytes).buffer));
        join.next(part);
      }
      const { buffer } = yield* encoder.readWords(join.sums[0]);
      return yield* blobs.put(new Uint8Array(buffer));
    });
    return yield* Effect.ensuring(sum, Effect.sync(() => join.sums.forEach((tensor) => encoder.release(tensor))));
  }),
);
