import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { fromHalves, type HalfFormat, toHalves } from "../../../kernels/gpu/half_precision.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { cast } from "../../../kernels/ops/cast/cast.ts";
import { testOnDevice } from "../run_case.ts";

const formats: ReadonlyArray<HalfFormat> = ["bf16", "f16"];

/** Float32 bits: every exponent with the fractions at which rounding turns, both signs, and noise. */
const patterns = (): Uint32Array<ArrayBuffer> => {
  const words: number[] = [];
  for (let exponent = 0; exponent < 256; exponent++) {
    for (let bit = 0; bit < 24; bit++) {
      for (const fraction of [0, 1 << bit, (1 << bit) - 1, (1 << bit) + 1, 3 << bit, 0x7fffff ^ ((1 << bit) - 1)]) {
        const word = exponent << 23 | fraction & 0x7fffff;
        words.push(word >>> 0, (word | 0x80000000) >>> 0);
      }
    }
  }
  const random = noise("patterns", 20_000).map((x) => Math.floor((x + 1) / 2 * 2 ** 32));
  return Uint32Array.from([...words, ...random]);
};

const isNaN16 = (half: number, format: HalfFormat): boolean => (half & 0x7fff) > (format === "f16" ? 0x7c00 : 0x7f80);

for (const format of formats) {
  testOnDevice(
    `every float32 becomes the same ${format} on the device and on the host`,
    (encoder) =>
      Effect.gen(function* () {
        const bits = patterns();
        const n = bits.length;
        const given = encoder.upload(bits, 1, n);
        const out = encoder.tensor(1, n, { format });
        cast(encoder, given, out);
        const found = new Uint16Array((yield* encoder.readWords(out)).buffer);
        const expected = toHalves(new Float32Array(bits.buffer), format);
        for (let i = 0; i < n; i++) {
          const [a, b] = [found[i], expected[i]];
          assert.ok(
            a === b || (isNaN16(a, format) && isNaN16(b, format)),
            `0x${bits[i].toString(16)} becomes 0x${a.toString(16)}, on the host 0x${b.toString(16)}`,
          );
        }
      }),
  );

  Deno.test(`the host rounds to the nearest ${format}, ties to the even one`, () => {
    const every = Uint16Array.from({ length: 0x8000 }, (_, half) => half).filter((half) => !isNaN16(half, format));
    const values = fromHalves(every, format);
    assert.deepEqual(toHalves(values, format), every);
    // The last one is infinite.
    for (let i = 1; i + 1 < values.length; i++) {
      const middle = Math.fround((values[i - 1] + values[i]) / 2);
      const below = new Float32Array(Uint32Array.of(new Uint32Array(Float32Array.of(middle).buffer)[0] - 1).buffer)[0];
      const above = new Float32Array(Uint32Array.of(new Uint32Array(Float32Array.of(middle).buffer)[0] + 1).buffer)[0];
      if (below <= values[i - 1] || above >= values[i]) continue;
      const even = every[i] % 2 === 0 ? every[i] : every[i - 1];
      assert.deepEqual([...toHalves(Float32Array.of(below, middle, above), format)], [every[i - 1], even, every[i]]);
    }
  });
}

testOnDevice(
  "a read-back of 16-bit numbers gives them as float32, also from the middle of a word",
  (encoder) =>
    Effect.gen(function* () {
      for (const format of formats) {
        const numbers = fromHalves(toHalves(noise("numbers", 11), format), format);
        const given = encoder.upload(numbers, 1, 11);
        const out = encoder.tensor(1, 11, { format });
        cast(encoder, given, out);
        assert.deepEqual(yield* encoder.read(out), numbers);
        assert.deepEqual(yield* encoder.read({ ...out, offset: 3, cols: 5 }), numbers.slice(3, 8));
      }
    }),
);
