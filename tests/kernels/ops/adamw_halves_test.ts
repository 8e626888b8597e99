/**
 * Moments of AdamW in bfloat16: what is stored is, to the bit, the host's rounding by chance of what the float32 kernel computes, whatever a
 * binding covers; its mean over many steps is that of exact arithmetic, where rounding to the nearest stands still.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { Key, threefry2x32 } from "../../../data/random.ts";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { fromHalves, toHalves } from "../../../kernels/gpu/half_precision.ts";
import { toHalvesByChance } from "./halves_by_chance.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { type AdamW, adamw } from "../../../kernels/ops/adamw/adamw.ts";
import { cast } from "../../../kernels/ops/cast/cast.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import { testOnDevice } from "../run_case.ts";

const options = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, step: 7, clip: 0.5 };

/** The 16 random bits of element i, for the mean (0) or the square (1). */
const diceOf = (key: Key, moment: 0 | 1) => (i: number): number =>
  (threefry2x32(key, [0, i >> 1])[i & 1] >>> (16 * moment)) & 0xffff;

const uploadHalves = (encoder: Encoder, halves: Uint16Array): Tensor => {
  const tensor = encoder.tensor(1, halves.length, { format: "bf16" });
  const words = new Uint16Array(Math.ceil(halves.length / 2) * 2);
  words.set(halves);
  encoder.write(tensor, new Uint32Array(words.buffer));
  return tensor;
};

const bitsOf = (values: Float32Array<ArrayBuffer>) => new Uint32Array(values.buffer);

/** One step from moments of 16 bits: the words of both moments and the weights' bits. */
const stepHalves = Effect.fnUntraced(function* (
  encoder: Encoder,
  given: Record<"gradient" | "weight", Float32Array<ArrayBuffer>> & Record<"mean" | "square", Uint16Array>,
  more: Partial<AdamW>,
) {
  const n = given.gradient.length;
  const [gradient, weight] = [given.gradient, given.weight].map((values) => encoder.upload(values, 1, n));
  const [mean, square] = [given.mean, given.square].map((halves) => uploadHalves(encoder, halves));
  adamw(encoder, gradient, weight, mean, square, { ...options, ...more });
  return {
    mean: new Uint16Array((yield* encoder.readWords(mean)).buffer),
    square: new Uint16Array((yield* encoder.readWords(square)).buffer),
    weight: bitsOf(yield* encoder.read(weight)),
  };
});

testOnDevice(
  "moments in bf16 are the host's rounding by chance of the float32 kernel's, bit for bit, and the weights are its weights",
  (encoder) =>
    Effect.gen(function* () {
      const n = 4001;
      const size = (i: number) => 2 ** (i % 97 - 60);
      const gradient = noise("gradient", n).map((x, i) => x * size(i));
      const weight = noise("weight", n);
      const mean = toHalves(noise("mean", n).map((x, i) => x * size(i)), "bf16");
      const square = toHalves(noise("square", n).map((x, i) => (x * size(i)) ** 2), "bf16");
      // What is not finite is stored as it is.
      const odd = [[0, 0x7fc1], [1, 0x7f80], [2, 0xff80], [3, 0x7f7f], [4, 0xffff], [5, 0x8000]] as const;
      for (const [i, half] of odd) mean[i] = half;
      const key = Key.fold(Key.make(3), "dice");

      const plain = [fromHalves(mean, "bf16"), fromHalves(square, "bf16")].map((x) => encoder.upload(x, 1, n));
      const weights = encoder.upload(weight, 1, n);
      adamw(encoder, encoder.upload(gradient, 1, n), weights, plain[0], plain[1], options);
      const exact = { mean: yield* encoder.read(plain[0]), square: yield* encoder.read(plain[1]) };
      const expected = bitsOf(yield* encoder.read(weights));

      const given = { gradient, weight, mean, square };
      const found = yield* stepHalves(encoder, given, { key });
      const same = (a: number, b: number, what: string) =>
        assert.ok(
          a === b || ((a & 0x7fff) > 0x7f80 && (b & 0x7fff) > 0x7f80),
          `${what}: 0x${a.toString(16)}, on the host 0x${b.toString(16)}`,
        );
      for (const [name, moment] of [["mean", 0], ["square", 1]] as const) {
        const host = toHalvesByChance(exact[name], diceOf(key, moment));
        for (let i = 0; i < n; i++) same(found[name][i], host[i], `${name} ${i}`);
        assert.equal(found[name][n], 0, "the half behind the last one");
        const nearest = toHalves(exact[name], "bf16");
        const moved = nearest.reduce((count, half, i) => count + (half === found[name][i] ? 0 : 1), 0);
        assert.ok(moved > 0.15 * n && moved < 0.35 * n, `${name}: ${moved} of ${n} are not the nearest`);
      }
      for (let i = 6; i < n; i++) assert.equal(found.weight[i], expected[i], `weight ${i}`);

      // The same step again, in windows, and with the dice of another step.
      assert.deepEqual(yield* stepHalves(encoder, given, { key }), found);
      const narrow = new Encoder(encoder.device, { ...encoder.info, maxBinding: 4096 });
      assert.deepEqual(yield* stepHalves(narrow, given, { key }), found);
      const other = yield* stepHalves(encoder, given, { key: Key.fold(key, 1) });
      assert.notDeepEqual(other.mean, found.mean);
      assert.notDeepEqual(other.square, found.square);
      assert.deepEqual(other.weight.subarray(6), found.weight.subarray(6));
    }),
);

