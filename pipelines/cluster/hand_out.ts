/**
 * Hands out work: each block becomes a job in the queue, and its result is awaited. A job that was ever done is not done again, by anyone. At
 * most `ahead` jobs are out at a time, so that neither the queue nor this process grows with the work. Results are joined in the order of the
 * blocks. What happens while it waits is in `watch.ts`; a job whose blobs are lost is done again.
 */
import { Deferred, Effect, Layer, type Scope, Semaphore, Stream } from "effect";
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
import type { Executor, InputBlock, ResultBlobs, StageWork } from "./jobs.ts";
import { isLostBlob, mendedBlobs } from "./mended_blobs.ts";
import { keepModel, type KeptModel } from "./model_files.ts";
import { placeOfDevice } from "./place.ts";
import { type JobQueue, type JobResult, mostAttempts, openQueue } from "./queue.ts";
import { publisher } from "./publisher.ts";
import { type JobOut, watchResults } from "./watch.ts";

/** The default of `--ahead`: jobs of a command that are out at a time. */
const defaultAhead = 128;

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

/** A job that a work asks for; the text of its block is made when it is needed. */
interface Asked {
  readonly job: ClusterJob;
  readonly index: number;
  readonly block: InputBlock;
}

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
  const out = new Map<string, JobOut>();
  const sources = new Map<string, Effect.Effect<unknown, ClusterError>>();
  yield* Effect.forkScoped(watchResults(shared, out, sources, queueOf(place), where));

  const done = Effect.fnUntraced(function* ({ job, block: { mend } }: Asked, text: string, earlier?: JobResult) {
    const id = jobId(job);
    const deferred = yield* Deferred.make<string, ClusterError>();
    const one = out.get(id) ?? { job, done: deferred, waiting: 0, isOffered: false, mend };
    one.waiting++;
    one.earlier ??= earlier;
    sources.set(job.reads.block, store.put(text));
    out.set(id, one);
    const found = Effect.gen(function* () {
      const known = yield* queue.answers([id]);
      if (known.length === 0) yield* queue.offer(job);
      one.isOffered = true;
      return yield* Deferred.await(one.done);
    });
    return yield* Effect.ensuring(
      found,
      Effect.sync(() => {
        if (--one.waiting > 0) return;
        out.delete(id);
        sources.delete(job.reads.block);
      }),
    );
  });
  /** Waits for a job; one that is dead begins anew if it lacked blobs and they could be made again. */
  const finished = (
    asked: Asked,
    text: string,
    earlier?: JobResult,
    tries = mostAttempts,
  ): Effect.Effect<string, Failure> =>
    Effect.catchIf(
      room.withPermits(1)(done(asked, text, earlier)),
      ({ reason }) => reason === "job" && tries > 1,
      Effect.fnUntraced(function* (error) {
        const isMended = yield* asked.block.mend ?? Effect.succeed(false);
        return yield* isMended ? finished(asked, text, earlier, tries - 1) : Effect.fail(error);
      }),
    );
  const redone = Effect.fnUntraced(function* (asked: Asked, why: string) {
    const id = jobId(asked.job);
    yield* (yield* StandardStreams).report(`${why}; job ${jobName(asked.job, id)} is done again`);
    const answers = yield* queue.answers([id]);
    if (answers.length === 1) yield* queue.forget(id);
    return yield* finished(asked, asked.block.text, answers.at(0));
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
      const mended = yield* mendedBlobs<Asked>(store, (asked, lost) => redone(asked, `Blob "${lost}" is lost`));
      const blobsOf = (asked: Asked): ResultBlobs => ({
        put: store.put,
        get: (name) => Effect.tap(store.get(name), () => Effect.sync(() => spent.blobs.add(name))),
        spend: (names) => {
          names.forEach((name) => spent.blobs.add(name));
          mended.made(names, asked);
        },
      });
      const one = Effect.fnUntraced(
        function* ([index, block]: readonly [number, InputBlock]) {
          const { text } = block;
          const input = yield* store.put(text);
          const job: ClusterJob = {
            ...place,
            stage,
            settings: { ...settings, ...block.settings },
            reads: { ...reads, block: input },
          };
          const asked: Asked = { job, index, block };
          return { asked, result: yield* finished(asked, text) };
        },
      );
      /** A result whose blobs are lost is made again. */
      const read = (asked: Asked, result: string, tries = mostAttempts): Effect.Effect<ReadonlyArray<A>, E | Failure> =>
        Effect.catch(
          decode(result, asked.index, blobsOf(asked)),
          Effect.fnUntraced(function* (error: E | Failure) {
            if (!isLostBlob(error) || tries === 1) return yield* Effect.fail(error);
            return yield* read(asked, yield* redone(asked, error.message), tries - 1);
          }),
        );
      const remove = Effect.gen(function* () {
        yield* Effect.forEach(spent.jobs, queue.forget);
        yield* store.remove([...spent.blobs]);
      });
      const results = Stream.fromIterable(blocks.entries()).pipe(
        Stream.mapEffect(one, { concurrency: ahead }),
        Stream.mapEffect(({ asked, result }) => {
          spent.jobs.push(jobId(asked.job));
          spent.blobs.add(asked.job.reads.block);
          return read(asked, result);
        }),
        Stream.flattenIterable,
      );
      const all = last === undefined
        ? results
        : Stream.concat(results, Stream.flattenIterable(Stream.fromEffect(Effect.suspend(() => last(mended)))));
      return transient ? Stream.ensuring(all, Effect.ignore(remove)) : all;
    }));
  return { atOnce: ahead, run };
});
