/** A stage makes the same calls without a cluster and with one: the same blocks, with the same settings, give the same records. */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import { type ClusterJob, jobId } from "../../../pipelines/cluster/job.ts";
import { type Executor, Jobs } from "../../../pipelines/cluster/jobs.ts";
import { placeOfDevice } from "../../../pipelines/cluster/place.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { drawGraded, makeGradedRunner } from "../../../pipelines/evaluation/graded.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { sha256 } from "../../../pipelines/records/text.ts";
import { defaults } from "../../../pipelines/settings/settings.ts";
import { makeSampleRunner } from "../../../pipelines/stages/sample_work.ts";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import { base, collect, linesOf, prompts, temporaryFolder, testStages } from "../stages/with_policy.ts";

const runner = makeSampleRunner({ batch: undefined, cache: undefined });

/** What a stage asked for, and what it got. */
interface Call extends Pick<ClusterJob, "stage" | "settings"> {
  readonly text: string;
  readonly result: string;
}

/** Sampling keeps no blobs. */
const blobs = { put: () => Effect.die("unused"), get: () => Effect.die("unused"), spend: () => undefined };

/** Does the blocks in this process, one after the other, and writes down each call. */
const inBlocks = (calls: Call[], policy: Policy["Service"]): Executor => ({
  run: ({ stage, settings, model, blocks, decode }) =>
    Stream.fromIterable(blocks.entries()).pipe(
      Stream.mapEffect(([index, block]) =>
        Effect.gen(function* () {
          const input = { settings: { ...settings, ...block.settings }, text: block.text, model, blobs };
          const result = yield* (yield* runner)(input);
          calls.push({ stage, settings: input.settings, text: block.text, result });
          return yield* decode(result, index, blobs);
        }).pipe(Effect.provideService(Policy, policy))
      ),
      Stream.flattenIterable,
    ),
});

testStages(
  "sample gives the same records in this process, block by block, and in a cluster",
  () =>
    Effect.gen(function* () {
      const asked = yield* prompts(5);
      // A problem that comes again goes on with its count, in whichever block it is.
      const repeated = [...asked, asked[0], asked[3]];
      const config = { model: base, responses: 2, seed: 7, temperature: 0.6 };
      const expected = linesOf(yield* collect(sampleStage, repeated, config));
      assert.equal(new Set(expected).size, 14);

      const policy = yield* Policy;
      const calls: Call[] = [];
      const cut = collect(sampleStage, repeated, { ...config, block: 3 });
      const inTurn = Effect.provideService(cut, Jobs, inBlocks(calls, policy));
      assert.deepEqual(linesOf(yield* inTurn), expected);
      assert.deepEqual(calls.map(({ text }) => text.split("\n").length - 1), [3, 3, 1]);
      assert.deepEqual(calls.map(({ settings }) => settings.before), [
        undefined,
        { [asked[0].problemId]: 2 },
        { [asked[3].problemId]: 2 },
      ]);
      // Neither the size of the blocks nor memory settings are part of a job.
      assert(calls.every(({ settings }) => !("block" in settings) && !("batch" in settings) && !("model" in settings)));

      const store = yield* temporaryFolder;
      const shared = { cluster: "sqlite", store };
      yield* Effect.forkScoped(work(shared, 30, { sample: runner }));
      const cluster = yield* handOut(shared, policy.info);
      assert.deepEqual(linesOf(yield* Effect.provideService(cut, Jobs, cluster)), expected);

      const database = new DatabaseSync(join(store, "queue.sqlite"), { readOnly: true });
      const rows = database.prepare("SELECT job, result FROM signum_results").all();
      database.close();
      const jobs = jobsOf(yield* placeOfDevice(policy.info), calls, rows.length > 0 ? modelOf(store) : "");
      assert.deepEqual(rows.map(({ job, result }) => `${job} ${result}`).toSorted(), jobs.toSorted());
    }),
);

testStages("a job that breaks is tried again, and the worker goes on", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(2);
    const config = { model: base, responses: 1, block: 1 };
    const { info } = yield* Policy;
    const shared = { cluster: "sqlite", store: yield* temporaryFolder };
    let begun = 0;
    const broken = Effect.map(runner, (run) => (input: Parameters<typeof run>[0]) => {
      begun++;
      return begun === 1 ? Effect.die(new Error("out of luck")) : run(input);
    });
    yield* Effect.forkScoped(work(shared, 30, { sample: broken }));
    const cluster = yield* handOut(shared, info);
    const cut = collect(sampleStage, asked, config);
    assert.deepEqual(linesOf(yield* Effect.provideService(cut, Jobs, cluster)), linesOf(yield* cut));
    assert.equal(begun, 3);
  }));

testStages(
  "an evaluation's workers grade what they draw, and its records are those of one process",
  () =>
    Effect.gen(function* () {
      const asked = (yield* prompts(5)).map((prompt, i) => ({
        ...prompt,
        level: i,
        goldAnswers: ["0", prompt.goldAnswer],
      }));
      const { info } = yield* Policy;
      const shared = { cluster: "sqlite", store: yield* temporaryFolder };
      yield* Effect.forkScoped(
        work(shared, 30, { evaluate: makeGradedRunner({ batch: undefined, cache: undefined }) }),
      );
      const cluster = yield* handOut(shared, info);
      for (const logprobs of [true, false]) {
        const counts: number[] = [];
        const drawn = Stream.runCollect(drawGraded({
          model: base,
          prompts: asked,
          settings: { ...defaults, responses: 3, temperature: 0.6, seed: 7, block: 2 },
          wanted: (problemId, sampleIndex) => problemId !== asked[1].problemId || sampleIndex === 2,
          finished: (count) => Effect.sync(() => void counts.push(count)),
        }, { extract: "lenient", logprobs }));
        const plain = (graded: Effect.Success<typeof drawn>) =>
          graded.map(({ line, ...fact }) => ({ ...fact, line: line() }));
        const here = plain(yield* drawn);
        assert.equal(here.length, 13);
        assert(
          here.every(({ line }) => line.includes('"logProbs":[') === logprobs && line.includes('"goldAnswers":["0"')),
        );
        assert.deepEqual(plain(yield* Effect.provideService(drawn, Jobs, cluster)), here);
        assert.deepEqual(counts.slice(-3), [4, 6, 3]);
      }
    }),
);

/** The hash of the list of files of the one model in a store: the blob that names the weights. */
const modelOf = (store: string): string => {
  const blobs = join(store, "blobs");
  for (const folder of Deno.readDirSync(blobs)) {
    for (const { name } of Deno.readDirSync(join(blobs, folder.name))) {
      const bytes = Deno.readFileSync(join(blobs, folder.name, name));
      if (bytes.length < 4096 && new TextDecoder().decode(bytes).includes('"model.safetensors":"')) return name;
    }
  }
  return "";
};

const jobsOf = (place: Pick<ClusterJob, "code" | "adapter" | "kernels">, calls: ReadonlyArray<Call>, model: string) =>
  calls.map(({ stage, settings, text, result }) =>
    `${jobId({ ...place, stage, settings, reads: { block: sha256(text), model } })} ${sha256(result)}`
  );
