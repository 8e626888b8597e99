/**
 * Hands out work: each block becomes a job in the queue, and its result is awaited. A job that was ever done is not done again, by anyone. At
 * most `ahead` jobs are out at a time, so that neither the queue nor this process grows with the work. Results are joined in the order of the
 * blocks. While it waits it puts back blobs that were lost, offers jobs again whose result was lost, and names dead jobs.
 */
import { Clock, Deferred, Effect, Layer, type Scope, Semaphore, Stream } from "effect";
import { mkdir } from "node:fs/promises";
import type { Rounding } from "../../kernels/gpu/chosen_kernels.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { reasonOf } from "../files/text_file.ts";
import { resolveModel } from "../files/hub.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { type BlobStore, openBlobStore } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { layerDatabase } from "./database.ts";
import { isStoreAddress, openHttpStore } from "./http_store.ts";
import { type ClusterJob, jobId, jobName, queueOf } from "./job.ts";
import type { Blobs, Executor, StageWork } from "./jobs.ts";
import { keepModel, type KeptModel } from "./model_files.ts";
import { placeOfDevice } from "./place.ts";
import { isLate } from "./stragglers.ts";
import { type JobQueue, type JobResult, mostAttempts, openQueue } from "./queue.ts";
import { publisher } from "./publisher.ts";

/** The default of `--ahead`: jobs of a command that are out at a time. */
const defaultAhead = 128;

/** Seconds between two looks, after which a lost blob is put back, without any result before the missing worker is reported, and between looks for stragglers. */
const [look, renewal, silence, backup] = [0.25, 1, 15, 5];

/** Seconds after the last renewal of a lease at which a command counts a job's last attempt as lost. */
export const defaultLease = 30;

/** Where the database and the store are. */
export interface Shared {
  readonly cluster: string;
  readonly store: string;
}

/** A command's place in the cluster. */
export interface Ahead extends Shared {
  /** How many jobs are out at a time. */
  readonly ahead?: number;
  /** The port on which the store is served. */
  readonly storePort?: number;
}

const openFolder = Effect.fnUntraced(function* (folder: string) {
  yield* Effect.tryPromise({
    try: () => mkdir(folder, { recursive: true }),
    catch: (cause) =>
      new ClusterError({ reason: "folder", message: `Cannot make the store "${folder}": ${reasonOf(cause)}` }),
  });
  return yield* openBlobStore(folder);
});

/** Opens the store and the queue; both end with the scope. */
export const openShared = Effect.fnUntraced(function* (
  { cluster, store: folder }: Shared,
  lease: number,
): Effect.fn.Return<{ readonly store: BlobStore; readonly queue: JobQueue }, Failure, Scope.Scope> {
  if (isStoreAddress(folder) && cluster === "sqlite") {
    return yield* new UsageError({ message: "Cannot use --cluster sqlite: its queue is a file of the store's folder" });
  }
  const store = yield* isStoreAddress(folder) ? openHttpStore(folder) : openFolder(folder);
  const database = yield* Layer.build(layerDatabase(cluster, folder));
  const queue = yield* Effect.provideContext(openQueue(lease), database);
  return { store, queue };
});

