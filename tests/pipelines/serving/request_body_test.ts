import assert from "node:assert/strict";
import { Result } from "effect";
import { bodyText, readBody } from "../../../pipelines/serving/request_body.ts";

const bytesOf = (text: string): ArrayBuffer => Uint8Array.from(new TextEncoder().encode(text)).buffer;

const refusalOf = (text: string) => {
  const read = readBody(text);
  assert.ok(Result.isFailure(read), text.slice(0, 80));
  assert.equal(read.failure.status, 400);
  return read.failure;
};

Deno.test("a body is strict UTF-8, with or without a byte order mark", () => {
  assert.deepEqual(Result.getOrThrow(Result.flatMap(bodyText(bytesOf('{"prompt":"né 🙂"}')), readBody)), {
    prompt: "né 🙂",
  });
  assert.deepEqual(Result.getOrThrow(Result.flatMap(bodyText(bytesOf('\ufeff{"n":1}')), readBody)), { n: 1 });
  for (
    const bytes of [
      [0x22, 0xff, 0x22],
      [0xc3],
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf5, 0x80, 0x80, 0x80],
      [0xff, 0xfe, 0x7b, 0, 0x7d, 0],
    ]
  ) {
    const text = bodyText(Uint8Array.from(bytes).buffer);
    assert.ok(Result.isFailure(text), `${bytes}`);
    assert.equal(text.failure.message, "the body is not UTF-8");
  }
});

Deno.test("half of a surrogate pair is refused with its field, wherever it is", () => {
  const { raw } = String;
  for (
    const [text, param] of [
      [raw`{"prompt":"a\ud800"}`, "prompt"],
      [raw`{"prompt":["a","\uDC00\ud800"]}`, "prompt"],
      [raw`{"n":1,"stop":["\ude42"]}`, "stop"],
      [raw`{"messages":[{"role":"user","content":[{"type":"text","text":"\udbff"}]}]}`, "messages"],
      [raw`{"metadata":{"a":{"\ud83d":1}}}`, "metadata"],
      [raw`{"\ud83d":1}`, "\ufffd"],
    ]
  ) assert.equal(refusalOf(text).param, param);
  assert.deepEqual(Result.getOrThrow(readBody(raw`{"prompt":"\ud83d\ude42 \\ud800"}`)), { prompt: "🙂 \\ud800" });
});

Deno.test("what is no object, too deep or of too many fields is refused before it is parsed", () => {
  for (const text of ["", "[]", "null", "1", '"a"', "{", '{"a":1}{', "{'a':1}", '{"a":01}', '{"a":"\n"}']) {
    assert.equal(refusalOf(text).message, "the body is no JSON object");
  }
  const deep = (depth: number, of = "[]") => `{"a":${of[0].repeat(depth)}${of[1].repeat(depth)}}`;
  assert.ok(Result.isSuccess(readBody(deep(31))));
  assert.match(refusalOf(deep(32)).message, /more than 32 deep/);
  assert.match(refusalOf(deep(4e6)).message, /more than 32 deep/);
  assert.match(refusalOf(`{"a":${'{"a":'.repeat(40)}`).message, /more than 32 deep/);
  const fields = (count: number) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0])));
  assert.ok(Result.isSuccess(readBody(fields(16384))));
  assert.match(refusalOf(fields(16385)).message, /more than 16384 fields/);
  // Signs in texts are no structure.
  const text = `${"[{:".repeat(70_000)}\\"]`;
  assert.deepEqual(Result.getOrThrow(readBody(JSON.stringify({ prompt: text }))), { prompt: text });
});

Deno.test("a long text without an end takes no longer than another, with Python's numbers too", () => {
  // An expression for whole strings took minutes for these.
  for (const begin of ['{"prompt":NaN,"x":"', '{"prompt":1,"x":"', '{"x":"\\"NaN']) {
    assert.equal(refusalOf(`${begin}${'\\"'.repeat(1 << 20)}`).message, "the body is no JSON object");
  }
  assert.deepEqual(Result.getOrThrow(readBody('{"a":NaN,"b":"NaN \\"Infinity\\\\","c":[-Infinity,Infinity]}')), {
    a: NaN,
    b: 'NaN "Infinity\\',
    c: [-Infinity, Infinity],
  });
});
