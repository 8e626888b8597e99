/** Tokenizers against transformers' own tokens and texts (`tests/golden/models/make_tokenizer_golden.py`). */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Tokenizer from "../../../pipelines/models/tokenizer.ts";
import { openTokenizer } from "../../../pipelines/models/tokenizer.ts";

const folder = new URL("../../golden/models/", import.meta.url).pathname;
const golden: {
  readonly texts: Record<
    string,
    ReadonlyArray<{ text: string; tokens: Array<number>; decoded: string; plain: string }>
  >;
  readonly tokens: Record<string, ReadonlyArray<{ tokens: Array<number>; decoded: string }>>;
} = JSON.parse(Deno.readTextFileSync(`${folder}tokenizers/golden.json`));

const open = (name: string) => Effect.runPromise(openTokenizer(`${folder}${name}`));

for (const [name, cases] of Object.entries(golden.texts)) {
  Deno.test(`a ${name} tokenizer encodes and decodes texts as transformers does`, async () => {
    const tokenizer = await open(`tokenizers/${name}`);
    for (const { text, tokens, decoded, plain } of cases) {
      assert.deepEqual([...tokenizer.encode(text)], tokens, JSON.stringify(text));
      assert.equal(tokenizer.decode(tokens), decoded, JSON.stringify(text));
      assert.equal(tokenizer.decode(tokens, { skipSpecial: true }), plain, JSON.stringify(text));
    }
  });

  Deno.test(`a ${name} tokenizer decodes any tokens as transformers does`, async () => {
    const tokenizer = await open(`tokenizers/${name}`);
    for (const { tokens, decoded } of golden.tokens[name]) assert.equal(tokenizer.decode(tokens), decoded, `${tokens}`);
  });
}

Deno.test("a token of a model's vocabulary that the tokenizer lacks has no text", async () => {
  const tokenizer = await open("qwen3_tied");
  assert.equal(tokenizer.size, 69);
  assert.equal(tokenizer.decode([tokenizer.size, 5000]), "");
  assert.equal(tokenizer.decode([]), "");
  assert.equal(tokenizer.decode(Int32Array.of(5, 69, 6)), tokenizer.decode([5, 6]));
});

Deno.test("tokenId() finds ordinary and special tokens", async () => {
  const tokenizer = await open("qwen3_tied");
  assert.equal(tokenizer.tokenId("<|im_end|>"), 68);
  assert.equal(tokenizer.decode([tokenizer.tokenId("7") ?? -1]), "7");
  assert.equal(tokenizer.tokenId("<|no such|>"), undefined);
});

Deno.test("a tokenizer that is missing or malformed is an error that says so", async () => {
  const dir = Deno.makeTempDirSync();
  const problem = async () => (await Effect.runPromise(Effect.flip(openTokenizer(dir)))).message;
  assert.match(await problem(), /tokenizer\.json": expected a file that can be read/);
  Deno.writeTextFileSync(`${dir}/tokenizer.json`, "{");
  assert.match(await problem(), /tokenizer\.json": expected a JSON object, found not JSON/);
  Deno.writeTextFileSync(`${dir}/tokenizer.json`, '{"version":"1.0"}');
  assert.match(await problem(), /tokenizer\.json": expected "model" to be what .*, found missing/);
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a word that only the unknown token could stand for is an error that names it", async () => {
  const dir = Deno.makeTempDirSync();
  const base = new URL("../../../data/models/countdown_1/", import.meta.url);
  const json = JSON.parse(Deno.readTextFileSync(new URL("tokenizer.json", base)));
  const without = async (token: string, text: string) => {
    const { [token]: _, ...vocab } = json.model.vocab;
    const changed = { ...json, model: { ...json.model, vocab } };
    Deno.writeTextFileSync(`${dir}/tokenizer.json`, JSON.stringify(changed));
    const tokenizer = await Effect.runPromise(openTokenizer(dir));
    return await Effect.runPromise(Effect.flip(Tokenizer.encodeAll(tokenizer, text, "problem 5"))).then(
      ({ message }) => message,
      () => undefined,
    );
  };
  const text = "<direct> 3 4 7 _ 10 ~12 >";
  for (const token of ["<direct>", "7", "~12", ">", "_"]) {
    const message = await without(token, text);
    assert.ok(message?.includes(`tokenizer.json": expected a token for "${token}" (problem 5), found none in`), token);
  }
  assert.equal(await without("9", text), undefined);
  Deno.removeSync(dir, { recursive: true });
});