/** A job that is out. */
interface Out {
  readonly job: ClusterJob;
  readonly done: Deferred.Deferred<string, ClusterError>;
  /** How many blocks wait for it: equal blocks are one job. */
  waiting: number;
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

/** Looks for the results of the jobs that are out; ends with the scope. */
const watch = Effect.fnUntraced(function* (
  { store, queue }: { readonly store: BlobStore; readonly queue: JobQueue },
  out: Map<string, Out>,
  sources: Map<string, Effect.Effect<unknown, ClusterError>>,
  own: string,
  where: Shared,
) {
  const { report } = yield* StandardStreams;
  const begun = yield* Clock.currentTimeMillis;
  let [renewed, heard, backed] = [begun, begun, begun];
  const settle = Effect.fnUntraced(function* (id: string, answers: ReadonlyArray<JobResult>) {
    const one = out.get(id);
    if (one === undefined || answers.length === 0) return;
    if (answers.length > 1) return yield* Deferred.fail(one.done, differs(one.job, id, answers));
    const read = yield* Effect.result(store.get(answers[0].result));
    if (read._tag === "Success") return yield* Deferred.succeed(one.done, new TextDecoder().decode(read.success));
    if (read.failure.reason !== "missing" && read.failure.reason !== "damaged") {
      return yield* Deferred.fail(one.done, read.failure);
    }
    yield* report(`${read.failure.message}; job ${jobName(one.job, id)} is done again`);
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
      const ids = [...out.keys()];
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
    Effect.catch((error: ClusterError) =>
      Effect.forEach(out.values(), ({ done }) => Deferred.fail(done, error), { discard: true })
    ),
  );
});

/** The executor of a cluster, for jobs of the kind of this device. */
export const handOut = Effect.fn("Cluster.handOut")(function* (
  where: Ahead,
  info: Rounding,
): Effect.fn.Return<Executor, Failure, Scope.Scope> {
  const shared = yield* openShared(where, defaultLease);
  const { store, queue } = shared;
  const place = yield* placeOfDevice(info);
  const { ahead = defaultAhead, storePort } = where;
  if (storePort !== undefined) {
    const { serveStore } = yield* Effect.promise(() => import("./store_server.ts"));
    yield* serveStore(store, storePort);
  }
  // The command may hand out several works at a time.
  const room = yield* Semaphore.make(ahead);
  const out = new Map<string, Out>();
  const sources = new Map<string, Effect.Effect<unknown, ClusterError>>();
  yield* Effect.forkScoped(watch(shared, out, sources, queueOf(place), where));

  const done = Effect.fnUntraced(function* (job: ClusterJob, text: string) {
    const id = jobId(job);
    const deferred = yield* Deferred.make<string, ClusterError>();
    const one = out.get(id) ?? { job, done: deferred, waiting: 0 };
    one.waiting++;
    sources.set(job.reads.block, store.put(text));
    out.set(id, one);
    const known = yield* queue.answers([id]);
    if (known.length === 0) yield* queue.offer(job);
    return yield* Effect.ensuring(
      Deferred.await(one.done),
      Effect.sync(() => {
        if (--one.waiting > 0) return;
        out.delete(id);
        sources.delete(job.reads.block);
      }),
    );
  });

  const models = new Map<string, KeptModel>();
  const modelOf = Effect.fnUntraced(function* (name: string): Effect.fn.Return<KeptModel, Failure> {
    const dir = yield* resolveModel(name);
    const kept = models.get(dir) ?? (yield* keepModel(store, dir));
    models.set(dir, kept);
    for (const [blob, put] of kept.sources) sources.set(blob, put);
    return kept;
  });

  const published = yield* publisher(store, sources);

  const run = <A, E, R>(work: StageWork<A, E, R>): Stream.Stream<A, E | Failure, R> =>
    Stream.unwrap(Effect.gen(function* () {
      const { stage, settings, model, weights, blocks, decode, last, transient = false } = work;
      const reads: ClusterJob["reads"] = {
        ...model !== undefined && { model: (yield* modelOf(model)).list },
        ...weights !== undefined && { weights: yield* published(weights) },
      };
      /** What is removed in the end, of work whose results nobody asks for again. */
      const spent: { readonly jobs: string[]; readonly blobs: Set<string> } = { jobs: [], blobs: new Set() };
      const blobs: Blobs = {
        put: store.put,
        get: (name) => Effect.tap(store.get(name), () => Effect.sync(() => spent.blobs.add(name))),
        spend: (names) => names.forEach((name) => spent.blobs.add(name)),
      };
      const one = Effect.fnUntraced(
        function* ([index, block]: readonly [number, StageWork<A, E, R>["blocks"][number]]) {
          const { text } = block;
          const input = yield* store.put(text);
          const job: ClusterJob = {
            ...place,
            stage,
            settings: { ...settings, ...block.settings },
            reads: { ...reads, block: input },
          };
          return { index, job, text, result: yield* room.withPermits(1)(done(job, text)) };
        },
      );
      /** A result whose blobs are lost is made again. */
      const read = (
        { index, job, text, result }: Effect.Success<ReturnType<typeof one>>,
        tries = mostAttempts,
      ): Effect.Effect<ReadonlyArray<A>, E | Failure> =>
        Effect.catch(
          decode(result, index, blobs),
          Effect.fnUntraced(function* (error: E | Failure) {
            const isLost = error instanceof ClusterError && (error.reason === "missing" || error.reason === "damaged");
            if (!isLost || tries === 1) return yield* Effect.fail(error);
            const id = jobId(job);
            yield* (yield* StandardStreams).report(`${error.message}; job ${jobName(job, id)} is done again`);
            yield* queue.forget(id);
            return yield* read({ index, job, text, result: yield* done(job, text) }, tries - 1);
          }),
        );
      const remove = Effect.gen(function* () {
        yield* Effect.forEach(spent.jobs, queue.forget);
        yield* store.remove([...spent.blobs]);
      });
      const results = Stream.fromIterable(blocks.entries()).pipe(
        Stream.mapEffect(one, { concurrency: ahead }),
        Stream.mapEffect((each) => {
          spent.jobs.push(jobId(each.job));
          if (each.job.reads.block !== undefined) spent.blobs.add(each.job.reads.block);
          return read(each);
        }),
        Stream.flattenIterable,
      );
      const all = last === undefined
        ? results
        : Stream.concat(results, Stream.flattenIterable(Stream.fromEffect(Effect.suspend(last))));
      return transient ? Stream.ensuring(all, Effect.ignore(remove)) : all;
    }));
  return { atOnce: ahead, run };
});
