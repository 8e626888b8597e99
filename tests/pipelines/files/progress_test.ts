import assert from "node:assert/strict";
import { Effect } from "effect";
import { TestClock } from "effect/testing";
import * as Progress from "../../../pipelines/files/progress.ts";
import { makeProgress } from "../../../pipelines/files/progress.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";

Deno.test("duration() speaks as a person would", () => {
  assert.deepEqual([0.4, 59, 185, 7800, 1e6].map(Progress.duration), [
    "0 s",
    "59 s",
    "3 min 5 s",
    "2 h 10 min",
    "12 days",
  ]);
});

Deno.test("without a terminal, progress is a plain line every few seconds with the time left", async () => {
  const io = memory("");
  await Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const progress = yield* makeProgress("sample", 100);
      for (let i = 0; i < 100; i++) {
        yield* TestClock.adjust("200 millis");
        yield* progress.advance(1, `step ${i}`);
      }
    })).pipe(Effect.provideService(StandardStreams, io.streams), Effect.provide(TestClock.layer())),
  );
  assert.equal(
    io.stderr(),
    "sample 25/100 (25 %), 15 s left, step 24\nsample 50/100 (50 %), 10 s left, step 49\n" +
      "sample 75/100 (75 %), 5 s left, step 74\nsample 100/100 (100 %), step 99",
  );
  assert.equal(io.stdout(), "");
});

Deno.test("a command that is over at once says nothing of progress", async () => {
  const io = memory("");
  await Effect.runPromise(
    Effect.scoped(Effect.flatMap(makeProgress("verify", 2), (progress) => progress.advance(2))).pipe(
      Effect.provideService(StandardStreams, io.streams),
    ),
  );
  assert.equal(io.stderr(), "");
});

Deno.test("a command that goes on counts from where it was, and a slow first piece says nothing of the time left", async () => {
  const io = memory("");
  await Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const progress = yield* makeProgress("train", 10, { done: 4, firstIsSlow: true });
      for (const seconds of [70, 10, 20]) {
        yield* TestClock.adjust(`${seconds} seconds`);
        yield* progress.advance(1);
      }
    })).pipe(Effect.provideService(StandardStreams, io.streams), Effect.provide(TestClock.layer())),
  );
  assert.equal(
    io.stderr(),
    "train 5/10 (50 %)\ntrain 6/10 (60 %), 40 s left\ntrain 7/10 (70 %), 45 s left",
  );
});

Deno.test("of pieces that are under way together, the first that end say nothing of the time left", async () => {
  const linesOf = async (total: number, together: number) => {
    const io = memory("");
    await Effect.runPromise(
      Effect.scoped(Effect.gen(function* () {
        const progress = yield* makeProgress("evaluate", total, { firstIsSlow: true, together });
        for (const count of [0, 2, 18, 20, 20]) {
          yield* TestClock.adjust("10 seconds");
          yield* progress.advance(count);
        }
      })).pipe(Effect.provideService(StandardStreams, io.streams), Effect.provide(TestClock.layer())),
    );
    return io.stderr().split("\n");
  };
  const counted = ["evaluate 0/1000 (0 %)", "evaluate 2/1000 (0 %)", "evaluate 20/1000 (2 %)"];
  assert.deepEqual(await linesOf(1000, 40), [
    ...counted,
    "evaluate 40/1000 (4 %), 12 min 0 s left",
    "evaluate 60/1000 (6 %), 10 min 27 s left",
  ]);
  assert.deepEqual((await linesOf(1000, 4096)).slice(0, 3), counted);
  // Where all are under way at once, a quarter of them is enough.
  assert.deepEqual((await linesOf(80, 4096)).slice(2), [
    "evaluate 20/80 (25 %), 1 min 0 s left",
    "evaluate 40/80 (50 %), 30 s left",
    "evaluate 60/80 (75 %), 13 s left",
  ]);
});

Deno.test("notes between two counts are a plain line every half minute, and what is said stays", async () => {
  const io = memory("");
  await Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const progress = yield* makeProgress("train", 2);
      for (let i = 1; i <= 7; i++) {
        yield* TestClock.adjust("10 seconds");
        yield* progress.note(`sample ${i}`);
      }
      yield* progress.say("step 1: all right");
    })).pipe(Effect.provideService(StandardStreams, io.streams), Effect.provide(TestClock.layer())),
  );
  assert.equal(io.stderr(), "train 0/2 (0 %), sample 3\ntrain 0/2 (0 %), sample 6\nstep 1: all right");
});
