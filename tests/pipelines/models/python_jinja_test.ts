/** What the Jinja library for JavaScript does otherwise than Python, done as Python does or refused. */
import assert from "node:assert/strict";
import { Template } from "@huggingface/jinja";
import { mendInterpreter } from "../../../pipelines/models/python_jinja.ts";

mendInterpreter();
const render = (template: string): string => new Template(template).render({});

Deno.test("the pairs of a dictionary are written as tuples, and taken apart in loops", () => {
  assert.equal(render('{{ {"b": 1}.items()|list }}'), "[('b', 1)]");
  assert.equal(render('{{ {"b": 1}|items|list }}'), "[('b', 1)]");
  assert.equal(render('{{ {"b": 1}|dictsort }}'), "[('b', 1)]");
  for (const pairs of [".items()", "|items", "|dictsort"]) {
    assert.equal(render(`{% for k, v in {"b": 1}${pairs} %}{{ k }}{{ v }}{% endfor %}`), "b1");
  }
});

Deno.test("what Python writes in a way of its own is refused by name", () => {
  assert.throws(() => render('{{ "hello wORLD"|title }}'), /filter "title"/);
  assert.throws(() => render('{{ "fooBar".title() }}'), /method "title"/);
  assert.throws(() => render('{{ "hELLO"|capitalize }}'), /filter "capitalize"/);
  assert.throws(() => render("{{ range(3) }}"), /a range/);
  assert.throws(() => render('{{ {"a": [1.0]}|tojson }}'), /float without a fraction/);
  assert.equal(render('{{ {"a": [1.5, 1]}|tojson }}'), '{"a": [1.5, 1]}');
  assert.equal(render("{% for i in range(3) %}{{ i }}{% endfor %}"), "012");
});
