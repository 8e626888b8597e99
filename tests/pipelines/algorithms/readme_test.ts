/**
 * The table of algorithms in their README is the registry's: `deno task test tests/pipelines/algorithms/readme_test.ts -- --update` writes it.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Algorithm } from "../../../pipelines/algorithms/algorithm.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { flagOf } from "../../../pipelines/settings/setting.ts";

const room = new URL("../../../pipelines/algorithms/", import.meta.url);

const fileOf = (name: string): string => `${name.replaceAll("+", "_plus").replaceAll("-", "_")}.ts`;

/** The flags that an algorithm sets: defaults of its own, and its own settings. */
const flagsOf = ({ defaults = {}, settings = {} }: Algorithm): string =>
  [
    ...Object.entries(defaults),
    ...Object.entries(settings).map(([key, one]) => [key, one.default] as const),
  ].map(([key, value]) => `\`--${flagOf(key)} ${value}\``).join(", ");

Deno.test("the README of algorithms says of each what the registry says", () => {
  const path = new URL("README.md", room);
  const [begin, end] = ["<!-- algorithms:begin -->\n", "<!-- algorithms:end -->"];
  const rows = Object.values<Algorithm>(algorithms).map((one) => {
    assert.ok(existsSync(new URL(fileOf(one.name), room)), one.name);
    return `| \`${one.name}\` | ${one.summary} | ${flagsOf(one)} | \`${fileOf(one.name)}\` |`;
  });
  const made = [
    "| `--algorithm` | what it is | its defaults, where they are its own | file |",
    "|---|---|---|---|",
    ...rows,
    "",
  ]
    .join("\n");
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(begin);
  const [shown, after] = rest.split(end);
  if (Deno.args.includes("--update")) return writeFileSync(path, `${before}${begin}${made}${end}${after}`);
  assert.equal(shown, made, "deno task test tests/pipelines/algorithms/readme_test.ts -- --update writes it");
});
