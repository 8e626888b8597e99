/**
 * A set of parameters as blobs: each arena is cut into ranges, and the words of a range are one blob. The ranges depend on the layout alone,
 * so a range whose numbers did not change keeps its blob, and machines can share out the ranges.
 */
import { Effect } from "effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { byteRange, sliceColumns, type Tensor } from "../../kernels/gpu/tensor.ts";
import type { ParameterLayout, ParameterSet } from "../models/parameters.ts";
import { ClusterError } from "./cluster_error.ts";
import type { Blobs } from "./jobs.ts";

/** Elements `start` to `start + count` of an arena. */
export interface ParameterRange {
  readonly arena: number;
  readonly start: number;
  readonly count: number;
}

/** The number of ranges of a small model, and the largest number of elements of one (64 MiB of float32). */
const [parts, longest] = [16, 1 << 24];

/** The ranges of a layout, in order; their ends are multiples of 64 elements, as those of arenas are. */
export const rangesOf = ({ sizes }: Pick<ParameterLayout, "sizes">): ReadonlyArray<ParameterRange> => {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const size = Math.min(longest, Math.max(64, Math.ceil(all / parts / 64) * 64));
  return sizes.flatMap((words, arena) =>
    Array.from({ length: Math.ceil(words / size) }, (_, i) => ({
      arena,
      start: i * size,
      count: Math.min(size, words - i * size),
    }))
  );
};

/** The elements of one range, as a tensor over the set's buffer. */
export const rangeTensor = ({ arenas }: ParameterSet, { arena, start, count }: ParameterRange): Tensor =>
  sliceColumns(arenas[arena], start, count);

/** The bytes of a range, little-endian, in the element type of the set. */
export const rangeBytes = (
  encoder: Encoder,
  set: ParameterSet,
  range: ParameterRange,
): Effect.Effect<Uint8Array, DeviceError> =>
  Effect.map(encoder.readWords(rangeTensor(set, range)), ({ buffer }) => new Uint8Array(buffer));

/** Writes the blobs named in the order of `rangesOf` into a set; those that `held` names at the same place are there already. */
export const fillRanges = Effect.fnUntraced(function* (
  encoder: Encoder,
  set: ParameterSet,
  names: ReadonlyArray<string>,
  get: Blobs["get"],
  held: string[] = [],
) {
  const ranges = rangesOf(set.layout);
  if (names.length !== ranges.length) {
    const message = `Cannot read parameters: expected ${ranges.length} blobs, found ${names.length}`;
    return yield* new ClusterError({ reason: "damaged", message });
  }
  for (const [at, name] of names.entries()) {
    if (held[at] === name) continue;
    yield* fillRange(encoder, set, ranges[at], name, get);
    held[at] = name;
  }
});

/** Writes the blob of one range into a set. */
export const fillRange = Effect.fnUntraced(function* (
  encoder: Encoder,
  set: ParameterSet,
  range: ParameterRange,
  name: string,
  get: Blobs["get"],
) {
  const tensor = rangeTensor(set, range);
  const bytes = yield* get(name);
  const [, expected] = byteRange(tensor);
  if (bytes.length !== expected) {
    const message = `Cannot read parameters from blob "${name}": expected ${expected} bytes, found ${bytes.length}`;
    return yield* new ClusterError({ reason: "damaged", message });
  }
  encoder.write(tensor, new Uint32Array(Uint8Array.from(bytes).buffer));
});
