/** Safetensors files: the reference writer's bytes, the three float formats, and damaged files of every kind. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as Effect from "effect/Effect";
import * as Safetensors from "../../../pipelines/files/safetensors.ts";
import { openSafetensors, writeSafetensors } from "../../../pipelines/files/safetensors.ts";

const golden = new URL("../../golden/models/", import.meta.url).pathname;
const sha256 = (path: string) => createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
const tensor = (name: string, shape: ReadonlyArray<number>, values: ReadonlyArray<number>): Safetensors.Tensor => ({
  name,
  shape,
  read: Effect.succeed(Float32Array.from(values)),
});

const inFolder = async (use: (dir: string) => Promise<void>) => {
  const dir = Deno.makeTempDirSync();
  await use(dir);
  Deno.removeSync(dir, { recursive: true });
};

/** A file of a header and data as they are given, right or wrong. */
const writeRaw = (path: string, header: unknown, data: Uint8Array, headerBytes?: number): void => {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const file = new Uint8Array(8 + json.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes ?? json.length), true);
  file.set(json, 8);
  file.set(data, 8 + json.length);
  Deno.writeFileSync(path, file);
};

Deno.test("write() gives the reference writer's bytes for the same tensors, in whatever order they come", () =>
  inFolder(async (dir) => {
    const source = `${golden}qwen3_tied/model.safetensors`;
    const file = await Effect.runPromise(openSafetensors(source));
    const tensors = [...file.entries].map(([name, { shape }]) => ({ name, shape, read: file.read(name) }));
    for (const order of [tensors, tensors.toReversed()]) {
      const written = await Effect.runPromise(writeSafetensors(dir, (hash) => `${hash}.safetensors`, order));
      assert.equal(written.sha256, sha256(source));
      assert.equal(written.name, `${written.sha256}.safetensors`);
      assert.equal(written.bytes, Deno.statSync(source).size);
      assert.equal(sha256(`${dir}/${written.name}`), written.sha256);
      assert.equal(await Effect.runPromise(Safetensors.sha256File(source)), written.sha256);
    }
    assert.deepEqual([...Deno.readDirSync(dir)].length, 1);
  }));

Deno.test("what is written is read back, tensors larger than a chunk and empty ones included", () =>
  inFolder(async (dir) => {
    const large = Float32Array.from({ length: 4_500_001 }, (_, i) => i / 7);
    const tensors = [
      { name: "large", shape: [large.length], read: Effect.succeed(large) },
      tensor("empty", [0, 4], []),
      tensor("scalar", [], [2.5]),
      tensor('odd "name" é', [1, 3], [NaN, Infinity, -0]),
    ];
    await Effect.runPromise(writeSafetensors(dir, () => "x.safetensors", tensors));
    const file = await Effect.runPromise(openSafetensors(`${dir}/x.safetensors`));
    assert.deepEqual(file.metadata, { format: "pt" });
    for (const { name, read } of tensors) {
      assert.deepEqual(await Effect.runPromise(file.read(name)), await Effect.runPromise(read));
    }
    assert.deepEqual(await Effect.runPromise(file.read("large", 4, 4_400_004)), large.subarray(4, 4_400_004));
  }));

Deno.test("f16 and bf16 are widened exactly", () =>
  inFolder(async (dir) => {
    const path = `${dir}/x.safetensors`;
    const data = new Uint8Array(16);
    // 1, -2, the smallest subnormal, infinity.
    data.set(new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00).buffer), 0);
    data.set(new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x0001, 0xff80).buffer), 8);
    writeRaw(path, {
      h: { dtype: "F16", shape: [4], data_offsets: [0, 8] },
      b: { dtype: "BF16", shape: [2, 2], data_offsets: [8, 16] },
    }, data);
    const file = await Effect.runPromise(openSafetensors(path));
    assert.deepEqual(await Effect.runPromise(file.read("h")), Float32Array.of(1, -2, 2 ** -24, Infinity));
    assert.deepEqual(await Effect.runPromise(file.read("b")), Float32Array.of(1, -2, 2 ** -133, -Infinity));
  }));

