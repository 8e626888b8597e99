/** The pool's book-keeping without a device: who sits where, which rows are whose, and how many steps that takes. */
import assert from "node:assert/strict";
import { Places, type Seat, type SeatedPrompt } from "../../../pipelines/models/places.ts";
import { poolShape, type Request } from "../../../pipelines/models/pool_shape.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { configText } from "./made_up_model.ts";

const parsed = parseModelConfig({ file: "config.json", text: configText(70) });
assert.ok(parsed.ok);
const { config } = parsed;

/** A device on which the cache of a layer (8 words a row) holds so many rows. */
const withRows = (rows: number) => ({
  config,
  info: {
    kind: "gpu",
    description: "",
    why: "",
    features: [],
    lanes: 32,
    maxBinding: rows * 32,
    maxBuffer: 2 ** 40,
    validated: false,
  } as const,
});

const requestOf = (prompt: number, length: number, maxTokens: number): Request => ({
  promptTokens: new Int32Array(length).fill(prompt),
  key: [0, 0],
  maxTokens,
});

/** Numbers below `below` that look like chance and are the same everywhere. */
const chance = (seed: number) => {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
};

/** Lets every request sit until its response has `lengthOf` tokens; gives the steps taken and the rows of prompts read. */
const play = (
  requests: ReadonlyArray<Request>,
  shape: { readonly places: number; readonly rows: number },
  lengthOf: (index: number) => number,
) => {
  const places = new Places(requests, shape);
  const left = new Map<Seat, number>();
  const read: SeatedPrompt[] = [];
  let [steps, next] = [0, 0];
  while (!places.isDone) {
    const { seats, prompts } = places.admit();
    read.push(...prompts);
    for (const seat of seats) {
      assert.equal(seat.index, next++);
      assert.deepEqual(seat.prompt.tokens, requests[seat.index].promptTokens);
      left.set(seat, lengthOf(seat.index));
    }
    const { seated } = places;
    assert.ok(seated.length > 0 && seated.length <= shape.places);
    assert.equal(new Set(seated.map(({ place }) => place)).size, seated.length);
    // Nobody's rows are anybody else's.
    const owned = new Int32Array(shape.rows);
    const claim = (start: number, count: number) =>
      owned.subarray(start, start + count).forEach((_, i, rows) => rows[i]++);
    for (const { start, request } of seated) claim(start, request.maxTokens);
    for (const prompt of new Set(seated.map((seat) => seat.prompt))) claim(prompt.start, prompt.tokens.length);
    assert.ok(owned.every((count) => count <= 1));
    steps++;
    for (const seat of seated) {
      const more = (left.get(seat) ?? 0) - 1;
      left.set(seat, more);
      if (more === 0) places.leave(seat);
    }
  }
  assert.equal(next, requests.length);
  return { steps, read };
};

Deno.test("the room is that of the largest run of requests, at most a batch and what the cache holds", () => {
  // Two prompts of 10 and 20 tokens, three responses of 5 to each.
  const requests = [0, 0, 0, 1, 1, 1].map((prompt) => requestOf(prompt, 10 * (prompt + 1), 5));
  const shape = (rows: number, batch?: number) => poolShape(withRows(rows), requests, { batch });
  assert.deepEqual(shape(1000), { places: 6, rows: 60, longest: 5, positions: 25 });
  assert.deepEqual(shape(60), shape(1000));
  // Not the first three but three with both prompts take the most.
  assert.deepEqual(shape(1000, 3), { places: 3, rows: 45, longest: 5, positions: 25 });
  // 40 rows hold a prompt with all its responses, or both prompts with one response each.
  assert.deepEqual(shape(40), { places: 3, rows: 40, longest: 5, positions: 25 });
  // One request alone may be larger than what the cache should take.
  assert.deepEqual(shape(12), { places: 1, rows: 25, longest: 5, positions: 25 });
});

Deno.test("every request sits once and in order, its rows its own, whatever the lengths and the room", () => {
  const next = chance(3);
  for (let round = 0; round < 60; round++) {
    const requests: Request[] = [];
    for (let prompt = 0; prompt < 1 + next(12); prompt++) {
      const length = 1 + next(30);
      const group = 1 + next(9);
      for (let i = 0; i < group; i++) requests.push(requestOf(prompt, length, 1 + next(round % 2 === 0 ? 1 : 20)));
    }
    const shape = poolShape(withRows(40 + next(200)), requests, { batch: 1 + next(20) });
    const lengths = requests.map(({ maxTokens }) => 1 + next(maxTokens));
    play(requests, shape, (index) => lengths[index]);
  }
});

Deno.test("a prompt is read once for all responses to it, however they are seated", () => {
  const requests = Array.from({ length: 200 }, (_, i) => requestOf(Math.floor(i / 20), 30, 10));
  const { read } = play(requests, poolShape(withRows(10_000), requests, { batch: 7 }), (index) => 1 + index * 7 % 10);
  assert.equal(read.length, 10);
});

Deno.test("a pool that gives places on takes fewer steps than waves that wait for their last", () => {
  const next = chance(5);
  const requests = Array.from({ length: 1024 }, (_, i) => requestOf(Math.floor(i / 16), 20, 100));
  // Most responses are short and few are as long as they may be.
  const lengths = requests.map(() => 1 + Math.floor(100 * (next(1000) / 1000) ** 3));
  const shape = poolShape(withRows(1e6), requests, { batch: 64 });
  const { steps } = play(requests, shape, (index) => lengths[index]);
  let waves = 0;
  for (let from = 0; from < 1024; from += 64) waves += Math.max(...lengths.slice(from, from + 64));
  const least = lengths.reduce((sum, length) => sum + length, 0) / 64;
  assert.ok(steps < 0.5 * waves, `${steps} steps, in waves ${waves}`);
  // No schedule takes fewer than `least`; what is above it is the end, where nobody waits any more.
  assert.ok(steps < least + 120, `${steps} steps, ${least} at least`);
});
