import assert from "node:assert/strict";
import { attribute, escaped, markup, raw } from "../../../../pipelines/reports/page/html.ts";

Deno.test("whatever is put into a template is text, in elements and in attributes", () => {
  const wild = `"><img src=x onerror='a&b'>`;
  assert.equal(
    markup`<p title="${wild}">${[wild, 7, undefined]}</p>`.html,
    `<p title="&quot;&gt;&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;">&quot;&gt;&lt;img src=x onerror=&#39;a&amp;b&#39;&gt;7</p>`,
  );
  assert.equal(markup`<p>${raw("<b>own</b>")}</p>`.html, "<p><b>own</b></p>");
  assert.equal(attribute("class", ""), undefined);
});

Deno.test("signs that turn the direction of text, controls and halves of characters do nothing", () => {
  const text = escaped("a\u202eb\u0007c\ud800d");
  for (const sign of ["\u202e", "\u0007", "\ud800"]) assert.ok(!text.includes(sign));
  assert.ok(text.startsWith("a") && text.endsWith("d"));
});
