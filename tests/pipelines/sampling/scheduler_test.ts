/** The pool's book-keeping without a device: who sits where, which pages are whose, who waits, and how many steps that takes. */
import assert from "node:assert/strict";
import { pageRows, pagesFor } from "../../../kernels/ops/kv_cache/pages.ts";
import { Places, type Seat, type SeatedPrompt } from "../../../pipelines/sampling/scheduler.ts";
import { isScarce, type PoolShape, poolShape, type Request } from "../../../pipelines/sampling/pool_shape.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { configText } from "../models/made_up_model.ts";

const parsed = parseModelConfig({ file: "config.json", text: configText(70) });
assert.ok(parsed.ok);
const { config } = parsed;

/** A device on which the cache of a layer (8 words a row) holds so many pages. */
const withPages = (pages: number) => ({
  config,
  info: {
    kind: "gpu",
    description: "",
    why: "",
    features: [],
    lanes: 32,
    maxBinding: pages * pageRows * 32,
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

/**
 * Draws every response until it has `lengthOf` tokens, `looks` steps between two looks; fails where pages are not just the sequences' own, or
 * somebody goes before who stands before him. Gives the steps, the prompts read, the tokens read again, and how often somebody had to wait.
 */
const play = (
  requests: ReadonlyArray<Request>,
  shape: PoolShape,
  lengthOf: (index: number) => number,
  looks: (round: number) => number = () => 1,
) => {
  const places = new Places(requests, shape);
  const lengths = new Map<number, number>();
  const done = new Set<number>();
  const read: SeatedPrompt[] = [];
  let [steps, again, waits, most] = [0, 0, 0, 0];
  const drawn = ({ index }: Seat) => lengths.get(index) ?? 0;
  const oldest = () => requests.findIndex((_, index) => !done.has(index));
  for (let round = 0; !places.isDone; round++) {
    const asked = looks(round);
    const before = places.seated;
    const paused = places.provide(asked, drawn);
    waits += paused.length;
    assert.deepEqual(paused.map(({ index }) => index), paused.map(({ index }) => index).toSorted((a, b) => b - a));
    const { seats, prompts } = places.admit();
    read.push(...prompts);
    for (const seat of seats) {
      assert.equal(seat.drawn, drawn(seat));
      assert.deepEqual(seat.prompt.tokens, requests[seat.index].promptTokens);
      again += Math.max(0, seat.drawn - 1);
      lengths.set(seat.index, Math.max(1, seat.drawn));
    }
    const { seated } = places;
    assert.ok(seated.length > 0 && seated.length <= shape.places);
    assert.ok(places.steps >= 1 && places.steps <= asked);
    // Everybody who sits stands before everybody who waits, and the oldest never waits.
    const sitting = new Set(seated.map(({ index }) => index));
    const last = Math.max(...sitting);
    for (let index = 0; index < last; index++) assert.ok(sitting.has(index) || done.has(index), `${index} waits`);
    assert.ok(sitting.has(oldest()) && !paused.some(({ index }) => index === oldest()));
    assert.ok(before.filter((seat) => !paused.includes(seat)).every((seat) => seated.includes(seat)));
    // Nobody's place, list or pages are anybody else's.
    const held = new Set(seated.map(({ prompt }) => prompt));
    const distinct = (numbers: ReadonlyArray<number>, below: number) => {
      assert.equal(new Set(numbers).size, numbers.length);
      assert.ok(numbers.every((number) => number >= 0 && number < below));
    };
    distinct(seated.map(({ place }) => place), shape.places);
    distinct([...held].map(({ list }) => list), shape.prompts);
    const owned = [...seated.flatMap(({ pages }) => pages), ...[...held].flatMap(({ pages }) => pages)];
    distinct(owned, shape.pages);
    assert.ok(owned.length + places.freePages <= shape.pages);
    for (const { tokens, pages } of held) assert.equal(pages.length, pagesFor(tokens.length));
    most = Math.max(most, seated.length);
    steps += places.steps;
    for (const seat of seated) {
      const { index, request, pages } = seat;
      // The newest token of the last step has no row yet, but for those that have ended and are run along.
      assert.ok(pages.length >= pagesFor(Math.min(drawn(seat) + places.steps - 1, request.maxTokens)));
      assert.ok(pages.length <= shape.ownPages);
      lengths.set(index, Math.min(drawn(seat) + places.steps, lengthOf(index)));
      if (drawn(seat) < lengthOf(index)) continue;
      done.add(index);
      places.leave(seat);
    }
  }
  assert.equal(done.size, requests.length);
  assert.equal(places.freePages, shape.pages);
  return { steps, read, again, waits, most };
};

/** Requests of some prompts of up to 60 tokens, each asked up to nine times for up to `tokens`. */
const some = (next: (below: number) => number, tokens: number): ReadonlyArray<Request> =>
  Array.from({ length: 1 + next(12) }, (_, prompt) => {
    const { promptTokens } = requestOf(prompt, 1 + next(60), 0);
    return Array.from({ length: 1 + next(9) }, () => ({ ...requestOf(0, 0, 1 + next(tokens)), promptTokens }));
  }).flat();

Deno.test("the room is that of the largest run of requests, at most a batch and what the cache holds", () => {
  // Two prompts of two and three pages, three responses of four pages to each.
  const requests = [0, 0, 0, 1, 1, 1].map((prompt) => requestOf(prompt, 32 + 10 * prompt, 50));
  const shape = (pages: number, batch?: number) => poolShape(withPages(pages), requests, { batch });
  const rest = { promptPages: 3, ownPages: 4, longest: 50, positions: 92 };
  assert.deepEqual(shape(1000), { places: 6, pages: 29, prompts: 2, ...rest });
  assert.deepEqual(shape(29), shape(1000));
  assert.ok(!isScarce(poolShape(withPages(1000), requests.slice(0, 3))));
  // Not the first three but three with both prompts take the most.
  assert.deepEqual(shape(1000, 3), { places: 3, pages: 17, prompts: 2, ...rest });
  // Eight pages hold both prompts with a page for each of three responses, or one prompt with all of its own.
  assert.deepEqual(shape(8), { places: 3, pages: 8, prompts: 2, ...rest });
  assert.ok(isScarce(shape(8)));
  // One request alone may be larger than what the cache should take.
  assert.deepEqual(shape(3), { places: 2, pages: 7, prompts: 2, ...rest });
  assert.equal(shape(1000, 1).pages, 7);
});

Deno.test("where nobody says how large the cache may be, the embedded device gives a quarter of its memory at most", () => {
  const requests = Array.from({ length: 4000 }, (_, prompt) => requestOf(prompt, 32, 40_000));
  const pagesOn = (kind: "wasm" | "gpu", memory: number, cache?: number) => {
    const shared = withPages(1);
    const info = { ...shared.info, kind, maxBinding: memory, maxBuffer: memory };
    return poolShape({ ...shared, info }, requests, { cache }).pages;
  };
  const gibibyte = 2 ** 30;
  assert.equal(pagesOn("wasm", 4 * gibibyte), pagesOn("gpu", 4 * gibibyte, 1));
  assert.equal(pagesOn("wasm", 64 * gibibyte), pagesOn("gpu", 64 * gibibyte));
  assert.equal(pagesOn("wasm", 4 * gibibyte, 2), pagesOn("gpu", 4 * gibibyte, 2));
  assert.ok(pagesOn("wasm", 4 * gibibyte) < pagesOn("gpu", 4 * gibibyte));
});

Deno.test("there are no more places than what is drawn and the lists of pages have room for in one binding", () => {
  const long = Array.from({ length: 50 }, () => requestOf(0, 8, 1000));
  const { info } = withPages(100);
  // 51,200 bytes: four times three words a token.
  assert.equal(poolShape(withPages(100), long).places, Math.floor(info.maxBinding / 12 / 1000));
  const prompts = Array.from({ length: 2000 }, (_, i) => requestOf(i === 0 ? 0 : 1, i === 0 ? 1600 : 1, 1));
  const { places, ownPages, promptPages, prompts: lists } = poolShape(withPages(300), prompts);
  assert.equal(places, Math.min(299, Math.floor(300 * pageRows * 8 / (1 + 100))));
  assert.ok(4 * (places * ownPages + lists * promptPages) <= 300 * pageRows * 32);
});

Deno.test("pages are nobody else's, all come back, and everybody has his turn, whatever the lengths, the room and the looks", () => {
  const next = chance(3);
  let waits = 0;
  for (let round = 0; round < 200; round++) {
    const requests = some(next, round % 3 === 0 ? 5 : 90);
    const shape = poolShape(withPages(1 + next(20)), requests, { batch: 1 + next(20) });
    const lengths = requests.map(({ maxTokens }) => next(4) === 0 ? maxTokens : 1 + next(maxTokens));
    const every = 1 + next(20);
    waits += play(requests, shape, (index) => lengths[index], (look) => 1 + (look + round) % every).waits;
  }
  assert.ok(waits > 200, `${waits} had to wait`);
});

Deno.test("where every sequence fits as long as it may be nobody waits, and nothing is read twice", () => {
  const next = chance(4);
  for (let round = 0; round < 40; round++) {
    const requests = some(next, 90);
    const shape = poolShape(withPages(1e5), requests);
    assert.equal(shape.places, requests.length);
    const { waits, again, read } = play(requests, shape, (index) => requests[index].maxTokens, () => 7);
    assert.deepEqual([waits, again], [0, 0]);
    assert.equal(read.length, new Set(requests.map(({ promptTokens }) => promptTokens)).size);
  }
});

Deno.test("a prompt is read once for all responses to it, however they are seated", () => {
  const requests = Array.from({ length: 200 }, (_, i) => requestOf(Math.floor(i / 20), 30, 10));
  const { read } = play(requests, poolShape(withPages(600), requests, { batch: 7 }), (index) => 1 + index * 7 % 10);
  assert.equal(read.length, 10);
});

Deno.test("a prompt that nobody sits for is kept for the next responses, and given up when others lack its pages", () => {
  // One page of a prompt; a response of one token, one of four pages, and again one of one.
  const [a, b] = [requestOf(0, 4, 64), requestOf(1, 4, 1)];
  const requests = [a, b, b];
  const shape = { ...poolShape(withPages(1000), requests), places: 2, pages: 5 };
  const places = new Places(requests, shape);
  places.provide(1, () => 0);
  const [first, second] = places.admit().seats;
  assert.deepEqual([first.index, second.index, places.freePages], [0, 1, 1]);
  places.leave(second);
  // Its prompt stays.
  assert.equal(places.freePages, 2);
  assert.deepEqual(places.provide(1, () => 48), []);
  assert.equal(places.freePages, 0);
  assert.deepEqual(places.admit().seats, []);
  assert.deepEqual(places.provide(1, () => 49), []);
  assert.deepEqual([first.pages.length, places.freePages], [4, 0]);
  places.leave(first);
  places.provide(1, () => 0);
  const { seats, prompts } = places.admit();
  assert.deepEqual([seats.map(({ index }) => index), prompts.length], [[2], 1]);
});

Deno.test("where pages run out steps are shortened first, then the youngest wait, and come back first", () => {
  const requests = [0, 0, 1].map((prompt) => requestOf(prompt, 16, 64));
  const shape = { ...poolShape(withPages(1000), requests), pages: 8 };
  const places = new Places(requests, shape);
  places.provide(16, () => 0);
  assert.deepEqual(places.admit().seats.map(({ index }) => index), [0, 1, 2]);
  assert.equal(places.freePages, 3);
  const lengths = [13, 15, 16];
  const lengthOf = ({ index }: Seat) => lengths[index];
  // Sixteen steps take a page of each of the three, and there are three.
  assert.deepEqual(places.provide(16, lengthOf), []);
  assert.deepEqual([places.steps, places.freePages], [16, 0]);
  lengths.splice(0, 3, 29, 31, 31);
  // Two more steps fit in what they have; nobody else comes meanwhile.
  assert.deepEqual(places.provide(16, lengthOf), []);
  assert.deepEqual([places.steps, places.admit().seats], [2, []]);
  lengths.splice(0, 3, 31, 33, 33);
  const paused = places.provide(16, lengthOf);
  assert.deepEqual(paused.map(({ index }) => index), [2]);
  // Its prompt's page and its own two are free, of which the others take one each.
  assert.deepEqual([places.steps, places.freePages], [16, 1]);
  assert.deepEqual(places.admit().seats, []);
  for (const seat of places.seated) places.leave(seat);
  assert.equal(places.freePages, 8);
  places.provide(16, lengthOf);
  const { seats, prompts } = places.admit();
  assert.deepEqual(seats.map(({ index, drawn }) => [index, drawn]), [[2, 33]]);
  assert.deepEqual([prompts.length, seats[0].pages.length], [1, pagesFor(33 + 15)]);
});

Deno.test("a pool that gives places on takes fewer steps than waves that wait for their last", () => {
  const next = chance(5);
  const requests = Array.from({ length: 1024 }, (_, i) => requestOf(Math.floor(i / 16), 20, 100));
  // Most responses are short and few are as long as they may be.
  const lengths = requests.map(() => 1 + Math.floor(100 * (next(1000) / 1000) ** 3));
  const shape = poolShape(withPages(1e5), requests, { batch: 64 });
  const { steps } = play(requests, shape, (index) => lengths[index]);
  let waves = 0;
  for (let from = 0; from < 1024; from += 64) waves += Math.max(...lengths.slice(from, from + 64));
  const least = lengths.reduce((sum, length) => sum + length, 0) / 64;
  assert.ok(steps < 0.5 * waves, `${steps} steps, in waves ${waves}`);
  // No schedule takes fewer than `least`; what is above it is the end, where nobody waits any more.
  assert.ok(steps < least + 120, `${steps} steps, ${least} at least`);
});

Deno.test("a small cache holds more short sequences than long ones, and little is read again", () => {
  const next = chance(6);
  const requests = Array.from({ length: 600 }, (_, i) => requestOf(Math.floor(i / 16), 20, 1000));
  const lengths = requests.map(() => 1 + Math.floor(1000 * (next(1000) / 1000) ** 4));
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  // Ten sequences of the greatest length.
  const cache = 10 * pagesFor(1000) * pageRows * 2 * 32 / 2 ** 30;
  const shape = poolShape(withPages(1e6), requests, { cache });
  const { steps, again, waits, most } = play(requests, shape, (index) => lengths[index]);
  const reserved = tokens / 10;
  console.log(
    `${steps} steps (${reserved} at least with rows reserved), ${waits} waits, ${again} of ${tokens} read again, ${most} sat`,
  );
  assert.ok(waits > 0);
  assert.ok(steps < reserved / 2 && again < tokens / 4);
});
