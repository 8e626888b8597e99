/**
 * The README cannot rot: its commands are read by the parser that reads them in a shell, its example type-checks and runs, its listings,
 * links and paths are there, and its tables are those of `results/tiny-full/` and `results/verifier.md`. After a new study
 * `deno task test tests/readme_test.ts -- --update` writes them.
 */
import assert from "node:assert/strict";
import { loadAll } from "../pipelines/commands/loaders.ts";
import { Effect, Result } from "effect";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "../pipelines/reports/tables/markdown_table.ts";
import { nameOf } from "../pipelines/reports/series.ts";
import { verdicts } from "../pipelines/reports/tables/verdicts.ts";
import * as CommandLine from "../pipelines/commands/command_line.ts";
import * as ConfigFile from "../pipelines/settings/config_file.ts";
import { recipes } from "../pipelines/recipes/mod.ts";
import type { Given } from "../pipelines/settings/resolve.ts";
import { flagOf, settingKeys } from "../pipelines/settings/settings.ts";
import type { ClaimRow } from "../pipelines/records/study_rows.ts";
import { tasks } from "../data/mod.ts";
import "./adapter.ts";

const { stages, commands } = await Effect.runPromise(loadAll);

const root = new URL("..", import.meta.url).pathname;
const path = join(root, "README.md");
const readme = readFileSync(path, "utf8");

const blocks = (language: string): ReadonlyArray<string> =>
  [...readme.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, found, text]) => found === language ? [text] : []);
const prose = readme.replaceAll(/^```[^]*?^```$/gm, "");
const spans: ReadonlyArray<string> = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text);

const known = new Map([...stages, ...commands].map((one) => [one.name, one]));
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
    if (recipe !== undefined) assert.ok(String(recipe) in recipes, String(recipe));
    if (task !== undefined) assert.ok(String(task) in tasks, String(task));
    // What nobody gives must not be what the command cannot do without.
    if (line.help || line.dryRun || line.completions !== undefined || words.length === 0) continue;
    const given: Given = { ...recipes[String(recipe)]?.settings, ...line.values };
    for (const key of command.required) {
      assert.ok(
        key in given || command.settings[key].default !== undefined,
        `${name} ${words.join(" ")}: --${flagOf(key)}`,
      );
    }
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

const study = "results/tiny-full";
const linesOf = (file: string) => readFileSync(join(root, study, file), "utf8").trim().split("\n");

const rows: ReadonlyArray<Row> = linesOf("evaluations.ndjson").map((line): Row => JSON.parse(line)).filter((
  { slice, evaluation },
) => slice === "all" && !evaluation.includes(","));
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

/** The claims of the first screen, whatever their verdicts are. */
const shownClaims = [
  "psr-raises-pass-at-1",
  "psr-below-base-at-256",
  "nsr-raises-pass-at-1",
  "nsr-not-below-base",
  "nsr-best-at-256",
  "w-reinforce-best-trade-off",
  "entropy-nsr-highest",
  "slower-road-psr",
  "nsr-special-at-matched-pass-at-1",
  "nsr-special-few-problems",
  "few-problems-nsr-above",
];

const claims = (): string => {
  const all: ReadonlyArray<ClaimRow> = linesOf("claims.ndjson").map((line) => JSON.parse(line));
  const built = verdicts.build(shownClaims.map((id) => {
    const found = all.find((claim) => claim.id === id);
    assert.ok(found, id);
    return found;
  }));
  assert.ok(Result.isSuccess(built));
  const [{ title: _, ...table }] = built.success;
  const count = (verdict: string) => all.filter((claim) => claim.verdict === verdict).length;
  return `${markdownTable({ ...table, notes: [] })}\nOf all ${all.length} claims ${count("holds")} hold, ${
    count("does not")
  } do not, ${count("undecided")} are undecided, ${count("untried")} are untried.\n`;
};

const block = (name: string, made: () => string) =>
  Deno.test(`the README's ${name} are those of the study`, () => {
    const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
    const text = readFileSync(path, "utf8");
    const [before, rest] = text.split(begin);
    const [shown, after] = rest.split(end);
    if (Deno.args.includes("--update")) return writeFileSync(path, `${before}${begin}${made()}${end}${after}`);
    assert.equal(shown, made(), "deno task test tests/readme_test.ts -- --update writes them");
  });

block("results", table);
block("claims", claims);

Deno.test("the README's table of graders is that of grade-bench", () => {
  const [, rest] = readme.split("<!-- verifier:begin -->\n");
  const [table] = readFileSync(join(root, "results/verifier.md"), "utf8").split("\n\n");
  assert.equal(rest.split("<!-- verifier:end -->")[0], `${table}\n`);
});
