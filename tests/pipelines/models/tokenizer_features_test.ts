/** The parts of tokenizers against the native library (`tests/golden/models/make_tokenizer_features_golden.py`): the same tokens, or a refusal by name. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { openTokenizer } from "../../../pipelines/models/tokenizer.ts";
import { checkFeatures } from "../../../pipelines/models/tokenizer_features.ts";

interface Golden {
  readonly bases: Readonly<Record<string, Record<string, unknown>>>;
  readonly cases: ReadonlyArray<{
    readonly base: string;
    readonly changes: Record<string, unknown>;
    readonly texts: ReadonlyArray<{ readonly text: string; readonly tokens: Array<number> }>;
    readonly decoded: ReadonlyArray<{ readonly text: string; readonly tokens: Array<number> }>;
  }>;
}
const path = new URL("../../golden/models/tokenizer_features.json", import.meta.url);
const golden: Golden = JSON.parse(Deno.readTextFileSync(path));

const openJson = async (json: unknown) => {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${dir}/tokenizer.json`, JSON.stringify(json));
  const opened = await Effect.runPromise(Effect.result(openTokenizer(dir)));
  Deno.removeSync(dir, { recursive: true });
  return opened;
};

/** What is refused, and by which name. */
const refused: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [
    /"behavior":"(MergedWith|Contiguous)/,
    /"pre_tokenizer.pretokenizers\[0\].behavior".* found "(MergedWith|Contiguous)/,
  ],
  [/\(a\|b\).*"Removed","invert":false/, /"pre_tokenizer.pretokenizers\[0\].pattern".*\(a\|b\)/],
  [/"single_word":true/, /"added_tokens\[0\].single_word".* found "true \(token \\"xfoo\\"\)"/],
  [/"Lowercase"/, /"normalizer.type".* found "Lowercase"/],
  [/"Strip"/, /"normalizer.type".* found "Strip"/],
  [/"split":true/, /"pre_tokenizer.split".* found true/],
];

Deno.test("a part of a tokenizer gives the native library's tokens and texts, or is refused by name", async () => {
  let [read, named] = [0, 0];
  for (const { base, changes, texts, decoded } of golden.cases) {
    const what = JSON.stringify(changes);
    const opened = await openJson({ ...golden.bases[base], ...changes });
    const isRefused = refused.find(([part]) => part.test(what) && !/Punctuation.*"Contiguous"/.test(what));
    if (isRefused !== undefined) {
      assert.ok(Result.isFailure(opened), what);
      assert.match(opened.failure.message, isRefused[1], what);
      named++;
      continue;
    }
    assert.ok(Result.isSuccess(opened), `${what}: ${Result.isFailure(opened) ? opened.failure.message : ""}`);
    const tokenizer = opened.success;
    for (const { text, tokens } of texts) {
      assert.deepEqual([...tokenizer.encode(text)], tokens, `${what} ${JSON.stringify(text)}`);
      read++;
    }
    for (const { text, tokens } of decoded) {
      assert.equal(tokenizer.decode(tokens), text, `${what} ${tokens}`);
      read++;
    }
  }
  assert.ok(read > 500 && named > 20, `${read} read, ${named} refused`);
});

Deno.test("what the library has never had, or has otherwise, is refused by name", () => {
  const base: Record<string, unknown> = { ...golden.bases.bytes };
  const model = { ...Object(base.model) };
  const added = { id: 300, content: "foo bar", special: false };
  const cases: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
    [{ model: { ...model, type: "Unigram" } }, "model.type"],
    [{ model: { ...model, type: "WordPiece" } }, "model.type"],
    [{ model: { ...model, dropout: 0.1 } }, "model.dropout"],
    [{ model: { ...model, continuing_subword_prefix: "##" } }, "model.continuing_subword_prefix"],
    [{ model: { ...model, end_of_word_suffix: "</w>" } }, "model.end_of_word_suffix"],
    [{ model: { ...model, vocab: {}, merges: [] }, added_tokens: [] }, "model.vocab"],
    [{ model: { ...model, vocab: { a: 0, b: 0 } } }, 'model.vocab["b"]'],
    [{ model: { ...model, vocab: { a: -1 } } }, 'model.vocab["a"]'],
    [{ model: { ...model, vocab: { a: 1.5 } } }, 'model.vocab["a"]'],
    [{ model: { ...model, vocab: { a: 1e12 } } }, 'model.vocab["a"]'],
    [{ model: { ...model, vocab: ["a"] } }, "model.vocab"],
    [{ model: { ...model, merges: ["a b c"] } }, "model.merges"],
    [{ model: { ...model, merges: undefined } }, "model.merges"],
    [{ model: "BPE" }, "model"],
    [{ added_tokens: {} }, "added_tokens"],
    [{ added_tokens: [{ ...added, content: "" }] }, "added_tokens[0]"],
    [{ added_tokens: [{ ...added, id: "400" }] }, "added_tokens[0].id"],
    [{ added_tokens: [{ ...added, id: 305 }] }, "added_tokens[0].id"],
    [{ added_tokens: [{ ...added, content: "foo" }] }, "added_tokens[0].id"],
    [{ added_tokens: [added, { ...added, content: "bar" }] }, "added_tokens[1].id"],
    [{ normalizer: { type: "Precompiled", precompiled_charsmap: "" } }, "normalizer.type"],
    [
      { normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "Nmt" }] } },
      "normalizer.normalizers[1].type",
    ],
    [{ normalizer: { type: "Sequence" } }, "normalizer.normalizers"],
    [{ pre_tokenizer: { type: "BertPreTokenizer" } }, "pre_tokenizer.type"],
    [{ pre_tokenizer: { type: "CharDelimiterSplit", delimiter: "x" } }, "pre_tokenizer.type"],
    [{ pre_tokenizer: { type: "Split", pattern: {}, behavior: "Isolated" } }, "pre_tokenizer.pattern"],
    [{ pre_tokenizer: "ByteLevel" }, "pre_tokenizer"],
    [{ decoder: { type: "WordPiece" } }, "decoder.type"],
    [{ decoder: { type: "CTC" } }, "decoder.type"],
  ];
  for (const [changes, field] of cases) {
    const checked = checkFeatures({ ...base, ...changes });
    assert.ok(!checked.ok, field);
    assert.equal(checked.fault.field, field);
  }
});
