import assert from "node:assert/strict";
import type { Tokenizer } from "../../../pipelines/models/tokenizer.ts";
import { chatLogprobs, completionLogprobs } from "../../../pipelines/serving/token_scores.ts";

const texts = ["a", "🙂", "é\n", "\ufffd", "é"];

const tokenizer: Tokenizer = {
  file: "texts",
  size: texts.length,
  encode: () => new Int32Array(0),
  decode: (tokens) => Array.from(tokens, (token) => texts[token]).join(""),
  tokenId: () => undefined,
  missingWord: () => undefined,
};

const scored = texts.map((_, token) => ({ token, logProb: -token, top: [] }));

Deno.test("offsets of texts are counted in characters, as Python counts them", () => {
  const { tokens, text_offset } = completionLogprobs(tokenizer, scored, 3);
  assert.deepEqual(tokens, texts);
  assert.deepEqual(text_offset, [3, 4, 5, 7, 8]);
});

Deno.test("the bytes of a token are those of its text; a part of a character has none", () => {
  const { content } = chatLogprobs(tokenizer, scored);
  assert.deepEqual(content.map(({ bytes }) => bytes), [[97], [240, 159, 153, 130], [195, 169, 10], null, [195, 169]]);
});
