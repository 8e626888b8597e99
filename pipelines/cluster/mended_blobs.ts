/** Blobs that jobs keep beside their results: each is known with the job that made it, and a lost one is made again by that job alone. */
import { Effect, Semaphore } from "effect";
import type { Failure } from "../settings/command.ts";
import type { BlobStore } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { type ClusterJob, jobId } from "./job.ts";
import type { SpentBlobs } from "./jobs.ts";

/** A blob was asked for that is not in the store, or whose bytes were wrong and are removed. */
type LostBlob = ClusterError & { readonly reason: "missing" | "damaged" };

/** Whether a blob is lost. */
export const isLostBlob = (error: unknown): error is LostBlob =>
  error instanceof ClusterError && (error.reason === "missing" || error.reason === "damaged");

/** The blobs of jobs. */
export interface MendedBlobs<A> extends SpentBlobs {
  /** Says which job made some blobs. */
  readonly made: (names: ReadonlyArray<string>, by: A) => void;
}

/** Blobs that `redo` makes again. One job lacks several of them, or several jobs one, so what is lost is looked for by one at a time. */
export const mendedBlobs = Effect.fnUntraced(function* <A extends { readonly job: ClusterJob }>(
  store: BlobStore,
  redo: (one: A, lost: string) => Effect.Effect<unknown, Failure>,
): Effect.fn.Return<MendedBlobs<A>> {
  const makers = new Map<string, A>();
  const mended = new Set<string>();
  const single = yield* Semaphore.make(1);
  const remake = Effect.fnUntraced(function* (names: ReadonlyArray<string>): Effect.fn.Return<boolean, Failure> {
    const lost = new Map<string, { readonly one: A; readonly name: string }>();
    for (const name of names) {
      const one = makers.get(name);
      if (one === undefined || (yield* store.has(name))) continue;
      mended.add(name);
      lost.set(jobId(one.job), { one, name });
    }
    yield* Effect.forEach(lost.values(), ({ one, name }) => redo(one, name), {
      concurrency: "unbounded",
      discard: true,
    });
    return names.some((name) => mended.has(name));
  });
  const mend: SpentBlobs["mend"] = (names) => single.withPermits(1)(remake(names));
  return {
    made: (names, by) => names.forEach((name) => makers.set(name, by)),
    mend,
    get: (name) =>
      Effect.catchIf(
        store.get(name),
        isLostBlob,
        (error) => Effect.flatMap(mend([name]), (isThere) => isThere ? store.get(name) : Effect.fail(error)),
      ),
  };
});
