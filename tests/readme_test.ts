/**
 * READMEs cannot rot: their commands are read by the parser that reads them in a shell, their examples run (their types are checked with the tree), their links and
 * paths are there, and their tables are those of the studies and of `results/verifier.md`. After a new study
 * `deno task test tests/readme_test.ts -- --update` writes the tables.
 */
import assert from "node:assert/strict";
import { loadAll } from "../pipelines/commands/loaders.ts";
import { Effect, Result } from "effect";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mean } from "../data/statistics.ts";
import { table1 as published } from "../data/paper/published.ts";
import { markdownTable } from "../pipelines/reports/tables/markdown_table.ts";
import { seriesName } from "../pipelines/reports/series.ts";
import { tallyOf, verdicts } from "../pipelines/reports/tables/verdicts.ts";
import { commonFlags, parseCommandLine } from "../pipelines/commands/command_line.ts";
import { parseConfigFile } from "../pipelines/settings/config_file.ts";
import { recipes } from "../pipelines/recipes/mod.ts";
import { flagOf, settingKeys } from "../pipelines/settings/settings.ts";
import type { ClaimRow, StepRow } from "../pipelines/records/study_rows.ts";
import "./adapter.ts";

const { stages, commands } = await Effect.runPromise(loadAll);

const root = new URL("..", import.meta.url).pathname;

/** A README: its code by language, and what stands outside of code. */
interface Readme {
  readonly file: string;
  readonly text: string;
  readonly blocks: (language: string) => ReadonlyArray<string>;
  readonly prose: string;
  readonly spans: ReadonlyArray<string>;
}

const read = (file: string): Readme => {
  const text = readFileSync(join(root, file), "utf8");
  const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
  return {
    file,
    text,
    blocks: (language) =>
      [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, found, code]) => found === language ? [code] : []),
    prose,
    spans: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code),
  };
};

/** Every README and tutorial but those that commands write: of studies and of the models that `pretrain` makes. */
const readmes = [
  "README.md",
  ...globSync("{data,kernels,pipelines,results,tests}/**/{README,TUTORIAL}.md", { cwd: root }),
]
  .filter((file) => !/^(data\/models|results\/(tiny|smollm2))/.test(file)).map(read);
const [readme] = readmes;

const known = new Map([...stages, ...commands].map((one) => [one.name, one]));
const denoTasks: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).tasks;

/** The words behind `deno task` of every call in a shell text, joined over continued lines. */
const calls = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...text.replaceAll(/\\\n/g, " ").matchAll(/deno(?:@[\d.]+)? task (?:-q )?([^|<>;&)#\n]+)/g)].map(([, line]) =>
    line.trim().split(/\s+/)
  );

Deno.test("every room has a README", () => {
  for (const folder of [...globSync("pipelines/*/", { cwd: root }), ...globSync("kernels/*/", { cwd: root })]) {
    assert.ok(existsSync(join(root, folder, "README.md")), folder);
  }
});

Deno.test("the first README has at most 120 lines, none of prose above 120 characters", () => {
  assert.ok(readme.text.split("\n").length <= 121, `${readme.text.split("\n").length} lines`);
  for (const line of readme.prose.split("\n")) assert.ok(line.startsWith("|") || line.length <= 120, line);
});

const checkCommand = ([name, ...words]: ReadonlyArray<string>): void => {
  assert.ok(name in denoTasks, `deno task ${name}`);
  const command = known.get(name);
  if (command === undefined) return;
  const line = Effect.runSync(Effect.fromResult(parseCommandLine(command, words)));
  const recipe = String(line.values.recipe ?? "");
  assert.ok(recipe === "" || recipe in recipes, recipe);
  // A required setting must be given, here or in a file.
  if (line.config !== undefined || line.help || line.dryRun || line.completions !== undefined || words.length === 0) {
    return;
  }
  const config = Result.getOrThrow(command.resolved({ ...recipes[recipe]?.settings, ...line.values }));
  for (const key of command.required) {
    assert.ok(config[key] !== undefined, `${name} ${words.join(" ")}: --${flagOf(key)}`);
  }
};

const flags = new Set([
  ...settingKeys.map(flagOf),
  ...commonFlags.map(({ flag }) => flag),
  ...commands.flatMap(({ aliases = {} }) => Object.keys(aliases)),
]);

for (const { file, blocks, spans, prose } of readmes) {
  Deno.test(`${file}: commands are those that the command line takes, flags, links and paths are there`, () => {
    const commands = spans.filter((span) => !/\b(COMMAND|DIR|FILE|NAME|PAIRS)\b/.test(span));
    for (const call of [...blocks("sh"), ...commands].flatMap(calls)) checkCommand(call);
    for (const span of spans.filter((text) => text.startsWith("--"))) {
      assert.ok(flags.has(span.slice(2).split(/[ =]/)[0].replace(/^no-/, "")), span);
    }
    for (const text of blocks("yaml")) Effect.runSync(Effect.fromResult(parseConfigFile(file, text)));
    const links = [...prose.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link]) => join(dirname(file), link));
    const paths = spans.filter((span) => /^(data|kernels|pipelines|results|tests|\.ci)\/[\w./]*$/.test(span));
    for (const path of [...links, ...paths]) assert.ok(existsSync(join(root, path)), path);
  });
}

