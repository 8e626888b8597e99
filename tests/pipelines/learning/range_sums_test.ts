/**
 * Owners of ranges add subtrees' gradients in the order of the tree, by the same calls as a process without workers, and whoever asks reads one
 * gradient, however many subtrees there are.
 */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import type { Blobs } from "../../../pipelines/cluster/jobs.ts";
import { rangeBytes, rangesOf } from "../../../pipelines/cluster/parameter_blobs.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { addKernel } from "../../../kernels/ops/add/add.ts";
import { addSet, zeroGradient } from "../../../pipelines/learning/gradient_passes.ts";
import { allRanges, makeRangeSumRunner, rangeSumWork, sumAddends } from "../../../pipelines/learning/range_sums.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { type ParameterSet, releaseParameters } from "../../../pipelines/models/parameters.ts";
import { sha256 } from "../../../pipelines/records/text.ts";
import { base, testStages } from "../stages/with_policy.ts";

/** A store in memory that counts the bytes that are read from it. */
const memoryBlobs = () => {
  const kept = new Map<string, Uint8Array>();
  const counted = { read: 0 };
  const blobs: Blobs = {
    put: (bytes) =>
      Effect.sync(() => {
        const name = sha256([...bytes].join());
        kept.set(name, bytes);
        return name;
      }),
    get: (name) =>
      Effect.sync(() => {
        const bytes = kept.get(name);
        assert(bytes !== undefined);
        counted.read += bytes.length;
        return bytes;
      }),
  };
  return { blobs, counted };
};

testStages(
  "ranges of three subtrees are added as the tree adds whole gradients, and the asker reads one gradient",
  () =>
    Effect.gen(function* () {
      const { model } = yield* (yield* Policy).load(base, "policy");
      const { encoder } = model;
      const { blobs, counted } = memoryBlobs();
      const ranges = rangesOf(model.parameters.layout);
      const bytesOf = Effect.fnUntraced(function* (set: ParameterSet) {
        const all: Uint8Array[] = [];
        for (const range of ranges) all.push(yield* rangeBytes(encoder, set, range));
        return all;
      });
      // Numbers whose sum depends on the order.
      const sets = [1e7, 1, 0.3].map((scale, at) => {
        const set = zeroGradient(model);
        for (const arena of set.arenas) {
          encoder.write(arena, Float32Array.from({ length: arena.cols }, (_, i) => scale * Math.sin(i + at)));
        }
        return set;
      });
      const subtrees = [];
      for (const [at, set] of sets.entries()) {
        const names = [];
        for (const bytes of yield* bytesOf(set)) names.push(yield* blobs.put(bytes));
        subtrees.push({ index: at + 1, ranges: names });
      }
      // Of leaves 1, 2 and 3, the last two are joined first.
      addSet(encoder, sets[1], sets[2]);
      addSet(encoder, sets[0], sets[1]);
      const expected = yield* bytesOf(sets[0]);

      const total = zeroGradient(model);
      const unmended = { get: blobs.get, mend: () => Effect.succeed(false) };
      const work = rangeSumWork(encoder, total, subtrees, unmended);
      const run = yield* makeRangeSumRunner;
      const answers = [];
      // Ranges with the same numbers are jobs of their own.
      const zeros = [{ index: 0, ranges: ranges.map(() => sha256("zeros")) }];
      const texts = rangeSumWork(encoder, total, zeros, unmended).blocks.map(({ text }) => text);
      assert.equal(new Set(texts).size, ranges.length);
      for (const { text } of work.blocks) answers.push(yield* run({ settings: {}, text, model: undefined, blobs }));
      counted.read = 0;
      const results = { ...blobs, spend: () => undefined };
      for (const [at, answer] of answers.entries()) yield* work.decode(answer, at, results);
      assert.deepEqual(yield* bytesOf(total), expected);
      assert.equal(counted.read, expected.reduce((sum, { length }) => sum + length, 0));

      // This process can do the jobs of all owners.
      for (const arena of total.arenas) encoder.zero(arena);
      yield* Stream.runDrain(work.here);
      assert.deepEqual(yield* bytesOf(total), expected);

      const wrong = { settings: {}, text: '{"range":0,"indices":[0,1],"blobs":[]}', model: undefined, blobs };
      const refused = yield* Effect.flip(run(wrong));
      assert.equal(refused.message, "Cannot add a range of a gradient: expected 2 parts, found 0");
      for (const set of [total, sets[0]]) releaseParameters(encoder, set);
    }),
);

