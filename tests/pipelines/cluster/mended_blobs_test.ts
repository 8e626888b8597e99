/** A blob that is lost, or whose bytes are wrong, is made again by its own job; no other job is done again. */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import { writeFileSync } from "node:fs";
import { type BlobStore, openBlobStore } from "../../../pipelines/cluster/blob_store.ts";
import { ClusterError } from "../../../pipelines/cluster/cluster_error.ts";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import type { Executor, MakeRunner, SpentBlobs, StageWork } from "../../../pipelines/cluster/jobs.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import type { Failure } from "../../../pipelines/settings/command.ts";
import { temporaryFolder, testStages } from "../stages/with_policy.ts";

type PlainWork = StageWork<string, Failure, never>;

/** Reads one blob of every part. */
const wholes = (parts: ReadonlyArray<ReadonlyArray<string>>, { mend }: SpentBlobs): PlainWork => ({
  stage: "whole",
  settings: {},
  blocks: [0, 1].map((at) => parts.map((names) => names[at])).map((names) => ({
    text: names.join(),
    mend: mend(names),
  })),
  here: Stream.empty,
  decode: (text) => Effect.succeed([text]),
});

/** Four parts with two blobs each; `last` has their names. */
const partsWith = (
  last: (
    parts: ReadonlyArray<ReadonlyArray<string>>,
    blobs: SpentBlobs,
  ) => Effect.Effect<ReadonlyArray<string>, Failure>,
): PlainWork => {
  const parts: string[][] = [];
  return {
    stage: "part",
    settings: {},
    transient: true,
    blocks: [..."0123"].map((text) => ({ text })),
    here: Stream.empty,
    decode: (text, _, { spend }) =>
      Effect.sync(() => {
        parts.push(text.split(","));
        spend(parts[parts.length - 1]);
        return [];
      }),
    last: (blobs) => last(parts, blobs),
  };
};

/** How the two stages run; by default a part keeps its text with "a" and with "b". */
interface Plain {
  readonly kept?: (text: string, run: number) => string;
  readonly isBroken?: boolean;
}

/** A worker of the two stages, and a command; counts the runs of each job. */
const atWork = Effect.fnUntraced(function* ({ kept = (text) => text, isBroken = false }: Plain = {}) {
  const shared = { cluster: "sqlite", store: yield* temporaryFolder };
  const { info } = yield* Policy;
  const [runs, said]: [Record<string, number>, string[]] = [{}, []];
  const counted = (name: string) => runs[name] = (runs[name] ?? 0) + 1;
  const part: MakeRunner = Effect.succeed(Effect.fnUntraced(function* ({ text, blobs: { put } }) {
    const base = kept(text, counted(`part ${text}`));
    const names = yield* Effect.forEach(["a", "b"], (end) => put(new TextEncoder().encode(base + end)));
    return names.join();
  }));
  const whole: MakeRunner = Effect.succeed(Effect.fnUntraced(function* ({ text, blobs: { get } }) {
    counted("whole");
    if (isBroken) return yield* new ClusterError({ reason: "job", message: "out of luck" });
    const all = yield* Effect.forEach(text.split(","), get);
    return all.map((bytes) => new TextDecoder().decode(bytes)).join("");
  }));
  const streams = {
    ...yield* StandardStreams,
    report: (line: string) => Effect.sync(() => void said.push(line)),
  };
  yield* Effect.forkScoped(work(shared, 30, { part, whole }));
  const jobs = yield* Effect.provideService(handOut(shared, info), StandardStreams, streams);
  const run = (asked: PlainWork) => Effect.provideService(Stream.runCollect(jobs.run(asked)), StandardStreams, streams);
  return { store: yield* openBlobStore(shared.store), jobs, run, runs, said };
});

const joined = (jobs: Executor, parts: ReadonlyArray<ReadonlyArray<string>>, blobs: SpentBlobs) =>
  Stream.runCollect(jobs.run(wholes(parts, blobs)));

const damage = ({ pathOf }: BlobStore, name: string) => Effect.sync(() => writeFileSync(pathOf(name), "other bytes"));

testStages(
  "blobs that jobs lack are made again by the jobs that made them, and by no other",
  () =>
    Effect.gen(function* () {
      const { store, jobs, run, runs, said } = yield* atWork();
      const lost: string[] = [];
      const drawn = yield* run(partsWith(Effect.fnUntraced(function* (parts, blobs) {
        lost.push(parts[1][1], parts[2][0], ...parts[3]);
        yield* store.remove([parts[1][1], ...parts[3]]);
        yield* damage(store, parts[2][0]);
        return yield* joined(jobs, parts, blobs);
      })));
      assert.deepEqual(drawn, ["0a1a2a3a", "0b1b2b3b"]);
      // The two that read fail until then.
      const { whole, ...made } = runs;
      assert.deepEqual(made, { "part 0": 1, "part 1": 2, "part 2": 2, "part 3": 2 });
      assert(whole >= 4, `${whole}`);
      // The last part has lost both of its blobs, which one job makes again.
      const told = said.filter((line) => / is lost; job part \w+ is done again$/.test(line));
      const names = new Set(told.map((line) => line.split('"')[1]));
      assert.deepEqual([told.length, names.size, names.isSubsetOf(new Set(lost))], [3, 3, true]);
      for (const name of lost) assert.equal(yield* store.has(name), false, "it is removed in the end");
    }),
);

testStages("a blob that the command itself lacks is made again by its own job", () =>
  Effect.gen(function* () {
    const { store, run, runs } = yield* atWork();
    const drawn = yield* run(partsWith(Effect.fnUntraced(function* (parts, { get, mend }) {
      yield* store.remove(parts[3]);
      assert.equal(yield* mend(parts[0]), false);
      const bytes = yield* Effect.forEach(parts.flat(), get);
      assert.deepEqual([yield* mend(parts[0]), yield* mend(parts[3])], [false, true]);
      return bytes.map((one) => new TextDecoder().decode(one));
    })));
    assert.deepEqual(drawn, ["0a", "0b", "1a", "1b", "2a", "2b", "3a", "3b"]);
    assert.deepEqual(runs, { "part 0": 1, "part 1": 1, "part 2": 1, "part 3": 2 });
  }));

testStages(
  "a job that gives another result when it is done again is an error that names both machines",
  () =>
    Effect.gen(function* () {
      const kept = (text: string, count: number) => text === "1" && count > 1 ? "wrong" : text;
      const { store, jobs, run } = yield* atWork({ kept });
      const failed = yield* Effect.flip(run(partsWith(Effect.fnUntraced(function* (parts, blobs) {
        yield* store.remove([parts[1][0]]);
        return yield* joined(jobs, parts, blobs);
      }))));
      assert.match(
        failed.message,
        /^Job part \w+ has two results: \w+ from \w+ on ".*; one of the two computes wrongly$/,
      );
    }),
);

testStages(
  "a job that fails although nothing is lost is dead, and nothing is done again",
  () =>
    Effect.gen(function* () {
      const { jobs, run, runs } = yield* atWork({ isBroken: true });
      const failed = yield* Effect.flip(run(partsWith((parts, blobs) => joined(jobs, parts, blobs))));
      assert.match(failed.message, /^Job whole \w+ is dead after 5 of 5 attempts: .*out of luck/);
      assert.deepEqual({ ...runs, whole: 0 }, { "part 0": 1, "part 1": 1, "part 2": 1, "part 3": 1, whole: 0 });
    }),
);
