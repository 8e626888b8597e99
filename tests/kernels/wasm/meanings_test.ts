/** The compiler to WebAssembly and the interpreter each compute what WGSL means. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as OnCard from "./interpreter/on_card.ts";
import { chosenMeanings } from "./chosen_meanings.ts";
import type { Meaning } from "./meaning.ts";
import { numberMeanings } from "./number_meanings.ts";
import { statementMeanings } from "./statement_meanings.ts";
import { kernelText } from "./kernel_text.ts";
import { runText, testOnWasm } from "./on_wasm.ts";

const testMeaning = ({ name, before, given, body, expected }: Meaning): void =>
  testOnWasm(`wasm: ${name}`, (encoder) =>
    Effect.gen(function* () {
      const words = yield* runText(encoder, kernelText(body, before), { given, results: expected.length });
      assert.deepEqual([...words], expected);
    }));

chosenMeanings.forEach(testMeaning);

for (const meaning of [...numberMeanings, ...statementMeanings]) {
  testMeaning(meaning);
  const { name, before, given, body, expected } = meaning;
  Deno.test(`interpreter: ${name}`, () =>
    Effect.runPromise(Effect.gen(function* () {
      const { words, fault } = yield* OnCard.runText(kernelText(body, before), { given, results: expected.length });
      assert.equal(fault, undefined);
      assert.deepEqual(words.slice(0, expected.length), expected);
    })));
}
