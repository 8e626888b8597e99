/**
 * The README cannot rot: its commands are read by the parser that reads them in a shell, its example type-checks and runs, its listings,
 * links and paths are there, and its table and what it says about it follow from `results/tiny/evaluations.ndjson`. After a new study
 * `deno task test tests/readme_test.ts -- --update` writes the table.
 */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commands } from "../pipelines/commands.ts";
import { nameOf } from "../pipelines/reports/series.ts";
import * as CommandLine from "../pipelines/runtime/command_line.ts";
import * as ConfigFile from "../pipelines/runtime/config_file.ts";
import { command as filterOf } from "../pipelines/runtime/stage.ts";
import { recipes } from "../pipelines/recipes/mod.ts";
import { flagOf, settingKeys } from "../pipelines/settings.ts";
import { stages } from "../pipelines/stages/mod.ts";
import { tasks } from "../data/mod.ts";

const root = new URL("..", import.meta.url).pathname;
const path = join(root, "README.md");
const readme = readFileSync(path, "utf8");

const blocks = (language: string): ReadonlyArray<string> =>
  [...readme.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, found, text]) => found === language ? [text] : []);
const prose = readme.replaceAll(/^```[^]*?^```$/gm, "");
const spans: ReadonlyArray<string> = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);

const known = new Map([...stages.map((stage) => filterOf(stage)), ...commands].map((one) => [one.name, one]));
const denoTasks: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).tasks;

/** The words behind `deno task` of every call in a shell text, joined over continued lines. */
const calls = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...text.replaceAll(/\\\n/g, " ").matchAll(/deno(?:@[\d.]+)? task (?:-q )?([^|<>;&)#\n]+)/g)].map(([, line]) =>
    line.trim().split(/\s+/)
  );

Deno.test("every command of the README is one that the command line takes", () => {
  const found = [...blocks("sh"), ...spans.filter((span) => !/\b(COMMAND|DIR)\b/.test(span))].flatMap(calls);
  assert.ok(found.length > 40, `${found.length} commands`);
  for (const [name, ...words] of found) {
    assert.ok(name in denoTasks, `deno task ${name}`);
    const command = known.get(name);
    if (command === undefined) continue;
    const line = Effect.runSync(Effect.fromResult(CommandLine.parse(command, words)));
    const { recipe, task } = line.values;
    if (recipe !== undefined) assert.ok(recipe in recipes, recipe);
    if (task !== undefined) assert.ok(task in tasks, task);
    // What nobody gives must not be what the command cannot do without.
    if (line.help || line.dryRun || line.completions !== undefined || words.length === 0) continue;
    const given = { ...command.defaults, ...recipes[recipe ?? ""]?.settings, ...line.values };
    for (const key of command.required) assert.ok(key in given, `${name} ${words.join(" ")}: --${flagOf(key)}`);
  }
});

Deno.test("flags, settings files, links and paths of the README are there", () => {
  const flags = new Set([...settingKeys.map(flagOf), ...CommandLine.commonFlags.map(({ flag }) => flag)]);
  const own = ["update"];
  for (const span of spans.filter((text) => text.startsWith("--"))) {
    const name = span.slice(2).split(/[ =]/)[0];
    assert.ok(flags.has(name) || own.includes(name), span);
  }
  for (const text of blocks("yaml")) {
    Effect.runSync(Effect.fromResult(ConfigFile.parse("README.md", text)));
  }
  const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => link);
  const places = spans.filter((span) => /^(data|kernels|pipelines|results|tests|\.ci)\/[\w./]*$/.test(span));
  assert.ok(links.length > 3 && places.length > 10);
  for (const place of [...links, ...places]) assert.ok(existsSync(join(root, place)), place);
});

Deno.test("the README shows W-REINFORCE as it is", () => {
  assert.ok(blocks("ts").includes(readFileSync(join(root, "pipelines/algorithms/w_reinforce.ts"), "utf8")));
});

Deno.test("the README's example type-checks and runs", async () => {
  const example = blocks("ts").find((text) => text.includes('from "./mod.ts"')) ?? "";
  const folder = mkdtempSync(join(tmpdir(), "signum-readme-"));
  const file = join(folder, "example.ts");
  writeFileSync(file, example.replace('"./mod.ts"', JSON.stringify(new URL("../mod.ts", import.meta.url).href)));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--check", "--config", join(root, "deno.json"), file],
    cwd: root,
    env: { NO_COLOR: "1", SIGNUM_HOME: folder },
  }).output();
  rmSync(folder, { recursive: true });
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  assert.match(new TextDecoder().decode(stdout), /gradNorm: \d/);
});

interface Row {
  readonly label: string;
  readonly evaluation: string;
  readonly slice: string;
  readonly k: number;
  readonly passAtK: number;
}

const rows: ReadonlyArray<Row> = readFileSync(join(root, "results/tiny/evaluations.ndjson"), "utf8").trim().split("\n")
  .map((line): Row => JSON.parse(line)).filter(({ slice }) => slice === "all");
const labels = [...new Set(rows.map(({ label }) => label))];
const at = (label: string, evaluation: string, k: number): number =>
  rows.find((row) => row.label === label && row.evaluation === evaluation && row.k === k)?.passAtK ?? NaN;

const table = (): string => {
  const columns = ["T 0.6", "T 1"].flatMap((evaluation) => [1, 4, 16, 64, 256].map((k) => ({ evaluation, k })));
  const printed = (label: string, { evaluation, k }: typeof columns[number]) =>
    (100 * at(label, evaluation, k)).toFixed(1);
  const best = columns.map((column) => Math.max(...labels.map((label) => Number(printed(label, column)))).toFixed(1));
  const heads = columns.map(({ evaluation, k }) => k === 1 ? `${evaluation}: Pass@1` : `@${k}`);
  const lines = labels.map((label) => [
    nameOf(label),
    ...columns.map((column, i) => {
      const text = printed(label, column);
      return text === best[i] ? `**${text}**` : text;
    }),
  ]);
  return [["", ...heads], ["---", ...columns.map(() => "--:")], ...lines].map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
};

Deno.test("the README's table is that of the study", () => {
  const [begin, end] = ["<!-- table:begin -->\n", "<!-- table:end -->"];
  const [before, rest] = readme.split(begin);
  const [shown, after] = rest.split(end);
  if (Deno.args.includes("--update")) return writeFileSync(path, `${before}${begin}${table()}${end}${after}`);
  assert.equal(shown, table(), "deno task test tests/readme_test.ts -- --update writes it");
});

Deno.test("the README's table of graders is that of grade-bench", () => {
  const [, rest] = readme.split("<!-- verifier:begin -->\n");
  const [table] = readFileSync(join(root, "results/verifier.md"), "utf8").split("\n\n");
  assert.equal(rest.split("<!-- verifier:end -->")[0], `${table}\n`);
});

Deno.test("what the README says of the study is so", () => {
  assert.match(
    readme,
    /Every training raises Pass@1; at T 0.6 every trained model then falls below its base at k = 256/,
  );
  const trained = labels.filter((label) => label !== "base");
  assert.equal(trained.length, 6);
  for (const label of trained) {
    for (const evaluation of ["T 0.6", "T 1"]) assert.ok(at(label, evaluation, 1) > at("base", evaluation, 1), label);
    assert.ok(at(label, "T 0.6", 256) < at("base", "T 0.6", 256), label);
    assert.ok(label === "nsr" || at("nsr", "T 0.6", 256) > at(label, "T 0.6", 256), label);
  }
  for (const evaluation of ["T 0.6", "T 1"]) assert.equal(at("base", evaluation, 256), 1);
});