Deno.test("commands of READMEs are found", () => {
  assert.ok(readmes.flatMap(({ blocks }) => blocks("sh")).flatMap(calls).length > 60);
});

Deno.test("the paper's recipes have the numbers that the README of evaluation gives", () => {
  const { text } = read("pipelines/evaluation/README.md");
  const rows = [...text.matchAll(/^\| `(paper-[^`]+)` \| ([^|]+) \| (\d+) \| ([^|]+) \| ([\d,]+) \|/gm)];
  assert.equal(rows.length, 3);
  for (const [, name, model, samples, sampling, tokens] of rows) {
    const { settings, evaluations: [evaluation] } = recipes[name];
    const all = { topK: 0, ...settings, ...evaluation.settings };
    const given = `T ${all.temperature}, top-p ${all.topP}${all.topK === 0 ? "" : `, top-k ${all.topK}`}`;
    assert.ok(model.startsWith(settings.model?.split("/")[1] ?? "?"), name);
    assert.equal(all.extract, "paper", name);
    assert.deepEqual(
      [samples, sampling, tokens.replace(",", "")],
      [`${all.responses}`, given, `${all.maxTokens}`],
      name,
    );
  }
});

Deno.test("a README shows W-REINFORCE as it is", () => {
  const shown = readmes.flatMap(({ blocks }) => blocks("ts"));
  assert.ok(shown.includes(readFileSync(join(root, "pipelines/algorithms/w_reinforce.ts"), "utf8")));
});

Deno.test("the example of a README is one that `deno check` reads with the tree, and runs", async () => {
  const example = readmes.flatMap(({ blocks }) => blocks("ts")).find((text) => text.includes('from "./mod.ts"')) ?? "";
  const [, checked] = readFileSync(join(root, "tests/readme_example.ts"), "utf8").split(/^\/\*\*.*\*\/\n/);
  assert.equal(checked, example.replace('"./mod.ts"', '"../mod.ts"'));
  const folder = mkdtempSync(join(tmpdir(), "signum-readme-"));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", "tests/readme_example.ts"],
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

/** The records of a file of a study. */
const recordsOf = <A>(study: string, file: string): ReadonlyArray<A> =>
  readFileSync(join(root, "results", study, file), "utf8").trim().split("\n").map((line): A => JSON.parse(line));

/** Pass@k in percent of a study's models, on all problems under one evaluation; the best of each column is bold. */
const passAtKTable = (study: string, under: string, labels: ReadonlyArray<string>, ks: ReadonlyArray<number>) => () => {
  const rows = recordsOf<Row>(study, "evaluations.ndjson")
    .filter(({ slice, evaluation }) => slice === "all" && evaluation === under);
  const printed = (label: string, k: number): string => {
    const row = rows.find((one) => one.label === label && one.k === k);
    assert.ok(row, `${label} at k = ${k}`);
    return (100 * row.passAtK).toFixed(1);
  };
  const best = ks.map((k) => Math.max(...labels.map((label) => Number(printed(label, k)))).toFixed(1));
  const lines = labels.map((label) => [
    seriesName(label),
    ...ks.map((k, i) => printed(label, k) === best[i] ? `**${best[i]}**` : printed(label, k)),
  ]);
  return [["", ...ks.map((k) => k === 1 ? "Pass@1" : `@${k}`)], ["---", ...ks.map(() => "--:")], ...lines]
    .map((cells) => `| ${cells.join(" | ")} |\n`).join("");
};

/** The paper's methods, in its order, and REINFORCE. */
const methods = ["base", "ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"];

const [fullClaims, askedAgain, power, rest] = ["tiny-full", "tiny-power-again", "tiny-power", "tiny-power-rest"].map((
  study,
) => recordsOf<ClaimRow>(study, "claims.ndjson"));

/** The claims of `tiny-power`, the primary ones with what other seeds and other problems gave. */
const powerClaims = power.map((claim): ClaimRow => {
  const other = askedAgain.find(({ id }) => id === claim.id);
  if (other === undefined) return claim;
  const { value: otherValue, low: otherLow, high: otherHigh, verdict: otherVerdict } = other;
  return { ...claim, otherValue, otherLow, otherHigh, otherVerdict };
});

const claimTable = (claims: ReadonlyArray<ClaimRow>): string => {
  const built = verdicts.build(claims);
  assert.ok(Result.isSuccess(built));
  const [{ title: _, ...table }] = built.success;
  return markdownTable({ ...table, notes: [] });
};

const countsOf = (some: ReadonlyArray<ClaimRow>): string =>
  tallyOf(some).map(({ count, words }) => `${count} ${words.replace(/^undecided$/, "are undecided")}`).join(", ");

/** The primary claims, and the verdicts of all. */
const claims = (): string => {
  return `${
    claimTable(powerClaims.filter(({ primary }) => primary))
  }\nOf all ${powerClaims.length} claims of \`tiny-power\` ${
    countsOf(powerClaims)
  }; of the ${rest.length} of \`tiny-power-rest\` ${countsOf(rest)}; of the ${fullClaims.length} of \`tiny-full\` ${
    countsOf(fullClaims)
  }.\n`;
};

/** The claims under each part of the page beside the paper, told by the place in the paper that each names. */
const paperParts: ReadonlyArray<readonly [part: string, where: RegExp]> = [
  ["paper-pass-at-k", /^Section (3\.2(, Table 1|, Figure 2)?|5, Table 1)$/],
  ["paper-latent", /Figure 3$/],
  ["paper-dynamics", /Figure 4[abcd]$/],
  ["paper-gradients", /^Section 4\.2(, Eq\. [78]|, after a step)?$/],
  ["paper-appendices", /^(Section 5(, ablation of a later version)?|Section 4\.3.*|(Section 4\.2, )?Appendix .*)$/],
];

const block = (file: string, name: string, made: () => string) =>
  Deno.test(`${file}: ${name} are those of the study`, () => {
    const path = join(root, file);
    const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
    const text = readFileSync(path, "utf8");
    const [before, rest] = text.split(begin);
    const [shown, after] = rest.split(end);
    if (Deno.args.includes("--update")) return writeFileSync(path, `${before}${begin}${made()}${end}${after}`);
    assert.equal(shown, made(), "deno task test tests/readme_test.ts -- --update writes them");
  });

block("README.md", "results", passAtKTable("tiny-power", "T 0.6", methods, [1, 2, 4, 8, 16, 32, 64, 128, 256]));
block(
  "README.md",
  "language-model",
  passAtKTable("smollm2", "T 1", ["base", "psr", "nsr", "w-reinforce"], [1, 2, 4, 8, 16]),
);
block("results/README.md", "claims", claims);

Deno.test("README.md: the sentence under the picture has the numbers of the claims", () => {
  const points = (id: string, claims: ReadonlyArray<ClaimRow> = powerClaims): string => {
    const { value } = claims.find((claim) => claim.id === id) ?? assert.fail(id);
    return Math.abs(100 * (value ?? NaN)).toFixed(1);
  };
  const prose = readme.prose.replaceAll("\n", " ");
  const primary = countsOf(powerClaims.filter((claim) => claim.primary));
  const decided = powerClaims.filter(({ primary, verdict }) => primary === true && verdict !== "undecided");
  const decidedAlike = decided.filter(({ verdict, otherVerdict }) => verdict === otherVerdict);
  assert.ok(powerClaims.every(({ primary, otherVerdict }) => (primary === true) === (otherVerdict !== undefined)));
  for (
    const said of [
      `raised Pass@1 by ${points("psr-raises-pass-at-1")} points and lost ${
        points("psr-below-base-at-256")
      } at k = 256`,
      `raised it by ${points("nsr-raises-pass-at-1")} and lost up to ${points("nsr-not-below-base")},`,
      `at k = 256 it is at least ${points("nsr-best-at-256")} points above PPO, GRPO and PSR`,
      `Of [twelve primary claims](results/README.md) ${primary};`,
      `${decidedAlike.length} of the ${decided.length} decided came out so again`,
      `NSR's lead, ${points("nsr-best-at-256", askedAgain)} there, is undecided`,
    ]
  ) assert.ok(prose.includes(said), said);
});

Deno.test("results/README.md: what it says to keep in mind has the numbers of tiny-power", () => {
  const text = readFileSync(join(root, "results/README.md"), "utf8").replaceAll(/\s+/g, " ");
  const steps = recordsOf<StepRow>("tiny-power", "dynamics.ndjson").filter(({ condition, step }) =>
    condition === "main" && step === 60
  );
  const made = (algorithm: string) => {
    const own = steps.filter((row) => row.algorithm === algorithm);
    return Math.round(mean(own.map(({ optimizerSteps }) => Number(optimizerSteps))));
  };
  const seen = (id: string) => (100 * (power.find((claim) => claim.id === id)?.smallest ?? NaN)).toFixed(1);
  const others = new Set(["ppo", "grpo", "w-reinforce", "reinforce"].map(made));
  assert.equal(others.size, 1);
  for (
    const said of [
      `${made("nsr")} in the main comparison, PSR ${made("psr")}, the others ${[...others]}`,
      `the design sees distances of ${seen("slower-road-psr")} and ${seen("slower-road-grpo")} points`,
    ]
  ) assert.ok(text.includes(said), said);
});

for (const [part, where] of paperParts) {
  block("results/paper/README.md", part, () => claimTable(fullClaims.filter((claim) => where.test(claim.where))));
}

block(
  "results/paper/README.md",
  "paper-power",
  () => claimTable([...powerClaims, ...rest].filter(({ where }) => !where.startsWith("beyond the paper"))),
);

Deno.test("results/paper gives the paper's Table 1 as it prints it", () => {
  const text = read("results/paper/README.md").prose.replaceAll("\n", " ");
  for (const { task, method, passAtK } of published) {
    if (task !== "math") continue;
    const said = `${method === "base" ? "base" : seriesName(method)} ${passAtK.get(1)} and ${passAtK.get(256)}`;
    assert.ok(text.includes(said), said);
  }
});

Deno.test("every claim that names a place in the paper stands once in results/paper", () => {
  const told = fullClaims.filter(({ where }) => !/beyond the paper|asked elsewhere/.test(where));
  for (const { id, where } of told) {
    assert.equal(paperParts.filter(([, one]) => one.test(where)).length, 1, `${id}: ${where}`);
  }
});

block("data/grading/README.md", "verifier", () => {
  const [table] = readFileSync(join(root, "results/verifier.md"), "utf8").split("\n\n");
  return `${table}\n`;
});
