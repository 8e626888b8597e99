import assert from "node:assert/strict";
import { Result } from "effect";
import { parseConfigFile } from "../../../pipelines/settings/config_file.ts";

const failure = (text: string) => Result.getOrThrow(Result.flip(parseConfigFile("c.yaml", text))).message;

Deno.test("a document that repeats itself through aliases, or nests without end, is one line of error", () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    ..."bcdefgh".split("").map((name, i) => {
      const before = "abcdefgh"[i];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
    }),
  ].join("\n");
  for (const text of [bomb, "[".repeat(50_000), "{a: ".repeat(20_000), "a: *unknown", "- 1", "a: [", "\x00"]) {
    const message = failure(text);
    assert.match(message, /^Cannot read config "c\.yaml"/);
    assert.ok(message.length < 500 && !message.includes("\n"), message.slice(0, 600));
  }
});

Deno.test("words that objects know are no settings", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assert.match(failure(`${name}: 1`), /unknown key/);
  }
});
