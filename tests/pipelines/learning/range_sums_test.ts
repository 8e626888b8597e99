/** Owners of ranges add subtrees' gradients in the order of the tree, and whoever asks reads one gradient, however many subtrees there are. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import type { Blobs } from "../../../pipelines/cluster/jobs.ts";
import { rangeBytes, rangesOf } from "../../../pipelines/cluster/parameter_blobs.ts";
import { addSet, zeroGradient } from "../../../pipelines/learning/gradient_passes.ts";
import { makeRangeSumRunner, rangeSumWork } from "../../../pipelines/learning/range_sums.ts";
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
      const work = rangeSumWork(encoder, total, subtrees);
      const run = yield* makeRangeSumRunner;
      const answers = [];
      // Ranges with the same numbers are jobs of their own.
      const zeros = rangeSumWork(encoder, total, [{ index: 0, ranges: ranges.map(() => sha256("zeros")) }]).blocks;
      assert.equal(new Set(zeros.map(({ text }) => text)).size, ranges.length);
      for (const { text } of work.blocks) answers.push(yield* run({ settings: {}, text, model: undefined, blobs }));
      counted.read = 0;
      for (const [at, answer] of answers.entries()) yield* work.decode(answer, at, blobs);
      assert.deepEqual(yield* bytesOf(total), expected);
      assert.equal(counted.read, expected.reduce((sum, { length }) => sum + length, 0));

      const wrong = { settings: {}, text: '{"range":0,"indices":[0,1],"blobs":[]}', model: undefined, blobs };
      const refused = yield* Effect.flip(run(wrong));
      assert.equal(refused.message, "Cannot add a range of a gradient: expected 2 parts, found 0");
      for (const set of [total, sets[0]]) releaseParameters(encoder, set);
    }),
);
