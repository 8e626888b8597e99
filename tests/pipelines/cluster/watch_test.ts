/** Whatever ends the watch over the results of jobs, those who wait for one hear of it. */
import assert from "node:assert/strict";
import { Cause, Deferred, Effect, Exit } from "effect";
import type { BlobStore } from "../../../pipelines/cluster/blob_store.ts";
import { ClusterError } from "../../../pipelines/cluster/cluster_error.ts";
import type { ClusterJob } from "../../../pipelines/cluster/job.ts";
import type { JobQueue } from "../../../pipelines/cluster/queue.ts";
import { type JobOut, watchResults } from "../../../pipelines/cluster/watch.ts";

const gone = new ClusterError({ reason: "database", message: "the database is gone" });
const ends: ReadonlyArray<readonly [name: string, end: Effect.Effect<never, ClusterError>]> = [
  ["an error", Effect.fail(gone)],
  ["a defect", Effect.die(gone)],
];

for (const [name, end] of ends) {
  Deno.test(`a job whose watch ends by ${name} fails with it`, async () => {
    const exit = await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      const done = yield* Deferred.make<string, ClusterError>();
      const one: JobOut = { job: {} as ClusterJob, done, waiting: 1, isOffered: true, mend: undefined };
      const shared = { store: {} as BlobStore, queue: { answers: () => end } as unknown as JobQueue };
      yield* Effect.forkScoped(
        watchResults(shared, new Map([["id", one]]), new Map(), "queue", { cluster: "sqlite", store: "none" }),
      );
      return yield* Effect.exit(Deferred.await(done));
    })));
    assert.equal(Exit.isFailure(exit) && Cause.squash(exit.cause), gone);
  });
}
