/**
 * A worker: it pulls jobs of its own code, device kind and kernels, runs them one at a time and keeps their results in the store. The device
 * computes in threads of its own (the embedded one) or on the GPU, so the event loop that renews the lease stays free. SIGTERM lets the job at hand end; a
 * second signal ends at once, and the lease lets another worker have the job.
 */
import { Clock, Effect, Schedule } from "effect";
import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import { deviceName } from "../../kernels/gpu/chosen_kernels.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { reasonOf } from "../files/text_file.ts";
import { Policy } from "../models/policy.ts";
import type { Failure } from "../settings/command.ts";
import type { BlobStore } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { makeTrouble, patience } from "./asked.ts";
import { sweepCells } from "./cell_folders.ts";
import { openShared, type Shared } from "./hand_out.ts";
import { type ClusterJob, jobName, type JobPlace, otherPlace, queueOf } from "./job.ts";
import type { MakeRunner, Runner } from "./jobs.ts";
import { isLostBlob } from "./mended_blobs.ts";
import { modelCopies, sweepModels } from "./model_files.ts";
import { placeOfDevice } from "./place.ts";
import type { Doer, JobQueue } from "./queue.ts";
import { weightsHolder } from "./weights.ts";

const day = 24 * 3600_000;

/** How long things are kept, in milliseconds. */
export interface Upkeep {
  /** Between two cleanings of the database and the store, whoever of the workers does them. */
  readonly every: number;
  /** Messages of jobs that are done. */
  readonly messages: number;
  /** Results and blobs after their last use. */
  readonly results: number;
  /** Copies of models on this machine after their last use. */
  readonly models: number;
  /** Folders of unfinished cells on this machine after their last change. */
  readonly cells: number;
}

const usualUpkeep: Upkeep = { every: 3600_000, messages: 3600_000, results: 30 * day, models: 7 * day, cells: 7 * day };

/** Says once about each other queue with waiting jobs why this worker leaves them. */
const sayLeft = Effect.fnUntraced(function* (queue: JobQueue, place: JobPlace) {
  const { report } = yield* StandardStreams;
  const said = new Set([queueOf(place)]);
  return Effect.gen(function* () {
    for (const { queue: other, jobs } of yield* queue.waiting) {
      if (said.has(other)) continue;
      said.add(other);
      yield* report(`${jobs} jobs are left to other workers: they are ${otherPlace(other, place)}`);
    }
  });
});

/** Removes what nobody used for long, once it is time; a worker that stays for minutes alone does its part too. */
const sweep = Effect.fnUntraced(function* (store: BlobStore, queue: JobQueue, upkeep: Upkeep) {
  const { every, messages, results, models, cells } = upkeep;
  const now = yield* Clock.currentTimeMillis;
  yield* sweepModels(now - models);
  yield* sweepCells(now - cells);
  if (!(yield* queue.isDue(every))) return;
  yield* queue.sweep(now - results, messages);
  yield* store.sweep(now - results);
});

/** Runs a job with the runner of its stage and returns the text of its result. */
const textOf = Effect.fnUntraced(function* (
  job: ClusterJob,
  store: BlobStore,
  runnerOf: (stage: string) => Effect.Effect<Runner, Failure, Policy>,
  copyOf: ReturnType<typeof modelCopies>,
  hold: ReturnType<typeof weightsHolder>,
): Effect.fn.Return<string, Failure, Policy> {
  const { block, model: list, weights: name } = job.reads;
  const text = new TextDecoder().decode(yield* store.get(block ?? ""));
  const model = list === undefined ? undefined : yield* copyOf(list);
  const weights = name === undefined ? undefined : yield* hold(name);
  const run = yield* runnerOf(job.stage);
  return yield* run({
    settings: job.settings,
    text,
    model: model ?? weights?.dir,
    weights: weights?.model,
    blobs: store,
  });
});

