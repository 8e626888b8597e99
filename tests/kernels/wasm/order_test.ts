/** Commands made by chance over a few buffers leave what they leave one after the other, however many threads run them. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { RandomExpressions as Chance } from "./random_expressions.ts";
import { bufferOf, kernelOf, openRaw, submit, wordsOf } from "./raw_device.ts";

const mixing = `struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> from: array<u32>;
@group(0) @binding(1) var<storage, read_write> to: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  for (var i = 0u; i < 64u; i++) { let at = group.x * 64u + i; to[at] = to[at] * 3u + from[(at * 7u + params.n) % arrayWords()] + params.n; }
}
fn arrayWords() -> u32 { return 16384u; }
`;
const words = 16384;

for (const threads of ["2", "8"]) {
  Deno.test(`commands over few buffers, ${threads} threads: what they leave is what they leave in order`, () =>
    Effect.runPromise(Effect.scoped(Effect.flatMap(openRaw({ threads }), (raw) =>
      Effect.promise(async () => {
        const mix = kernelOf(raw, "mixing", mixing, ["read", "write"]);
        const chance = new Chance(Number(threads));
        const models = Array.from({ length: 5 }, (_, b) => Uint32Array.from({ length: words }, (_, i) => b * 1000 + i));
        const buffers = models.map((model, b) => bufferOf(raw, `buffer ${b}`, model));
        const pair = (): readonly [number, number] => {
          const a = chance.below(5);
          return [a, (a + 1 + chance.below(4)) % 5];
        };
        const range = (): readonly [number, number] => {
          const at = chance.below(words);
          return [at, 1 + chance.below(words - at)];
        };
        for (let step = 0; step < 300; step++) {
          const commands = raw.device.createCommandEncoder();
          for (let i = chance.below(6); i >= 0; i--) {
            const [a, b] = pair();
            const [at, count] = range();
            switch (chance.below(5)) {
              case 0:
                commands.copyBufferToBuffer(buffers[a], at * 4, buffers[b], (words - at - count) * 4, count * 4);
                models[b].set(models[a].subarray(at, at + count), words - at - count);
                break;
              case 1:
                commands.clearBuffer(buffers[a], at * 4, count * 4);
                models[a].fill(0, at, at + count);
                break;
              default: {
                const [n, groups] = [chance.below(1000), 1 + chance.below(words / 64)];
                const pass = commands.beginComputePass();
                mix(pass, groups, n, buffers[a], buffers[b]);
                pass.end();
                const [from, to] = [models[a], models[b]];
                for (let i = 0; i < groups * 64; i++) to[i] = Math.imul(to[i], 3) + from[(i * 7 + n) % words] + n;
              }
            }
          }
          raw.device.queue.submit([commands.finish()]);
          if (chance.below(4) === 0) {
            const [a] = pair();
            const [at, count] = range();
            const data = Uint32Array.from({ length: count }, (_, i) => step * i);
            raw.device.queue.writeBuffer(buffers[a], at * 4, data.buffer, 0, count * 4);
            models[a].set(data, at);
          }
          if (chance.below(40) === 0) {
            const [a] = pair();
            assert.deepEqual(await wordsOf(raw, buffers[a]), models[a], `step ${step}, buffer ${a}`);
          }
        }
        submit(raw, () => {});
        for (const [b, buffer] of buffers.entries()) {
          assert.deepEqual(await wordsOf(raw, buffer), models[b], `buffer ${b}`);
        }
        assert.deepEqual(raw.said, []);
      })))));
}
