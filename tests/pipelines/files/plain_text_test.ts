import assert from "node:assert/strict";
import { masked, oneLine, visible, visibleLine } from "../../../pipelines/files/plain_text.ts";

Deno.test("every control character is shown as its code, all else stays as it is", () => {
  assert.equal(visible("a\x1b[31mb\x9b2J\x07\x7f\r\u202e"), "a\\x1b[31mb\\x9b2J\\x07\\x7f\\x0d\\u202e");
  assert.equal(visible("a\u2028b\u2029c\ud800d"), "a\\u2028b\\u2029c\\ud800d");
  assert.equal(visible("line\n\ttab é 中 😀 ∑"), "line\n\ttab é 中 😀 ∑");
});

Deno.test("a long text is one short line", () => {
  assert.equal(visibleLine(" a\n\n b\t"), "a b");
  assert.equal(visibleLine("x".repeat(1e7)).length, 300);
  assert.equal(visibleLine("abcdef", 4), "abc…");
});

Deno.test("what an error quotes has every sign that a terminal obeys as its code, ends of lines too", () => {
  assert.equal(oneLine("a\n\tb\x1b[2J\u202ec\u2028d"), "a\\x0a\\x09b\\x1b[2J\\u202ec\\u2028d");
  assert.equal(oneLine("abcdef", 4), "abc…");
});

Deno.test("secrets and the logins of URLs are masked, other signs before an @ are not", () => {
  assert.equal(
    masked("key sk-123456 at https://me:pw@host/x?a=b@c", "sk-123456"),
    "key *** at https://***@host/x?a=b@c",
  );
  assert.equal(masked("https://host/a@b and mail@host"), "https://host/a@b and mail@host");
  assert.equal(masked("postgres://u:p@h:1/d"), "postgres://***@h:1/d");
});
