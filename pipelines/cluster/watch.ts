/**
 * What a command does while its jobs are out: it looks for their results, puts back blobs that were lost, offers jobs again whose result was lost
 * or that take too long, and names dead jobs.
 */
import { Clock, Deferred, Effect } from "effect";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Failure } from "../settings/command.ts";
import type { BlobStore } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { type ClusterJob, jobName } from "./job.ts";
import type { InputBlock } from "./jobs.ts";
import { type JobQueue, type JobResult, mostAttempts } from "./queue.ts";
import { isLate } from "./stragglers.ts";

/** Seconds between two looks, after which a lost blob is put back, without any result before the missing worker is reported, and between looks for stragglers. */
const [look, renewal, silence, backup] = [0.25, 1, 15, 5];

/** A job that is out. */
export interface JobOut {
  readonly job: ClusterJob;
  readonly done: Deferred.Deferred<string, ClusterError>;
  /** How many blocks wait for it: equal blocks are one job. */
  waiting: number;
  /** Whether it is in the queue; before that, what the queue knows of it is old. */
  isOffered: boolean;
  /** Makes again the blobs that it lacks. */
  readonly mend: InputBlock["mend"];
  isMending?: boolean;
  /** A result whose blobs were lost; another one must be the same. */
  earlier?: JobResult | undefined;
}

const differs = (job: ClusterJob, id: string, [one, other]: ReadonlyArray<JobResult>) =>
  new ClusterError({
    reason: "differs",
    message:
      `Job ${jobName(job, id)} has two results: ${
        one.result.slice(0, 12)
      } from ${one.worker} on "${one.machine}" (${one.device}), ` +
      `${
        other.result.slice(0, 12)
      } from ${other.worker} on "${other.machine}" (${other.device}); one of the two computes wrongly`,
  });

const died = (job: ClusterJob, id: string, attempts: number, failure: string) =>
  new ClusterError({
    reason: "job",
    message: `Job ${jobName(job, id)} is dead after ${attempts} of ${mostAttempts} attempts: ${failure.split("\n")[0]}`,
  });

const asClusterError = (error: Failure): ClusterError =>
  error instanceof ClusterError ? error : new ClusterError({ reason: "job", message: error.message });

/** Looks for the results of the jobs that are out; ends with the scope. */
export const watchResults = Effect.fnUntraced(function* (
  { store, queue }: { readonly store: BlobStore; readonly queue: JobQueue },
  out: Map<string, JobOut>,
  sources: Map<string, Effect.Effect<unknown, ClusterError>>,
  own: string,
  where: { readonly cluster: string; readonly store: string },
) {
  const { report } = yield* StandardStreams;
  const begun = yield* Clock.currentTimeMillis;
  let [renewed, heard, backed] = [begun, begun, begun];
  const settle = Effect.fnUntraced(function* (id: string, answers: ReadonlyArray<JobResult>) {
    const one = out.get(id);
    if (one === undefined || answers.length === 0) return;
    const [answer] = answers;
    const { earlier = answer } = one;
    const results = earlier.result === answer.result ? answers : [earlier, ...answers];
    if (results.length > 1) {
      // Both stay until someone has looked.
      yield* queue.keep(earlier);
      return yield* Deferred.fail(one.done, differs(one.job, id, results));
    }
    const read = yield* Effect.result(store.get(answer.result));
    if (read._tag === "Success") return yield* Deferred.succeed(one.done, new TextDecoder().decode(read.success));
    if (read.failure.reason !== "missing" && read.failure.reason !== "damaged") {
      return yield* Deferred.fail(one.done, read.failure);
    }
    yield* report(`${read.failure.message}; job ${jobName(one.job, id)} is done again`);
    one.earlier = answer;
    yield* queue.forget(id);
    yield* queue.offer(one.job);
  });
  /** Puts back the blobs that jobs need and that are gone, and names the dead. */
  const renew = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    for (const [name, put] of sources) if (!(yield* store.has(name))) yield* put;
    for (const { id, attempts, failure } of yield* queue.dead(ids)) {
      const one = out.get(id);
      if (one !== undefined) yield* Deferred.fail(one.done, died(one.job, id, Number(attempts), failure));
    }
  });
  /** Makes again what failing jobs lack, in the background, since that waits for other jobs; whether they fail for that is not known. */
  const mend = Effect.fnUntraced(function* (ids: ReadonlyArray<string>) {
    const asked = ids.filter((id) => out.get(id)?.mend !== undefined);
    for (const { id } of asked.length === 0 ? [] : yield* queue.failing(asked)) {
      const one = out.get(id);
      if (one?.mend === undefined || one.isMending === true) continue;
      one.isMending = true;
      const mending = Effect.catch(one.mend, (error) => Deferred.fail(one.done, asClusterError(error)));
      yield* Effect.forkChild(Effect.ensuring(mending, Effect.sync(() => one.isMending = false)));
    }
  });
  const again = new Set<string>();
  /** Once nothing waits, offers jobs again that take too long. */
  const backUp = Effect.gen(function* () {
    const waits = yield* queue.counts;
    if (waits.some(({ queue: name, state, jobs }) => name === own && state === "waiting" && jobs > 0)) return;
    for (const run of yield* queue.runs.current) {
      const one = out.get(run.job);
      if (one === undefined || again.has(run.job)) continue;
      if (!isLate(run, yield* queue.runs.took(run.stage))) continue;
      again.add(run.job);
      yield* queue.offerAgain(one.job);
      yield* report(`job ${jobName(one.job, run.job)} takes long on worker ${run.worker}; it is offered a second time`);
    }
  });
  const missing = Effect.fnUntraced(function* (now: number) {
    const live = (yield* queue.workers).filter((worker) => worker.queue === own && worker.heard > now - 60_000);
    if (live.length > 0) return;
    yield* report(
      `${out.size} jobs wait and no worker for ${own} was heard within a minute; one more: ` +
        `deno task worker --cluster ${where.cluster} --store ${where.store}`,
    );
  });
  return yield* Effect.gen(function* () {
    while (true) {
      yield* Effect.sleep(`${look} seconds`);
      const ids = [...out].filter(([, { isOffered }]) => isOffered).map(([id]) => id);
      const now = yield* Clock.currentTimeMillis;
      if (ids.length === 0) {
        heard = now;
        continue;
      }
      const answers = Map.groupBy(yield* queue.answers(ids), ({ job }) => job);
      if (answers.size > 0) heard = now;
      for (const [id, some] of answers) yield* settle(id, some);
      if (now - renewed > renewal * 1000) {
        yield* renew(ids);
        yield* mend(ids);
        renewed = now;
      }
      if (now - backed > backup * 1000) {
        yield* backUp;
        backed = now;
      }
      if (now - heard > silence * 1000) {
        yield* missing(now);
        heard = now;
      }
    }
  }).pipe(
    // Whoever waits must hear of it, also of what nobody foresaw.
    Effect.catchCause((cause) =>
      Effect.forEach(out.values(), ({ done }) => Deferred.failCause(done, cause), { discard: true })
    ),
  );
});
