/** exp, log and ldexp of the embedded device over the whole range, and float16 numbers in words, to the bit. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { toHalves } from "../../../kernels/gpu/half_precision.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { functions, perRun, worstOf } from "./float_functions.ts";
import { kernelText } from "./kernel_text.ts";
import { runText, testOnWasm } from "./on_wasm.ts";
import { bits } from "./meaning.ts";

for (const one of functions) {
  testOnWasm(
    `${one.name} is off by at most 2 units in the last place, over a sample of all floats`,
    (encoder) =>
      Effect.gen(function* () {
        const worst = yield* worstOf(encoder, one, 0x5a5, 2 ** 32 / perRun);
        // What lies at the edges: subnormal numbers, zeros and the infinities with their neighbours.
        const edges = one.name.startsWith("ldexp")
          ? []
          : [0, 0x7f780000, 0xff780000, 0x42b00000, 0xc2ae0000, 0xc2c00000];
        const most = yield* Effect.forEach(edges, (first) => worstOf(encoder, one, first, 1));
        console.log(`${one.name}: at most ${Math.max(worst, ...most).toFixed(3)} units`);
      }),
  );
}

testOnWasm("functions of one, two and three numbers are those of four", (encoder) =>
  Effect.gen(function* () {
    const given = [0.5, -3.25, 87.1, 1e-40, 2].map(bits);
    const body = `  let v = bitcast<vec4f>(vec4u(given[0], given[1], given[2], given[3])); let n = vec4i(3, -4, 1, 20);
${
      ["exp(v)", "log(abs(v))", "ldexp(v, n)"].map((call, i) => {
        const part = (letters: string) => call.replace(/\bv\b/, `v.${letters}`).replace(/\bn\b/, `n.${letters}`);
        const at = 6 * i;
        return `  let four${i} = ${call}; let three${i} = ${part("zxw")}; let two${i} = ${part("wy")};
  result[${at}] = bitcast<u32>(${part("x")}); result[${at + 1}] = bitcast<u32>(four${i}.x);
  result[${at + 2}] = bitcast<u32>(three${i}.x + two${i}.x); result[${at + 3}] = bitcast<u32>(four${i}.z + four${i}.w);
  result[${at + 4}] = bitcast<u32>(three${i}.y); result[${at + 5}] = bitcast<u32>(four${i}.x);`;
      }).join("\n")
    }`;
    const found = yield* runText(encoder, kernelText(body), { given, results: 18 });
    for (let i = 0; i < 18; i += 2) assert.equal(found[i], found[i + 1], `result ${i}`);
  }));

testOnWasm(
  "every float16 number is unpacked as it is and packed again to the same bits",
  (encoder) =>
    Effect.gen(function* () {
      const words = Uint32Array.from({ length: 1 << 15 }, (_, i) => (2 * i | (2 * i + 1) << 16) >>> 0);
      const body = `  for (var i = 0u; i < 256u; i++) {
    let at = group * 256u + i; let both = unpack2x16float(given[at]);
    result[2u * at] = bitcast<u32>(both.x); result[2u * at + 1u] = bitcast<u32>(both.y); result[65536u + at] = pack2x16float(both);
  }`;
      const found = yield* runText(encoder, kernelText(body), { given: words, results: 98304, groups: 128 });
      const numbers = Float32Array.from(new Float16Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer));
      const expected = new Uint32Array(numbers.buffer);
      const isNaN16 = (half: number) => (half & 0x7fff) > 0x7c00;
      for (let half = 0; half < 65536; half++) {
        const packed = found[65536 + (half >> 1)] >>> (16 * (half & 1)) & 0xffff;
        if (isNaN16(half)) {
          assert.ok(Number.isNaN(new Float32Array(Uint32Array.of(found[half]).buffer)[0]) && isNaN16(packed));
          continue;
        }
        assert.equal(found[half], expected[half], `half ${half}`);
        assert.equal(packed, half);
      }
    }),
);

testOnWasm(
  "floats are packed as the nearest float16 numbers, ties to the even one",
  (encoder) =>
    Effect.gen(function* () {
      const words: number[] = [];
      for (let exponent = 0; exponent < 256; exponent++) {
        for (let bit = 0; bit < 24; bit++) {
          for (const fraction of [0, 1 << bit, (1 << bit) - 1, (1 << bit) + 1, 3 << bit, 0x7fffff ^ ((1 << bit) - 1)]) {
            const word = exponent << 23 | fraction & 0x7fffff;
            words.push(word >>> 0, (word | 0x80000000) >>> 0);
          }
        }
      }
      words.push(...Uint32Array.from(noise("floats", 60_000), (x) => Math.floor((x + 1) / 2 * 2 ** 32)));
      while (words.length % 512 !== 0) words.push(0);
      const body = `  for (var i = 0u; i < 256u; i++) {
    let at = group * 256u + i; result[at] = pack2x16float(vec2f(bitcast<f32>(given[2u * at]), bitcast<f32>(given[2u * at + 1u])));
  }`;
      const groups = words.length / 512;
      const found = yield* runText(encoder, kernelText(body), { given: words, results: words.length / 2, groups });
      const halves = new Uint16Array(found.buffer);
      const numbers = new Float32Array(Uint32Array.from(words).buffer);
      const expected = toHalves(numbers, "f16");
      numbers.forEach((x, i) => {
        if (Number.isNaN(x)) assert.ok((halves[i] & 0x7fff) > 0x7c00, "NaN is packed as a number");
        else assert.equal(halves[i], expected[i], `${x}`);
      });
    }),
);
