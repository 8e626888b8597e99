/** The compiler to WebAssembly and the interpreter give the same bits for programs made by chance. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as OnCard from "./interpreter/on_card.ts";
import { runText, testOnWasm } from "./on_wasm.ts";
import { given } from "./random_expressions.ts";
import { randomProgram, randomWords, results } from "./random_program.ts";

const programs = Number(Deno.env.get("SIGNUM_PROGRAMS") ?? 120);
const groups = 12;

testOnWasm(
  `${programs} programs made by chance give the bits that the interpreter gives`,
  (encoder) =>
    Effect.gen(function* () {
      for (let seed = 1; seed <= programs; seed++) {
        const text = randomProgram(seed);
        const words = randomWords(seed, groups);
        const expected = yield* OnCard.runText(text, {
          given: [...words],
          results: groups * results,
          groups: [groups],
        });
        assert.equal(expected.fault, undefined, `seed ${seed}\n${text}`);
        const found = yield* runText(encoder, text, { given: words, results: groups * results, groups });
        found.forEach((word, i) => {
          if (word === expected.words[i]) return;
          const inputs = words.subarray(Math.floor(i / results) * given, (Math.floor(i / results) + 1) * given);
          assert.fail(
            `seed ${seed}: result ${i % results} of workgroup ${
              Math.floor(i / results)
            } is ${word}, the interpreter gives ${expected.words[i]}, from ${[...inputs]}\n${text}`,
          );
        });
      }
    }),
);