/** Works until it is interrupted; `makers` has the runner of each stage, and `tokensIn` counts the tokens that a result holds. */
export const work = Effect.fn("Worker.work")(function* (
  where: Shared,
  lease: number,
  makers: Readonly<Record<string, MakeRunner>>,
  tokensIn: (stage: string, result: string) => number = () => 0,
  upkeep: Upkeep = usualUpkeep,
) {
  const { report } = yield* StandardStreams;
  const { store, queue } = yield* openShared(where, lease);
  const { info, encoder } = yield* Policy;
  const hold = weightsHolder(store, { encoder });
  const place = yield* placeOfDevice(info);
  const doer: Doer = { worker: randomUUID().slice(0, 8), machine: hostname(), device: deviceName(info) };
  let done = 0;
  const heard = Effect.gen(function* () {
    yield* queue.report({ ...doer, queue: queueOf(place), done, heard: yield* Clock.currentTimeMillis });
  });
  const left = yield* sayLeft(queue, place);
  const background = <E>(run: Effect.Effect<void, E>, seconds: number) =>
    Effect.forkScoped(Effect.schedule(Effect.ignore(run), Schedule.spaced(`${seconds} seconds`)));
  yield* heard;
  yield* left;
  yield* background(Effect.andThen(heard, left), 5);
  yield* background(sweep(store, queue, upkeep), Math.min(60, upkeep.every / 1000));
  yield* report(`worker ${doer.worker} on "${doer.machine}" takes jobs of ${queueOf(place)} (${doer.device})`);

  const runners = new Map<string, Runner>();
  const runnerOf = Effect.fnUntraced(function* (stage: string): Effect.fn.Return<Runner, Failure, Policy> {
    const known = runners.get(stage);
    if (known !== undefined) return known;
    if (!Object.hasOwn(makers, stage)) {
      return yield* new ClusterError({ reason: "job", message: `Cannot run a job of stage "${stage}": no such stage` });
    }
    const made = yield* makers[stage];
    runners.set(stage, made);
    return made;
  });
  const copyOf = modelCopies(store);
  // A full disk is given a minute, since the work is done.
  const full = yield* makeTrouble;
  const isFull = ({ reason }: ClusterError) => reason === "full";
  const kept = (text: string) =>
    store.put(text).pipe(
      Effect.tapError((error) =>
        isFull(error) ? full.begins(`${error.message}; it is tried for a minute`) : Effect.void
      ),
      Effect.retry({ ...patience, while: isFull }),
      Effect.tap(() => full.ends("The disk of the store has room again")),
    );
  const one = Effect.fnUntraced(function* (job: ClusterJob, id: string) {
    // Another worker may have finished it after its lease had ended.
    if ((yield* queue.answers([id])).length > 0) return;
    const begun = yield* Clock.currentTimeMillis;
    yield* queue.runs.begin({ job: id, worker: doer.worker, stage: job.stage, begun });
    const text = yield* textOf(job, store, runnerOf, copyOf, hold);
    yield* queue.keep({ ...doer, job: id, result: yield* kept(text) });
    done++;
    const ended = yield* Clock.currentTimeMillis;
    yield* queue.runs.end(id, doer.worker, ended, tokensIn(job.stage, text));
    yield* heard;
    const seconds = (ended - begun) / 1000;
    yield* report(`job ${jobName(job, id)} done in ${seconds.toFixed(1)} s`);
  });
  const take = queue.take(place, (job, id) =>
    one(job, id).pipe(
      Effect.catchDefect((defect) => Effect.fail(new ClusterError({ reason: "job", message: reasonOf(defect) }))),
      Effect.mapError((error) =>
        isLostBlob(error) ? error : new ClusterError({ reason: "job", message: error.message })
      ),
      Effect.tapError(({ message }) => report(`job ${jobName(job, id)} failed: ${message}`)),
      Effect.tapError(() => Effect.ignore(queue.runs.drop(id, doer.worker))),
      // A signal waits for the end of the job.
      Effect.uninterruptible,
    ));
  // The queue tries a failed job again; a worker goes on, whatever a job does to it. Where a blob is lost, the job that makes it may be next.
  const next = take.pipe(
    Effect.catchDefect((defect) => Effect.fail(new ClusterError({ reason: "job", message: reasonOf(defect) }))),
    Effect.catch((error) =>
      isLostBlob(error)
        ? Effect.void
        : Effect.andThen(error.reason === "job" ? Effect.void : report(error.message), Effect.sleep("1 second"))
    ),
  );
  return yield* Effect.forever(next);
});
