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

Deno.test("a pair of a dictionary equals a tuple and no list, a range equals no list", () => {
  for (const pair of ['{"b": 1}.items()|first', '({"b": 1}|items|list)[0]', '({"b": 1}|dictsort)[0]']) {
    assert.equal(render(`{{ (${pair}) == ("b", 1) }} {{ (${pair}) == ["b", 1] }}`), "True False");
    assert.equal(render(`{{ (${pair}) in [("b", 1)] }} {{ ["b", 1] in [${pair}] }}`), "True False");
  }
  assert.equal(render("{{ range(2) == [0, 1] }} {{ range(2) == range(2) }}"), "False True");
});

Deno.test("tests of a value say what Python's do", () => {
  const said = (value: string, name: string) => render(`{{ ${value} is ${name} }}`);
  const yes: ReadonlyArray<readonly [string, string]> = [
    ["true", "number"],
    ["1.5", "number"],
    ['{"a": 1}', "iterable"],
    ["(1, 2)", "iterable"],
    ["nothing", "iterable"],
    ['"a1"', "lower"],
    ['"A1"', "upper"],
    ['["a"]', "lower"],
  ];
  for (const [value, name] of yes) assert.equal(said(value, name), "True", `${value} is ${name}`);
  const no: ReadonlyArray<readonly [string, string]> = [
    ["true", "integer"],
    ['"1"', "number"],
    ["none", "iterable"],
    ["1", "iterable"],
    ['"1"', "lower"],
    ['"1"', "upper"],
    ['"Aa"', "upper"],
  ];
  for (const [value, name] of no) assert.equal(said(value, name), "False", `${value} is ${name}`);
  assert.equal(render('{{ [{"a": [1]}, {"a": 2}]|selectattr("a", "eq", "2")|list }}'), "[]");
});
