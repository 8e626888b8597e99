import assert from "node:assert/strict";
import type { Tokenizer } from "../../../pipelines/models/tokenizer.ts";
import { responseText } from "../../../pipelines/serving/response_text.ts";

/** A tokenizer of bytes; the token 256 is special and has the text "<s>". */
const bytes: Tokenizer = {
  file: "bytes",
  size: 257,
  encode: (text) => Int32Array.from(new TextEncoder().encode(text)),
  decode: (tokens, options) => {
    const shown = Array.from(tokens).flatMap((id) =>
      id < 256 ? [id] : options?.skipSpecial === true ? [] : Array.from(new TextEncoder().encode("<s>"))
    );
    return new TextDecoder().decode(Uint8Array.from(shown));
  },
  tokenId: () => undefined,
  missingWord: () => undefined,
};

/** The pieces of a text, the stop string that ended it, and the number of tokens until then. */
const piecesOf = (tokens: Iterable<number>, stop: ReadonlyArray<string> = [], skipSpecial = true) => {
  const text = responseText(bytes, { stop, skipSpecial });
  const pieces: string[] = [];
  let count = 0;
  for (const token of tokens) {
    count++;
    const piece = text.take(token);
    pieces.push(piece.text);
    if (piece.stopped !== undefined) return { text: pieces.join(""), pieces, stopped: piece.stopped, count };
  }
  const { text: rest, stopped } = text.end();
  return { text: [...pieces, rest].join(""), pieces, stopped, count };
};

Deno.test("a character of several tokens comes with its last one, and pieces join to the text", () => {
  const text = "né 🙂 日本";
  const { pieces, ...all } = piecesOf(bytes.encode(text));
  assert.equal(all.text, text);
  assert.ok(pieces.every((piece) => !piece.includes("\ufffd")));
  assert.deepEqual(pieces.slice(0, 3), ["n", "", "é"]);
  assert.equal(piecesOf(bytes.encode("🙂").subarray(0, 2)).text, "\ufffd");
});

Deno.test("bytes that are no character, and special tokens, do not wait for the end, and pieces join to the text", () => {
  const count = 1000;
  for (
    const [name, of] of [
      ["continuations", () => [0x80]],
      ["beginnings", () => [0xf0]],
      ["halves of characters", () => [0xf0, 0x9f]],
      ["a mixture", (i: number) => [[0xe2, 0x82], [0xe2, 0x82, 0xac], [0x9f, 0x99], [0xf0, 0x9f, 0x99, 0x82]][i % 4]],
      [
        "a mixture with letters and special tokens",
        (i: number) => [[0xe2], [256, 0x82], [0xc3, 0xa9], [97]][i * i % 4],
      ],
    ] as ReadonlyArray<readonly [string, (i: number) => ReadonlyArray<number>]>
  ) {
    const tokens = Array.from({ length: count }, (_, i) => of(i)).flat();
    const { text, pieces } = piecesOf(tokens);
    assert.equal(text, bytes.decode(tokens, { skipSpecial: true }), name);
    // A piece and the rest of it come within the tokens that may wait.
    const silent = pieces.map((piece, i) => piece === "" ? -1 : i).filter((i) => i >= 0);
    const longest = silent.reduce((most, at, i) => Math.max(most, at - (silent[i - 1] ?? 0)), 0);
    assert.ok(longest <= 32, `${name}: ${longest} tokens without text`);
  }
  const special = piecesOf([97, ...Array(20_000).fill(256), 98]);
  assert.equal(special.text, "ab");
  assert.equal(special.pieces.at(-1), "b");
  // The end of a character counts as its own, whatever waited before it.
  for (let length = 0; length < 40; length++) {
    const tokens = [...Array(length).fill(0x80), ...bytes.encode("🙂é")];
    assert.equal(piecesOf(tokens).text, `${"\ufffd".repeat(length)}🙂é`);
  }
});

Deno.test("the first stop string in the text ends it, wherever tokens are cut", () => {
  const stop = ["STOP", "ST", "日本"];
  assert.deepEqual({ ...piecesOf(bytes.encode("a STOP b"), ["STOP"]), pieces: [] }, {
    text: "a ",
    pieces: [],
    stopped: "STOP",
    count: 6,
  });
  assert.equal(piecesOf(bytes.encode("a STOP b"), stop).stopped, "ST");
  assert.deepEqual({ ...piecesOf(bytes.encode("x日日本y"), stop), pieces: [] }, {
    text: "x日",
    pieces: [],
    stopped: "日本",
    count: 10,
  });
  // What only began like a stop string is text.
  assert.equal(piecesOf(bytes.encode("a STO"), ["STOP"]).text, "a STO");
  assert.equal(piecesOf(bytes.encode("ababac"), ["abac"]).text, "ab");
});

Deno.test("special tokens are in the text only if they are asked for", () => {
  const tokens = [104, 256, 256, 105];
  assert.equal(piecesOf(tokens).text, "hi");
  assert.equal(piecesOf(tokens, [], false).text, "h<s><s>i");
});
