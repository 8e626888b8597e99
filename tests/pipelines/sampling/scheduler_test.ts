/** The scheduler without a device: slots, blocks, preemption, and the number of steps. */
import assert from "node:assert/strict";
import { blockRows, blocksFor } from "../../../kernels/ops/kv_cache/blocks.ts";
import { type CachedPrompt, type Running, Scheduler } from "../../../pipelines/sampling/scheduler.ts";
import { isScarce, type PoolShape, poolShape, type Request } from "../../../pipelines/sampling/pool_shape.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { configText } from "../models/made_up_model.ts";

const parsed = parseModelConfig({ file: "config.json", text: configText(70) });
assert.ok(parsed.ok);
const { config } = parsed;

/** A device on which the cache of a layer (8 words a row) holds so many blocks. */
const withBlocks = (blocks: number) => ({
  config,
  info: {
    kind: "gpu",
    description: "",
    why: "",
    features: [],
    lanes: 32,
    maxBinding: blocks * blockRows * 32,
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
 * Schedules every request until it has `lengthOf` tokens, `interval` steps between two syncs. Fails if sequences share blocks that they should
 * not, or run out of order. Returns the steps, the prefilled prompts, the tokens prefilled again, and the number of preemptions.
 */
const play = (
  requests: ReadonlyArray<Request>,
  shape: PoolShape,
  lengthOf: (index: number) => number,
  interval: (round: number) => number = () => 1,
) => {
  const scheduler = new Scheduler(requests, shape);
  const lengths = new Map<number, number>();
  const done = new Set<number>();
  const read: CachedPrompt[] = [];
  let [steps, again, waits, most] = [0, 0, 0, 0];
  const generated = ({ index }: Running) => lengths.get(index) ?? 0;
  const oldest = () => requests.findIndex((_, index) => !done.has(index));
  for (let round = 0; !scheduler.isDone; round++) {
    const asked = interval(round);
    const before = scheduler.running;
    const preempted = scheduler.allocate(asked, generated);
    waits += preempted.length;
    assert.deepEqual(
      preempted.map(({ index }) => index),
      preempted.map(({ index }) => index).toSorted((a, b) => b - a),
    );
    const { started, prompts } = scheduler.admit();
    read.push(...prompts);
    for (const one of started) {
      assert.equal(one.generated, generated(one));
      assert.deepEqual(one.prompt.tokens, requests[one.index].promptTokens);
      again += Math.max(0, one.generated - 1);
      lengths.set(one.index, Math.max(1, one.generated));
    }
    const { running } = scheduler;
    assert.ok(running.length > 0 && running.length <= shape.slots);
    assert.ok(scheduler.steps >= 1 && scheduler.steps <= asked);
    // Every running request comes before every waiting one, and the first unfinished one runs.
    const runs = new Set(running.map(({ index }) => index));
    const last = Math.max(...runs);
    for (let index = 0; index < last; index++) assert.ok(runs.has(index) || done.has(index), `${index} waits`);
    assert.ok(runs.has(oldest()) && !preempted.some(({ index }) => index === oldest()));
    assert.ok(before.filter((one) => !preempted.includes(one)).every((one) => running.includes(one)));
    // No two sequences share a slot, a block table or a block.
    const held = new Set(running.map(({ prompt }) => prompt));
    const distinct = (numbers: ReadonlyArray<number>, below: number) => {
      assert.equal(new Set(numbers).size, numbers.length);
      assert.ok(numbers.every((number) => number >= 0 && number < below));
    };
    distinct(running.map(({ slot }) => slot), shape.slots);
    distinct([...held].map(({ table }) => table), shape.prompts);
    const owned = [...running.flatMap(({ blocks }) => blocks), ...[...held].flatMap(({ blocks }) => blocks)];
    distinct(owned, shape.blocks);
    assert.ok(owned.length + scheduler.freeBlocks <= shape.blocks);
    for (const { tokens, blocks } of held) assert.equal(blocks.length, blocksFor(tokens.length));
    most = Math.max(most, running.length);
    steps += scheduler.steps;
    for (const one of running) {
      const { index, request, blocks } = one;
      // The newest token of the last step has no row yet, except for finished sequences, which stay in the batch.
      assert.ok(blocks.length >= blocksFor(Math.min(generated(one) + scheduler.steps - 1, request.maxTokens)));
      assert.ok(blocks.length <= shape.responseBlocks);
      lengths.set(index, Math.min(generated(one) + scheduler.steps, lengthOf(index)));
      if (generated(one) < lengthOf(index)) continue;
      done.add(index);
      scheduler.finish(one);
    }
  }
  assert.equal(done.size, requests.length);
  assert.equal(scheduler.freeBlocks, shape.blocks);
  return { steps, read, again, waits, most };
};

/** Requests of some prompts of up to 60 tokens, each asked up to nine times for up to `tokens`. */
const some = (next: (below: number) => number, tokens: number): ReadonlyArray<Request> =>
  Array.from({ length: 1 + next(12) }, (_, prompt) => {
    const { promptTokens } = requestOf(prompt, 1 + next(60), 0);
    return Array.from({ length: 1 + next(9) }, () => ({ ...requestOf(0, 0, 1 + next(tokens)), promptTokens }));
  }).flat();

Deno.test("the pool fits the largest window of requests, at most a batch and what the cache holds", () => {
  // Two prompts of two and three blocks, three responses of four blocks to each.
  const requests = [0, 0, 0, 1, 1, 1].map((prompt) => requestOf(prompt, 32 + 10 * prompt, 50));
  const shape = (blocks: number, batch?: number) => poolShape(withBlocks(blocks), requests, { batch });
  const rest = { promptBlocks: 3, responseBlocks: 4, maxResponse: 50, positions: 92 };
  assert.deepEqual(shape(1000), { slots: 6, blocks: 29, prompts: 2, ...rest });
  assert.deepEqual(shape(29), shape(1000));
  assert.ok(!isScarce(poolShape(withBlocks(1000), requests.slice(0, 3))));
  // Not the first three but three with both prompts take the most.
  assert.deepEqual(shape(1000, 3), { slots: 3, blocks: 17, prompts: 2, ...rest });
  // Eight blocks hold both prompts with a block for each of three responses, or one prompt with all of its own.
  assert.deepEqual(shape(8), { slots: 3, blocks: 8, prompts: 2, ...rest });
  assert.ok(isScarce(shape(8)));
  // One request alone may be larger than what the cache should take.
  assert.deepEqual(shape(3), { slots: 2, blocks: 7, prompts: 2, ...rest });
  assert.equal(shape(1000, 1).blocks, 7);
});

Deno.test("without --cache the embedded device gives at most a quarter of its memory", () => {
  const requests = Array.from({ length: 4000 }, (_, prompt) => requestOf(prompt, 32, 40_000));
  const blocksOn = (kind: "wasm" | "gpu", memory: number, cache?: number) => {
    const shared = withBlocks(1);
    const info = { ...shared.info, kind, maxBinding: memory, maxBuffer: memory };
    return poolShape({ ...shared, info }, requests, { cache }).blocks;
  };
  const gibibyte = 2 ** 30;
  assert.equal(blocksOn("wasm", 4 * gibibyte), blocksOn("gpu", 4 * gibibyte, 1));
  assert.equal(blocksOn("wasm", 64 * gibibyte), blocksOn("gpu", 64 * gibibyte));
  assert.equal(blocksOn("wasm", 4 * gibibyte, 2), blocksOn("gpu", 4 * gibibyte, 2));
  assert.ok(blocksOn("wasm", 4 * gibibyte) < blocksOn("gpu", 4 * gibibyte));
});

Deno.test("slots are few enough for generated tokens and block tables to fit in one binding each", () => {
  const long = Array.from({ length: 50 }, () => requestOf(0, 8, 1000));
  const { info } = withBlocks(100);
  // 51,200 bytes: four times three words a token.
  assert.equal(poolShape(withBlocks(100), long).slots, Math.floor(info.maxBinding / 12 / 1000));
  const prompts = Array.from({ length: 2000 }, (_, i) => requestOf(i === 0 ? 0 : 1, i === 0 ? 1600 : 1, 1));
  const { slots, responseBlocks, promptBlocks, prompts: tables } = poolShape(withBlocks(300), prompts);
  assert.equal(slots, Math.min(299, Math.floor(300 * blockRows * 8 / (1 + 100))));
  assert.ok(4 * (slots * responseBlocks + tables * promptBlocks) <= 300 * blockRows * 32);
});

Deno.test("no block is shared or lost, and every request finishes, for any lengths, cache sizes and sync intervals", () => {
  const next = chance(3);
  let waits = 0;
  for (let round = 0; round < 200; round++) {
    const requests = some(next, round % 3 === 0 ? 5 : 90);
    const shape = poolShape(withBlocks(1 + next(20)), requests, { batch: 1 + next(20) });
    const lengths = requests.map(({ maxTokens }) => next(4) === 0 ? maxTokens : 1 + next(maxTokens));
    const every = 1 + next(20);
    waits += play(requests, shape, (index) => lengths[index], (sync) => 1 + (sync + round) % every).waits;
  }
  assert.ok(waits > 200, `${waits} had to wait`);
});

Deno.test("if full lengths fit, nothing is preempted and nothing is prefilled twice", () => {
  const next = chance(4);
  for (let round = 0; round < 40; round++) {
    const requests = some(next, 90);
    const shape = poolShape(withBlocks(1e5), requests);
    assert.equal(shape.slots, requests.length);
    const { waits, again, read } = play(requests, shape, (index) => requests[index].maxTokens, () => 7);
    assert.deepEqual([waits, again], [0, 0]);
    assert.equal(read.length, new Set(requests.map(({ promptTokens }) => promptTokens)).size);
  }
});

Deno.test("a prompt is prefilled once for all responses to it, in any order of slots", () => {
  const requests = Array.from({ length: 200 }, (_, i) => requestOf(Math.floor(i / 20), 30, 10));
  const { read } = play(requests, poolShape(withBlocks(600), requests, { batch: 7 }), (index) => 1 + index * 7 % 10);
  assert.equal(read.length, 10);
});

Deno.test("an idle prompt stays cached for the next responses, and is evicted when others need its blocks", () => {
  // One block of a prompt; a response of one token, one of four blocks, and again one of one.
  const [a, b] = [requestOf(0, 4, 64), requestOf(1, 4, 1)];
  const requests = [a, b, b];
  const shape = { ...poolShape(withBlocks(1000), requests), slots: 2, blocks: 5 };
  const scheduler = new Scheduler(requests, shape);
  scheduler.allocate(1, () => 0);
  const [first, second] = scheduler.admit().started;
  assert.deepEqual([first.index, second.index, scheduler.freeBlocks], [0, 1, 1]);
  scheduler.finish(second);
  // Its prompt stays.
  assert.equal(scheduler.freeBlocks, 2);
  assert.deepEqual(scheduler.allocate(1, () => 48), []);
  assert.equal(scheduler.freeBlocks, 0);
  assert.deepEqual(scheduler.admit().started, []);
  assert.deepEqual(scheduler.allocate(1, () => 49), []);
  assert.deepEqual([first.blocks.length, scheduler.freeBlocks], [4, 0]);
  scheduler.finish(first);
  scheduler.allocate(1, () => 0);
  const { started, prompts } = scheduler.admit();
  assert.deepEqual([started.map(({ index }) => index), prompts.length], [[2], 1]);
});

Deno.test("when blocks run out, steps are shortened first, then the last request is preempted, and goes on first", () => {
  const requests = [0, 0, 1].map((prompt) => requestOf(prompt, 16, 64));
  const shape = { ...poolShape(withBlocks(1000), requests), blocks: 8 };
  const scheduler = new Scheduler(requests, shape);
  scheduler.allocate(16, () => 0);
  assert.deepEqual(scheduler.admit().started.map(({ index }) => index), [0, 1, 2]);
  assert.equal(scheduler.freeBlocks, 3);
  const lengths = [13, 15, 16];
  const lengthOf = ({ index }: Running) => lengths[index];
  // Sixteen steps take a block of each of the three, and there are three.
  assert.deepEqual(scheduler.allocate(16, lengthOf), []);
  assert.deepEqual([scheduler.steps, scheduler.freeBlocks], [16, 0]);
  lengths.splice(0, 3, 29, 31, 31);
  // Two more steps fit in what they have; nobody else comes meanwhile.
  assert.deepEqual(scheduler.allocate(16, lengthOf), []);
  assert.deepEqual([scheduler.steps, scheduler.admit().started], [2, []]);
  lengths.splice(0, 3, 31, 33, 33);
  const preempted = scheduler.allocate(16, lengthOf);
  assert.deepEqual(preempted.map(({ index }) => index), [2]);
  // Its prompt's block and its own two are free, of which the others take one each.
  assert.deepEqual([scheduler.steps, scheduler.freeBlocks], [16, 1]);
  assert.deepEqual(scheduler.admit().started, []);
  for (const one of scheduler.running) scheduler.finish(one);
  assert.equal(scheduler.freeBlocks, 8);
  scheduler.allocate(16, lengthOf);
  const { started, prompts } = scheduler.admit();
  assert.deepEqual(started.map(({ index, generated }) => [index, generated]), [[2, 33]]);
  assert.deepEqual([prompts.length, started[0].blocks.length], [1, blocksFor(33 + 15)]);
});

Deno.test("continuous batching takes fewer steps than static batches", () => {
  const next = chance(5);
  const requests = Array.from({ length: 1024 }, (_, i) => requestOf(Math.floor(i / 16), 20, 100));
  // Most responses are short and few are as long as they may be.
  const lengths = requests.map(() => 1 + Math.floor(100 * (next(1000) / 1000) ** 3));
  const shape = poolShape(withBlocks(1e5), requests, { batch: 64 });
  const { steps } = play(requests, shape, (index) => lengths[index]);
  let waves = 0;
  for (let from = 0; from < 1024; from += 64) waves += Math.max(...lengths.slice(from, from + 64));
  const least = lengths.reduce((sum, length) => sum + length, 0) / 64;
  assert.ok(steps < 0.5 * waves, `${steps} steps, in waves ${waves}`);
  // No schedule takes fewer than `least`; what is above it is the end, where nobody waits any more.
  assert.ok(steps < least + 120, `${steps} steps, ${least} at least`);
});

Deno.test("a small cache holds more short sequences than long ones, and little is prefilled again", () => {
  const next = chance(6);
  const requests = Array.from({ length: 600 }, (_, i) => requestOf(Math.floor(i / 16), 20, 1000));
  const lengths = requests.map(() => 1 + Math.floor(1000 * (next(1000) / 1000) ** 4));
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  // Ten sequences of the greatest length.
  const cache = 10 * blocksFor(1000) * blockRows * 2 * 32 / 2 ** 30;
  const shape = poolShape(withBlocks(1e6), requests, { cache });
  const { steps, again, waits, most } = play(requests, shape, (index) => lengths[index]);
  const reserved = tokens / 10;
  console.log(
    `${steps} steps (${reserved} at least with rows reserved), ${waits} waits, ${again} of ${tokens} read again, ${most} sat`,
  );
  assert.ok(waits > 0);
  assert.ok(steps < reserved / 2 && again < tokens / 4);
});