Deno.test("a damaged file is an error that names the file, the tensor, what was expected and what was found", () =>
  inFolder(async (dir) => {
    const path = `${dir}/x.safetensors`;
    const a = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
    const b = { dtype: "F32", shape: [2], data_offsets: [8, 16] };
    const data = new Uint8Array(16);
    const cases: ReadonlyArray<readonly [unknown, Uint8Array, number | undefined, RegExp]> = [
      [
        { a, b },
        data.subarray(0, 12),
        undefined,
        /tensor "b": expected a file of at least \d+ bytes, found \d+ bytes \(cut short\)/,
      ],
      [{ a, b: { ...b, data_offsets: [4, 12] } }, data, undefined, /tensor "b": expected offset 8/],
      [{ a, b: { ...b, data_offsets: [12, 20] } }, data, undefined, /tensor "b": expected offset 8/],
      [{ a, b: { ...b, data_offsets: [0, 8] } }, data, undefined, /tensor "b": expected offset 8/],
      [{ a, b: { ...b, data_offsets: [16, 8] } }, data, undefined, /tensor "b": expected offsets/],
      [{ a, b: { ...b, data_offsets: [-8, 0] } }, data, undefined, /tensor "b": expected offsets/],
      [{ a, b: { ...b, data_offsets: [8, 2 ** 60] } }, data, undefined, /tensor "b": expected offsets/],
      [
        { a, b: { ...b, shape: [3] } },
        data,
        undefined,
        /tensor "b": expected 12 bytes for F32 \[3\], found offsets of 8 bytes/,
      ],
      [{ a, b: { ...b, shape: "2" } }, data, undefined, /tensor "b": expected a shape/],
      [{ a, b: { ...b, dtype: "F31" } }, data, undefined, /tensor "b": expected an element type .* found "F31"/],
      [{ a, b: { ...b, dtype: "toString" } }, data, undefined, /tensor "b": expected an element type/],
      [{ a, b: 3 }, data, undefined, /tensor "b": expected an element type/],
      [{ a }, data, undefined, /expected a file of \d+ bytes, found \d+ bytes/],
      ["{ ", data, undefined, /expected a header that is a JSON object/],
      ["[]", data, undefined, /expected a header that is a JSON object/],
      [{ a, b }, data, 2 ** 40, /expected a header length .* found 1099511627776/],
      [{ a, b }, data, 0, /expected a header length/],
    ];
    for (const [header, bytes, headerBytes, expected] of cases) {
      writeRaw(path, header, bytes, headerBytes);
      const error = await Effect.runPromise(Effect.flip(openSafetensors(path)));
      assert.ok(error.message.startsWith(`Cannot read "${path}"`), error.message);
      assert.match(error.message, expected);
    }
    Deno.writeFileSync(path, new Uint8Array(3));
    assert.match((await Effect.runPromise(Effect.flip(openSafetensors(path)))).message, /in 3 bytes/);
    assert.match(
      (await Effect.runPromise(Effect.flip(openSafetensors(`${dir}/none`)))).message,
      /none": expected a file/,
    );
  }));

Deno.test("a tensor that is absent or no float is an error of that tensor", () =>
  inFolder(async (dir) => {
    const path = `${dir}/x.safetensors`;
    writeRaw(path, { i: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
    const file = await Effect.runPromise(openSafetensors(path));
    assert.match((await Effect.runPromise(Effect.flip(file.read("i")))).message, /tensor "i": expected F32.*found I64/);
    assert.match((await Effect.runPromise(Effect.flip(file.read("j")))).message, /tensor "j": expected the tensor/);
  }));

Deno.test("a write that fails leaves nothing behind", () =>
  inFolder(async (dir) => {
    const wrong = [tensor("a", [2], [1, 2]), tensor("b", [3], [1, 2])];
    const error = await Effect.runPromise(Effect.flip(writeSafetensors(dir, () => "x.safetensors", wrong)));
    assert.match(error.message, /tensor "b": expected 3 numbers, found 2/);
    const twice = [tensor("a", [1], [1]), tensor("a", [1], [2])];
    const again = await Effect.runPromise(Effect.flip(writeSafetensors(dir, () => "x.safetensors", twice)));
    assert.match(again.message, /names that differ/);
    const failing = [{ name: "a", shape: [1], read: Effect.fail("no device") }];
    assert.equal(
      await Effect.runPromise(Effect.flip(writeSafetensors(dir, () => "x.safetensors", failing))),
      "no device",
    );
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  }));