testOnDevice(
  "over 400 steps the mean of bf16 moments is the exact one; rounded to the nearest the second moment stands still",
  (encoder) =>
    Effect.gen(function* () {
      const n = 8192;
      const steps = 400;
      const { beta1, beta2 } = options;
      // A gradient of 0.01 whose second moment begins four times too large, a first moment that begins at half of it.
      const [g, start] = [0.01, { mean: 0.005, square: 4e-4 }];
      const gradient = encoder.upload(new Float32Array(n).fill(g), 1, n);
      const weight = encoder.upload(new Float32Array(n), 1, n);
      const begin = (x: number) =>
        new Float32Array(n).fill(fromHalves(toHalves(Float32Array.of(x), "bf16"), "bf16")[0]);
      const chance = { mean: uploadHalves(encoder, toHalves(begin(start.mean), "bf16")) } as const;
      const square = uploadHalves(encoder, toHalves(begin(start.square), "bf16"));
      const words = {
        mean: encoder.upload(begin(start.mean), 1, n),
        square: encoder.upload(begin(start.square), 1, n),
      };
      const nearest = encoder.tensor(1, n, { format: "bf16" });
      for (let step = 1; step <= steps; step++) {
        const key = Key.fold(Key.make(0), "unbiased", step);
        adamw(encoder, gradient, weight, chance.mean, square, { ...options, clip: 1, step, key });
        adamw(encoder, gradient, weight, words.mean, words.square, { ...options, clip: 1, step });
        cast(encoder, words.square, nearest);
        cast(encoder, nearest, words.square);
      }
      const statistics = (values: Float32Array) => {
        const mean = values.reduce((sum, x) => sum + x, 0) / n;
        const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
        return { mean, deviation: Math.sqrt(variance), error: Math.sqrt(variance / n) };
      };
      const after = (from: number, to: number, beta: number) => to + (from - to) * beta ** steps;
      const expected = {
        mean: after(begin(start.mean)[0], Math.fround(g), beta1),
        square: after(begin(start.square)[0], Math.fround(g) ** 2, beta2),
      };
      for (const [name, tensor] of [["mean", chance.mean], ["square", square]] as const) {
        const found = statistics(yield* encoder.read(tensor));
        const off = (found.mean - expected[name]) / found.error;
        console.log(
          `${name}: ${found.mean.toExponential(5)}, exact ${expected[name].toExponential(5)}, off by ${
            off.toFixed(2)
          } ` +
            `standard errors; one element strays by ${(100 * found.deviation / found.mean).toFixed(2)} %`,
        );
        assert.ok(Math.abs(off) < 4, `${name}: off by ${off} standard errors`);
      }
      const stuck = yield* encoder.read(words.square);
      assert.ok(stuck.every((x) => x === begin(start.square)[0]), "rounding to the nearest moved");
      assert.ok(Math.abs(stuck[0] / expected.square - 1) > 0.3, "nothing to be moved by");
    }),
);
