/** The path of a token in `pipelines/learning/README.md`: each file declares the name that stands beside it, and the glossary's words are used. */
import assert from "node:assert/strict";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, root));

Deno.test("every step of the path of a token is declared in its file", () => {
  const rows = [...read("pipelines/learning/README.md").matchAll(/^\| `([\w/]+\.ts)` \| `(\w+)` \|/gm)];
  assert.ok(rows.length >= 10 && rows.length <= 15, `${rows.length} rows`);
  for (const [, file, name] of rows) {
    assert.match(read(file), new RegExp(`^(export const ${name}\\b|  ${name}\\(.*\\{$)`, "m"), `${file}: ${name}`);
  }
  const [, last] = rows.at(-1) ?? [];
  assert.match(read(last), /\.dispatchWorkgroups\(/);
  assert.match(read("deno.json"), new RegExp(`"deno run [^"]*${rows[0][1]} train"`));
});

Deno.test("the words of the scheduler are in its sources", () => {
  const words = [...read("pipelines/sampling/README.md").split("## Words")[1].matchAll(/^\| ([a-z ]+) \|/gm)]
    .map(([, word]) => word).filter((word) => word !== "word");
  assert.ok(words.length >= 8);
  const sources = [...Deno.readDirSync(new URL("pipelines/sampling/", root))]
    .filter(({ name }) => name.endsWith(".ts")).map(({ name }) => read(`pipelines/sampling/${name}`)).join("\n");
  for (const word of words) assert.match(sources, new RegExp(`\\b${word.replace(" ", " ?")}`, "i"), word);
});
