import assert from "node:assert/strict";
import { bits, integer, Key, permutation, threefry2x32, uniform } from "../../data/random.ts";

Deno.test("threefry2x32() gives the published vectors that JAX is tested with", () => {
  assert.deepEqual(threefry2x32([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
  assert.deepEqual(
    threefry2x32([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]),
    [0x1cb996fc, 0xbb002be7],
  );
  assert.deepEqual(
    threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]),
    [0xc4923a9c, 0x483df7a0],
  );
});

Deno.test("Key and bits() give the numbers of jax.random 0.10.2", () => {
  assert.deepEqual(Key.make(42), [0, 42]);
  assert.deepEqual(Key.fold(Key.make(1), 7), [954670714, 4016809582]);
  assert.deepEqual(Key.fold(Key.make(0), 123456789), [1084760314, 1583676033]);
  assert.deepEqual(Key.fold(Key.make(42), 0), [1832780943, 270669613]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => bits(Key.make(1), i)),
    [0x704a38b7, 0x88a4083e, 0x7227b57a, 0x703abff1, 0xe5b993a4],
  );
});

Deno.test("Key.fold() takes names, one part after another, and tells similar ones apart", () => {
  const key = Key.make(3);
  assert.deepEqual(
    Key.fold(key, "sample", 1, "math/train/17"),
    Key.fold(Key.fold(Key.fold(key, "sample"), 1), "math/train/17"),
  );
  const names = ["", "\0", "a", "a\0", "ab", "math/train/1", "math/train/11", "math/train/1\0", "größe", "grösse"];
  const keys = new Set(names.map((name) => Key.fold(key, name).join()));
  assert.equal(keys.size, names.length);
  assert.deepEqual(Key.fold(key, "math/train/17"), [407729323, 852235207]);
});

Deno.test("Key.make() keeps all bits of a large or negative seed", () => {
  assert.deepEqual(Key.make(2 ** 40 + 5), [256, 5]);
  assert.deepEqual(Key.make(-1), [0xffffffff, 0xffffffff]);
});

Deno.test("uniform() lies in [0, 1), is exact in float32 and has the right mean", () => {
  const key = Key.make(9);
  let sum = 0;
  for (let i = 0; i < 20000; i++) {
    const u = uniform(key, i);
    assert.ok(u >= 0 && u < 1 && Math.fround(u) === u);
    sum += u;
  }
  assert.ok(Math.abs(sum / 20000 - 0.5) < 0.01);
});

Deno.test("integer() reaches every value about equally often", () => {
  const counts = new Array(7).fill(0);
  for (let i = 0; i < 14000; i++) counts[integer(Key.make(5), i, 7)]++;
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 200, `${counts}`);
});

Deno.test("permutation() holds every index once and depends on the key", () => {
  const order = permutation(Key.make(1), 1000);
  assert.deepEqual([...order].sort((a, b) => a - b), Array.from({ length: 1000 }, (_, i) => i));
  assert.notDeepEqual(order, permutation(Key.make(2), 1000));
  assert.deepEqual(permutation(Key.make(1), 1000), order);
  assert.deepEqual([...permutation(Key.make(1), 0)], []);
});
