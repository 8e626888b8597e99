/** A gradient makes the same calls in this process, block by block, and in a cluster: the same jobs of subtrees and ranges, and the same bits. */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import { canonicalJson } from "../../../pipelines/cluster/job.ts";
import { type Blobs, type Executor, Jobs, type ResultBlobs } from "../../../pipelines/cluster/jobs.ts";
import { rangeBytes, rangesOf } from "../../../pipelines/cluster/parameter_blobs.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import type { TrainedSequence } from "../../../pipelines/learning/gradient.ts";
import { makeGradientRunner } from "../../../pipelines/learning/gradient_runner.ts";
import { gradient, handedWith, whole } from "../../../pipelines/learning/optimizer_step.ts";
import { makeRangeSumRunner } from "../../../pipelines/learning/range_sums.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { base, temporaryFolder, testStages } from "../stages/with_policy.ts";

const runners = { gradient: makeGradientRunner, "range-sum": makeRangeSumRunner };

/** Eleven sequences of each sign, of many lengths. */
const batch = Array.from({ length: 22 }, (_, i): TrainedSequence => {
  const length = 2 + i * 5 % 7;
  return {
    problemId: `p${i}`,
    sampleIndex: 0,
    sign: i % 2 === 0 ? "positive" : "negative",
    promptTokens: Int32Array.of(1, 2 + i % 5, 3),
    responseTokens: Int32Array.from({ length }, (_, t) => 1 + (i + t) % 9),
    oldLogProbs: Float32Array.from({ length }, (_, t) => -0.5 - t / 3),
    advantages: new Float32Array(length).fill(i % 2 === 0 ? 1 : -0.7),
  };
});

const settings = {
  algorithm: "grpo",
  temperature: 1,
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  klInLoss: false,
  aggregation: "token-mean",
  gradientChunk: 12,
} as const;

const hashOf = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

/** What a stage asked for. */
const callOf = (stage: string, given: object, block: string): string => `${stage} ${canonicalJson(given)} ${block}`;

const memoryBlobs = (): Blobs => {
  const kept = new Map<string, Uint8Array>();
  return {
    put: (bytes) =>
      Effect.sync(() => {
        const name = hashOf(bytes);
        kept.set(name, bytes);
        return name;
      }),
    get: (name) => {
      const bytes = kept.get(name);
      return bytes === undefined ? Effect.die(`no blob ${name}`) : Effect.succeed(bytes);
    },
  };
};

/** Does the blocks in this process, one after the other, with the functions of workers, and writes down each call. */
const inBlocks = (calls: string[], policy: Policy["Service"]): Executor => {
  const blobs: ResultBlobs = { ...memoryBlobs(), spend: () => undefined };
  const spent = { get: blobs.get, mend: () => Effect.succeed(false) };
  return {
    atOnce: 1,
    run: ({ stage, settings, weights, blocks, decode, last }) => {
      const one = Effect.fnUntraced(function* ([index, { text }]: readonly [number, (typeof blocks)[number]]) {
        calls.push(callOf(stage, settings, hashOf(text)));
        const run = yield* stage === "gradient" ? makeGradientRunner : makeRangeSumRunner;
        const input = { settings, text, model: undefined, weights: weights?.model, blobs };
        return yield* decode(yield* run(input), index, blobs);
      }, Effect.provideService(Policy, policy));
      const results = Stream.mapEffect(Stream.fromIterable(blocks.entries()), one);
      const rest = last === undefined ? Stream.empty : Stream.fromEffect(Effect.suspend(() => last(spent)));
      return Stream.flattenIterable(Stream.concat(results, rest));
    },
  };
};

for (const leaves of [1, 4]) {
  testStages(
    `a gradient over ${leaves} leaves is the same in this process, block by block, and in a cluster`,
    () =>
      Effect.gen(function* () {
        const policy = yield* Policy;
        const { model, dir } = yield* policy.load(base, "policy");
        const { encoder } = model;
        const summed = Effect.fnUntraced(function* (isHandedOut: boolean) {
          const weights = { version: model, model, dir };
          const asked = { ...settings, gradientLeaves: leaves };
          const handed = isHandedOut ? handedWith("policy", weights, 1, asked) : undefined;
          const found = yield* gradient(model, whole(batch), { ...asked, handed });
          const bytes = yield* Effect.forEach(
            rangesOf(found.gradient.layout),
            (range) => Effect.map(rangeBytes(encoder, found.gradient, range), hashOf),
          );
          releaseParameters(encoder, found.gradient);
          const parts = [found, found.positive, found.negative].map(({ sums, gradNorm }) => ({ sums, gradNorm }));
          return { bytes, parts, cosine: found.cosine };
        });
        const expected = yield* summed(false);
        const before = encoder.pool.statistics.live;
        assert(expected.parts.every(({ gradNorm }) => gradNorm > 0) && new Set(expected.bytes).size > 1);
        // Without an executor, what may be handed out stays here.
        assert.deepEqual(yield* summed(true), expected);

        const calls: string[] = [];
        assert.deepEqual(yield* Effect.provideService(summed(true), Jobs, inBlocks(calls, policy)), expected);
        assert.equal(encoder.pool.statistics.live, before, "every buffer is given back");
        const ranges = rangesOf(model.parameters.layout).length;
        assert.equal(calls.length, leaves === 1 ? 2 : 2 * (leaves + ranges));

        const shared = { cluster: "sqlite", store: yield* temporaryFolder };
        yield* Effect.forkScoped(work(shared, 30, runners));
        const cluster = yield* handOut(shared, policy.info);
        assert.deepEqual(yield* Effect.provideService(summed(true), Jobs, cluster), expected);
        const database = new DatabaseSync(join(shared.store, "queue.sqlite"), { readOnly: true });
        const rows = database.prepare("SELECT element FROM signum_jobs WHERE state = 'completed'").all();
        database.close();
        const jobs = rows.map(({ element }) => JSON.parse(String(element)));
        assert.deepEqual(
          jobs.map(({ stage, settings, reads }) => callOf(stage, settings, reads.block)).toSorted(),
          calls.toSorted(),
        );
      }),
  );
}
