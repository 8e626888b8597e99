/**
 * Runs cells of a study side by side. A small model leaves threads idle while its records are written and graded, so without a GPU two
 * cells run at a time, each on its own device with half of the threads; the workers of a cluster run as many as they are. Bytes do not depend on threads, so results do not change.
 */
import { Effect } from "effect";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { Jobs } from "../cluster/jobs.ts";
import { layerWithThreads } from "../models/layer_policy.ts";
import { Policy } from "../models/policy.ts";
import type * as Command from "../settings/command.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** The most weight bytes of a model that runs side by side, so that memory suffices for two. */
const smallModel = 64 * 2 ** 20;

/** Bytes of a model's weights; Infinity if they cannot be read, as of a model that is not downloaded yet. */
const weightBytes = (dir: string): Effect.Effect<number> =>
  Effect.tryPromise(() => readdir(dir)).pipe(
    Effect.map((names) => names.filter((name) => name.endsWith(".safetensors"))),
    Effect.flatMap(Effect.forEach((name) => Effect.tryPromise(() => stat(join(dir, name))))),
    Effect.map((files) => files.length === 0 ? Infinity : files.reduce((sum, { size }) => sum + size, 0)),
    Effect.orElseSucceed(() => Infinity),
  );

/** The threads of each lane: two lanes if threads of this process run a small model, else one with all threads. */
export const lanesOf = ({ kind, threads = 1 }: Pick<DeviceInfo, "kind" | "threads">, bytes: number) =>
  kind === "wasm" && threads > 1 && bytes <= smallModel ? [Math.ceil(threads / 2), Math.floor(threads / 2)] : [threads];

const lanesFor = Effect.fnUntraced(function* (model: string | undefined, items: number) {
  const { info } = yield* Policy;
  return lanesOf(info, model === undefined ? Infinity : yield* weightBytes(model)).slice(0, items);
});

/** How many of `items` run side by side. */
export const laneCount = (model: string | undefined, items: number): Effect.Effect<number, never, Policy> =>
  Effect.flatMap(
    Jobs,
    ({ atOnce }) =>
      atOnce === undefined ? Effect.map(lanesFor(model, items), ({ length }) => length) : Effect.succeed(atOnce),
  );

/** Runs every item; each lane takes the next one in order. `model` is the directory of the weights that they start from. */
export const inLanes = Effect.fnUntraced(function* <A>(
  items: ReadonlyArray<A>,
  model: string | undefined,
  run: (item: A, index: number) => Effect.Effect<void, Command.Failure, Policy>,
): Effect.fn.Return<void, Command.Failure, Policy> {
  const { atOnce } = yield* Jobs;
  if (atOnce !== undefined) return yield* Effect.forEach(items, run, { concurrency: atOnce, discard: true });
  const lanes = yield* lanesFor(model, items.length);
  const waiting = items.entries();
  const walk = Effect.gen(function* () {
    for (const [index, item] of waiting) yield* run(item, index);
  });
  if (lanes.length < 2) return yield* walk;
  // Two progress bars would overwrite each other in a terminal, so each lane reports in lines.
  const streams = { ...yield* StandardStreams, isTerminal: false };
  yield* Effect.forEach(
    lanes,
    (threads) => walk.pipe(Effect.provideService(StandardStreams, streams), Effect.provide(layerWithThreads(threads))),
    { concurrency: "unbounded", discard: true },
  );
});
