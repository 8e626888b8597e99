import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { wordedArithmetic, wordedLines } from "../../../data/tasks/worded_arithmetic.ts";

const splits = ["train", "test"] as const;

for (const split of splits) {
  Deno.test(`data/arithmetic/${split}.jsonl is what the generator makes`, () => {
    const file = new URL(`../../../data/arithmetic/${split}.jsonl`, import.meta.url);
    assert.equal(readFileSync(file, "utf8"), wordedLines(split));
  });
}

/** The numbers and the word of a problem's question, and its answer. */
const askedIn = (split: typeof splits[number]) =>
  wordedArithmetic(split).map(({ problem, answer }) => {
    const [, a, word, b] = /\n(\d+) (plus|times|minus) (\d+) is$/.exec(problem) ?? [];
    return { a: Number(a), b: Number(b), word, answer: Number(answer) };
  });

Deno.test("worded arithmetic: answers are right, no problem comes twice, and the splits share no number", () => {
  const [train, test] = splits.map(askedIn);
  assert.deepEqual([train.length, test.length], [156, 64]);
  for (const { a, b, word, answer } of [...train, ...test]) {
    assert.equal(answer, word === "plus" ? a + b : word === "times" ? a * b : a - b);
  }
  for (const some of [train, test]) {
    assert.equal(new Set(some.map(({ a, b, word }) => `${a} ${word} ${b}`)).size, some.length);
  }
  const tested = new Set(test.flatMap(({ a, b }) => [a, b]));
  for (const { a, b } of train) assert.ok(!tested.has(a) && !tested.has(b), `${a}, ${b}`);
});
