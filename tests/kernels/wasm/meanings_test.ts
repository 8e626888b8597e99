/** The compiler to WebAssembly and the interpreter each compute what WGSL means. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as OnCard from "./interpreter/on_card.ts";
import { choices, type Meaning, meanings } from "./meanings.ts";
import { kernelText } from "./kernel_text.ts";
import { runText, testOnWasm } from "./on_wasm.ts";

const testMeaning = ({ name, before, given, body, expected }: Meaning): void =>
  testOnWasm(`wasm: ${name}`, (encoder) =>
    Effect.gen(function* () {
      const words = yield* runText(encoder, kernelText(body, before), { given, results: expected.length });
      assert.deepEqual([...words], expected);
    }));

choices.forEach(testMeaning);

for (const meaning of meanings) {
  testMeaning(meaning);
  const { name, before, given, body, expected } = meaning;
  Deno.test(`interpreter: ${name}`, () =>
    Effect.runPromise(Effect.gen(function* () {
      const { words, fault } = yield* OnCard.runText(kernelText(body, before), { given, results: expected.length });
      assert.equal(fault, undefined);
      assert.deepEqual(words.slice(0, expected.length), expected);
    })));
}
