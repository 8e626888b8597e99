import assert from "node:assert/strict";
import { Effect, type Scope } from "effect";
import * as Metrics from "../../../pipelines/files/metrics.ts";
import { openMetrics } from "../../../pipelines/files/metrics.ts";
import * as RunDirectory from "../../../pipelines/files/run_directory.ts";
import { crc32c, frame, maskedCrc32c } from "../../../pipelines/files/tensorboard.ts";

const scoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect));
const ascii = (text: string) => new TextEncoder().encode(text);

Deno.test("crc32c() gives the numbers of RFC 3720, appendix B.4", () => {
  assert.equal(crc32c(ascii("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});

/** Reads event files as TensorBoard does: checks both checksums of each record, then walks the protocol buffers. */
const readEvents = (bytes: Uint8Array) => {
  const events: Array<{ wallTime: number; step: number; version?: string; values: Record<string, number> }> = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    assert.equal(view.getUint32(at + 8, true), maskedCrc32c(bytes.subarray(at, at + 8)));
    const body = bytes.subarray(at + 12, at + 12 + length);
    assert.equal(view.getUint32(at + 12 + length, true), maskedCrc32c(body));
    at += length + 16;
    const event = { wallTime: 0, step: 0, values: {} as Record<string, number> };
    for (const [field, value] of fields(body)) {
      if (field === 1) event.wallTime = new DataView(Uint8Array.from(value).buffer).getFloat64(0, true);
      if (field === 2) event.step = varint(value, 0)[0];
      if (field === 3) Object.assign(event, { version: new TextDecoder().decode(value) });
      if (field !== 5) continue;
      for (const [, scalar] of fields(value)) {
        const parts = new Map(fields(scalar));
        const number = new DataView(Uint8Array.from(parts.get(2) ?? []).buffer).getFloat32(0, true);
        event.values[new TextDecoder().decode(parts.get(1))] = number;
      }
    }
    events.push(event);
  }
  return events;
};

const varint = (bytes: Uint8Array, at: number): readonly [value: number, next: number] => {
  let value = 0;
  for (let shift = 1;; shift *= 128, at++) {
    value += (bytes[at] & 127) * shift;
    if (bytes[at] < 128) return [value, at + 1];
  }
};

const fields = (bytes: Uint8Array): Array<[field: number, value: Uint8Array]> => {
  const found: Array<[number, Uint8Array]> = [];
  for (let at = 0; at < bytes.length;) {
    const [key, start] = varint(bytes, at);
    const wire = key % 8;
    const [first, after] = wire === 2 || wire === 0 ? varint(bytes, start) : [wire === 1 ? 8 : 4, start];
    const [from, to] = wire === 0 ? [start, after] : [after, after + first];
    found.push([Math.floor(key / 8), bytes.subarray(from, to)]);
    at = to;
  }
  return found;
};

Deno.test("frame() is a TFRecord", () => {
  // Made by tensorboard.summary.writer.record_writer.RecordWriter().write(b"abc").
  assert.equal(frame(ascii("abc")).toHex(), "0300000000000000b099490e6162636e57f121");
});

Deno.test("rows are kept as NDJSON and as TensorBoard events", async () => {
  const dir = await Deno.makeTempDir();
  const row = { step: 300, loss: -0.25, positive: { loss: 0.5 }, note: "x", bad: Number.NaN, timing: { sample: 1.5 } };
  await scoped(Effect.gen(function* () {
    const run = yield* RunDirectory.acquire(dir);
    const metrics = yield* openMetrics(run);
    yield* metrics.write(row);
  }));
  const events = readEvents(await Deno.readFile(`${dir}/tensorboard/events.out.tfevents.signum`));
  assert.equal(events.length, 2);
  assert.equal(events[0].version, "brain.Event:2");
  assert.equal(events[1].step, 300);
  assert.ok(events[1].wallTime > 1.6e9);
  assert.deepEqual(events[1].values, { loss: -0.25, "positive/loss": 0.5, "timing/sample": 1.5 });
  const line = JSON.parse(await Deno.readTextFile(`${dir}/metrics.ndjson`));
  assert.deepEqual(Metrics.comparable(line), {
    step: 300,
    loss: -0.25,
    positive: { loss: 0.5 },
    note: "x",
    bad: null,
  });
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a run that goes on drops the rows of steps that it will do again, in both files", async () => {
  const dir = await Deno.makeTempDir();
  await scoped(Effect.gen(function* () {
    const metrics = yield* openMetrics(yield* RunDirectory.acquire(dir));
    for (const step of [1, 2, 3]) yield* metrics.write({ step, loss: step });
  }));
  await Deno.writeTextFile(`${dir}/metrics.ndjson`, '{"step":4,"lo', { append: true });
  await scoped(Effect.gen(function* () {
    const metrics = yield* openMetrics(yield* RunDirectory.acquire(dir), 2);
    assert.deepEqual(metrics.rows.map(({ step }) => step), [1, 2]);
    yield* metrics.write({ step: 3, loss: 30 });
  }));
  const events = readEvents(await Deno.readFile(`${dir}/tensorboard/events.out.tfevents.signum`));
  assert.deepEqual(events.map(({ step, values }) => [step, values["loss"]]), [[0, undefined], [1, 1], [2, 2], [3, 30]]);
  await Deno.writeTextFile(`${dir}/metrics.ndjson`, "not a row\n", { append: true });
  const error = await scoped(Effect.flip(Effect.flatMap(RunDirectory.acquire(dir), (run) => openMetrics(run))));
  assert.match(error.message, /metrics\.ndjson", line 4/);
  await Deno.remove(dir, { recursive: true });
});