/** Writes down the additions of tensors; a buffer is known by the first number that was written into it. */
const spied = (encoder: Encoder) => {
  const names = new Map<number, number>();
  const calls: Array<{ readonly offset: number; readonly call: string }> = [];
  const { write, dispatch } = encoder;
  encoder.write = (tensor, data, offset) => {
    names.set(tensor.storage.id, new Float32Array(data.buffer)[0]);
    write.call(encoder, tensor, data, offset);
  };
  encoder.dispatch = (kernel, given) => {
    if (kernel === addKernel) {
      const [term, , sum] = given.tensors;
      const [one, other] = [sum, term].map(({ storage }) => names.get(storage.id));
      const shape = JSON.stringify([sum.rows, sum.cols, given.constants, given.params, given.groups]);
      calls.push({ offset: sum.offset, call: `${one} += ${other} ${shape}` });
    }
    dispatch.call(encoder, kernel, given);
  };
  return { calls, end: () => Object.assign(encoder, { write, dispatch }) };
};

testStages(
  "a process without workers and the owners of ranges make the same additions, and hold as many parts as the tree is deep",
  () =>
    Effect.gen(function* () {
      const { model } = yield* (yield* Policy).load(base, "policy");
      const { encoder } = model;
      const { layout } = model.parameters;
      assert.equal(layout.sizes.length, 1);
      const ranges = rangesOf(layout);
      const leaves = [0, 1, 3, 4, 6];
      const { blobs } = memoryBlobs();
      const named = yield* Effect.forEach(leaves, (leaf) =>
        Effect.forEach(ranges, ({ count }) =>
          blobs.put(new Uint8Array(new Float32Array(count).fill(leaf).buffer))));
      const before = encoder.pool.statistics.live;
      const { calls, end } = spied(encoder);

      let [there, most] = [0, 0];
      const part = (leaf: number) =>
        Effect.sync(() => {
          const set = zeroGradient(model);
          encoder.write(set.arenas[0], new Float32Array(layout.sizes[0]).fill(leaf));
          most = Math.max(most, ++there);
          const { tensors, release } = allRanges(encoder, set);
          return {
            tensors,
            release: () =>
              void [there--, release()],
          };
        });
      const sum = yield* sumAddends(encoder, leaves, leaves.map(part));
      sum?.release();
      assert.deepEqual([there, most], [0, 3]);
      const here = ranges.map(({ start }) => calls.filter(({ offset }) => offset === start).map(({ call }) => call));
      assert.deepEqual(here[0].map((call) => call.split(" [")[0]), ["0 += 1", "0 += 3", "4 += 6", "0 += 4"]);

      calls.length = 0;
      const subtrees = leaves.map((index, at) => ({ index, ranges: named[at] }));
      const unmended = { get: blobs.get, mend: () => Effect.succeed(false) };
      const { blocks } = rangeSumWork(encoder, model.parameters, subtrees, unmended);
      const run = yield* makeRangeSumRunner;
      const owners = yield* Effect.forEach(blocks, ({ text }) =>
        Effect.map(
          run({ settings: {}, text, model: undefined, blobs }),
          () => calls.splice(0).map(({ call }) => call),
        ));
      end();
      assert.deepEqual(owners, here);
      assert.equal(encoder.pool.statistics.live, before, "every buffer is given back");

      const broken = [part(0), part(1), part(3), Effect.fail("lost")];
      assert.equal(yield* Effect.flip(sumAddends(encoder, leaves, broken)), "lost");
      assert.equal(there, 0);
    }),
);
