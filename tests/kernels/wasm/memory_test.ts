/** The memory of the embedded device: it grows while work is in flight, ends at a limit, and writes come after what was submitted before them. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { adding, bufferOf, kernelOf, openRaw, submit, wordsOf } from "./raw_device.ts";

/** A test of a device of its own. */
const testRaw = (
  name: string,
  options: Parameters<typeof openRaw>[0],
  body: (raw: Effect.Success<ReturnType<typeof openRaw>>) => Promise<void>,
): void => {
  Deno.test(
    name,
    () => Effect.runPromise(Effect.scoped(Effect.flatMap(openRaw(options), (raw) => Effect.promise(() => body(raw))))),
  );
};

for (const threads of ["1", "8"]) {
  testRaw(`memory that grows while work is in flight is seen by all ${threads} threads`, { threads }, async (raw) => {
    const add = kernelOf(raw, "adding", adding, ["write"]);
    const words = 1 << 20;
    const buffers: GPUBuffer[] = [];
    const first = bufferOf(raw, "first", new Uint32Array(words).fill(1));
    // Each step takes 4 MiB more, so that the memory grows many times; copies and dispatches of earlier steps go on meanwhile.
    for (let step = 0; step < 60; step++) {
      const buffer = bufferOf(raw, `step ${step}`, { length: words });
      const from = buffers.at(-1) ?? first;
      const commands = raw.device.createCommandEncoder();
      commands.copyBufferToBuffer(from, 0, buffer, 0, words * 4);
      raw.device.queue.submit([commands.finish()]);
      submit(raw, (pass) => add(pass, words / 256, step + 1, buffer));
      buffers.push(buffer);
    }
    let sum = 1;
    for (const [step, buffer] of buffers.entries()) {
      sum += step + 1;
      const found = await wordsOf(raw, buffer);
      for (let i = 0; i < words; i += 61) assert.equal(found[i], sum, `step ${step}, word ${i}`);
    }
    assert.deepEqual(raw.said, []);
  });
}

testRaw("work that was submitted before a write sees the old content, later work the new", {}, async (raw) => {
  const add = kernelOf(raw, "adding", adding, ["write"]);
  const words = 1 << 16;
  const shared = bufferOf(raw, "shared", { length: words });
  const copies = Array.from({ length: 20 }, (_, i) => bufferOf(raw, `copy ${i}`, { length: words }));
  for (const [i, copy] of copies.entries()) {
    raw.device.queue.writeBuffer(shared, 0, new Uint32Array(words).fill(1000 * i).buffer, 0, words * 4);
    submit(raw, (pass) => {
      for (let k = 0; k < 10; k++) add(pass, words / 256, 1, shared);
    });
    const commands = raw.device.createCommandEncoder();
    commands.copyBufferToBuffer(shared, 0, copy, 0, words * 4);
    raw.device.queue.submit([commands.finish()]);
    // What is written over is the source of a copy that may not have run yet.
    raw.device.queue.writeBuffer(shared, 0, new Uint32Array(words).fill(7).buffer, 0, words * 4);
  }
  for (const [i, copy] of copies.entries()) {
    const found = await wordsOf(raw, copy);
    assert.ok(found.every((word) => word === 1000 * i + 10), `copy ${i} holds ${found[0]}`);
  }
  assert.ok((await wordsOf(raw, shared)).every((word) => word === 7));
  const part = Uint32Array.of(1, 2, 3);
  raw.device.queue.writeBuffer(shared, 8, part.buffer, 4, 8);
  assert.deepEqual([...(await wordsOf(raw, shared)).subarray(0, 5)], [7, 7, 2, 3, 7]);
  assert.deepEqual(raw.said, []);
});

testRaw("memory beyond the limit is refused by name, and the device goes on", { memory: 8 << 20 }, async (raw) => {
  const add = kernelOf(raw, "adding", adding, ["write"]);
  const held = bufferOf(raw, "held", new Uint32Array(1 << 20).fill(3));
  const beyond = bufferOf(raw, "key-value cache", { length: 2 << 20 });
  assert.deepEqual(raw.said, ['no memory for "key-value cache"']);
  // What has no memory is left alone, also by copies, clears and writes.
  submit(raw, (pass) => add(pass, 8192, 1, beyond));
  const commands = raw.device.createCommandEncoder();
  commands.copyBufferToBuffer(beyond, 0, held, 0, 1 << 20);
  commands.clearBuffer(beyond, 0, 1 << 20);
  raw.device.queue.submit([commands.finish()]);
  raw.device.queue.writeBuffer(beyond, 0, new ArrayBuffer(64), 0, 64);
  submit(raw, (pass) => add(pass, 4096, 1, held));
  assert.ok((await wordsOf(raw, held).catch(() => new Uint32Array())).every((word) => word === 4));
  held.destroy();
  const again = bufferOf(raw, "again", new Uint32Array(1 << 20).fill(9));
  submit(raw, (pass) => add(pass, 4096, 1, again));
  assert.ok((await wordsOf(raw, again)).every((word) => word === 10));
  assert.equal(raw.said.length, 1);
});

testRaw(
  "memory that was given back is taken again, but not while work in flight uses it",
  { memory: 24 << 20 },
  async (raw) => {
    const add = kernelOf(raw, "adding", adding, ["write"]);
    const words = 1 << 20;
    let sum = 0;
    for (let round = 0; round < 40; round++) {
      const own = bufferOf(raw, `round ${round}`, new Uint32Array(words).fill(round));
      submit(raw, (pass) => add(pass, words / 256, 1, own));
      const first = raw.device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      const commands = raw.device.createCommandEncoder();
      commands.copyBufferToBuffer(own, (words - 1) * 4, first, 0, 4);
      raw.device.queue.submit([commands.finish()]);
      own.destroy();
      await first.mapAsync(GPUMapMode.READ);
      sum += new Uint32Array(first.getMappedRange())[0];
      first.destroy();
    }
    assert.equal(sum, 40 * 41 / 2);
    assert.deepEqual(raw.said, []);
  },
);

testRaw(
  "memory that work in flight still uses is waited for where there is no other",
  { memory: 9 << 20 },
  async (raw) => {
    const add = kernelOf(raw, "adding", adding, ["write"]);
    const words = 1 << 20;
    let last: GPUBuffer | undefined;
    for (let round = 0; round < 20; round++) {
      const own = bufferOf(raw, `round ${round}`, { length: words });
      submit(raw, (pass) => {
        for (let i = 0; i < 10; i++) add(pass, words / 256, 1, own);
      });
      // There is no room for a copy of these words beside two buffers.
      raw.device.queue.writeBuffer(own, 0, new Uint32Array(words).fill(round).buffer, 0, words * 4);
      last?.destroy();
      last = own;
    }
    assert.ok(last !== undefined && (await wordsOf(raw, last)).every((word) => word === 19));
    assert.deepEqual(raw.said, []);
  },
);

testRaw("more commands than the ring holds run in one submit, without a wait in between", {}, async (raw) => {
  const add = kernelOf(raw, "adding", adding, ["write"]);
  const buffers = Array.from({ length: 3 }, (_, i) => bufferOf(raw, `${i}`, new Uint32Array(256)));
  const count = 12_000;
  submit(raw, (pass) => {
    for (let i = 0; i < count; i++) add(pass, 1, 1 + (i & 1), buffers[i % 3]);
  });
  for (const buffer of buffers) assert.ok((await wordsOf(raw, buffer)).every((word) => word === count / 3 * 1.5));
  assert.deepEqual(raw.said, []);
});
