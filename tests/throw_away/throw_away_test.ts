/**
 * What a file and a line add is everywhere: an algorithm with a setting of its own, a task, a model family, a report, an op, a stage and a recipe that
 * only these tests have are found in help, flags, config files, dry runs, records, tables and a real run.
 */
import "./registries.ts";
import "../adapter.ts";
import assert from "node:assert/strict";
import { commandLine, succeedsHere } from "../command_line.ts";
import { Effect } from "effect";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tasks } from "../../data/mod.ts";
import { ops } from "../../kernels/ops/mod.ts";
import { loadProblems } from "../../pipelines/files/source.ts";
import { defaults } from "../../pipelines/settings/settings.ts";
import { asked, throwAwayTask } from "./task.ts";
import { throwAwayFamily } from "./family.ts";

const name = "throw-away";

const test = (named: string, body: (folder: string) => Promise<void>) =>
  Deno.test({
    name: named,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const folder = Deno.makeTempDirSync();
      await body(folder).finally(() => rmSync(folder, { recursive: true }));
    },
  });

const small = `--task ${name} --seed 5 --prompts 4 --responses 4 --steps 2 --mini-batch 2 --test-every 0`;
const own = "--negative-share 0.25 --fading none --no-short-first";

/** A model of the family that is only here, with the weights of the first base. */
const modelOf = (folder: string): string => {
  const model = join(folder, "base");
  cpSync("data/models/countdown_1", model, { recursive: true });
  const path = join(model, "config.json");
  const fields: Record<string, unknown> = JSON.parse(readFileSync(path, "utf8"));
  const renamed = { width: "hidden_size", heads: "num_attention_heads", layers: "num_hidden_layers" } as const;
  const more = { context: "max_position_embeddings", ffn: "intermediate_size" } as const;
  for (const [what, usual] of Object.entries({ ...renamed, ...more })) {
    const key = Object.entries(throwAwayFamily.keys ?? {}).find(([one]) => one === what)?.[1] ?? "";
    fields[key] = fields[usual];
    delete fields[usual];
  }
  const named = { ...fields, architectures: throwAwayFamily.architectures, model_type: throwAwayFamily.name };
  writeFileSync(path, JSON.stringify(named));
  return model;
};

test("help names the choices of every registry, and whose a setting is", async () => {
  const help = (await succeedsHere("train --help all")).stdout.replaceAll(/\s+/g, " ");
  assert.match(help, /--task NAME [^-]*\[countdown[^\]]*\|throw-away\]/);
  assert.match(help, /--algorithm NAME learning algorithm; [^\[]*\[[^\]]*\| ?throw-away\]/);
  assert.match(
    help,
    /--negative-share X weight of incorrect responses \(only with --algorithm throw-away; default: 0\.5\)/,
  );
  assert.match(
    help,
    /Defaults of single algorithms: [^:]* throw-away --aggregation sequence-mean, --clip-ratio 0\.3, --clip-ratio-high 0\.4, --learning-rate 0\.002 /,
  );
  assert.match(help, /--short-first divide an advantage/);
  for (const stage of ["split", "advantage", "gradient", "explain"]) {
    assert.match((await succeedsHere(`${stage} --help all`)).stdout, /--negative-share X/, stage);
  }
  assert.match((await succeedsHere("--help")).stdout, /throw-away +Keeps short responses/);
  assert.match((await succeedsHere("table --help")).stdout.replaceAll(/\s+/g, " "), /Tables of results: .*throw-away/);
  assert.ok(Object.hasOwn(tasks, name) && ops.some((op) => op.name === "throw_away"));
});

test("an algorithm's defaults and its own settings are in its configurations alone; what is given comes first", async (folder) => {
  const dry = async (line: string) => JSON.parse((await succeedsHere(`train ${line} --dry-run`)).stdout);
  const resolved = await dry(`--algorithm ${name}`);
  const expected = { aggregation: "sequence-mean", clipRatio: 0.3, clipRatioHigh: 0.4, learningRate: 2e-3 };
  for (
    const [key, value] of Object.entries({ ...expected, negativeShare: 0.5, fading: "hyperbolic", shortFirst: true })
  ) {
    assert.equal(resolved[key], value, key);
  }
  const said = await dry(`--algorithm ${name} ${own} --clip-ratio 0.1 --recipe tiny`);
  assert.deepEqual([said.negativeShare, said.fading, said.shortFirst], [0.25, "none", false]);
  assert.deepEqual([said.clipRatio, said.clipRatioHigh, said.learningRate], [0.1, 0.4, 1e-4]);
  const other = await dry("--algorithm nsr");
  assert.deepEqual([other.aggregation, other.clipRatio, other.learningRate], [
    defaults.aggregation,
    defaults.clipRatio,
    defaults.learningRate,
  ]);
  assert.ok(!("negativeShare" in other) && !("clipRatioHigh" in other));
  const { error } = await commandLine("train --algorithm nsr --negative-share 1 --dry-run");
  assert.equal(error, 'Cannot run "train": --negative-share is a setting of throw-away, found --algorithm nsr');

  const file = join(folder, "run.yaml");
  writeFileSync(file, `algorithm: ${name}\nnegativeShare: 0.125\nfading: none\n`);
  const read = await dry(`--config ${file} --negative-share 2`);
  assert.deepEqual([read.algorithm, read.negativeShare, read.fading], [name, 2, "none"]);
  writeFileSync(file, `algorithm: ${name}\nnegativeShare: -1\n`);
  const refused = await commandLine(`train --config ${file} --dry-run`);
  assert.match(refused.error ?? "", /line 2: "negativeShare": expected a number, at least 0, found -1$/);
});

test("a run with all of it trains, is recorded, goes on, replays, and equals a pipe by hand", async (folder) => {
  const model = modelOf(folder);
  const out = join(folder, "run");
  const line = `train --model ${model} --algorithm ${name} ${small} --out ${out}`;
  await succeedsHere(`${line} ${own}`);
  const recorded = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  assert.deepEqual([recorded.negativeShare, recorded.fading, recorded.shortFirst], [0.25, "none", false]);
  assert.deepEqual([recorded.clipRatio, recorded.aggregation, recorded.task], [0.3, "sequence-mean", name]);
  const written = JSON.parse(readFileSync(join(out, "model/config.json"), "utf8"));
  assert.deepEqual([written.n_embd, written.model_type, "hidden_size" in written], [64, name, false]);
  const changed = await commandLine(line);
  assert.match(changed.error ?? "", /negativeShare 0\.25, now it is 0\.5/);
  assert.match(changed.error ?? "", / --clip-ratio 0\.3 .*--negative-share 0\.5 .*--short-first/);
  assert.match((await succeedsHere(`replay ${out}`)).stderr, /2 steps made again, every byte the same/);

  const step = join(out, "steps/000001");
  const of = `--algorithm ${name} ${own}`;
  let records = "";
  for (
    const [stage, flags] of [
      ["prompt", `--model ${model} --task ${name} --prompts 4 --step 1 --seed 5`],
      ["sample", `--model ${model} --responses 4 --step 1 --seed 5`],
      ["verify", ""],
      ["reward", ""],
      ["split", of],
      ["score", `--model ${model}`],
      ["advantage", of],
    ]
  ) {
    records = (await succeedsHere(`${stage} ${flags}`, records)).stdout;
    assert.equal(records, readFileSync(join(step, `${stage}.ndjson`), "utf8"), stage);
  }
  const first = records.split("\n").slice(0, 8).join("\n");
  const gradient = await succeedsHere(`gradient --model ${model} ${of} --artifacts ${folder}/artifacts`, `${first}\n`);
  assert.equal(gradient.stdout, readFileSync(join(step, "gradient.ndjson"), "utf8").split(/(?<=\n)/)[0]);

  const update = `update --model ${model} --algorithm ${name} --artifacts ${folder}/artifacts --out ${folder}/updated`;
  const updated = await succeedsHere(`${update} --step 1`, gradient.stdout);
  assert.equal(updated.stdout, readFileSync(join(step, "update.ndjson"), "utf8").split(/(?<=\n)/)[0]);

  const { stdout } = await succeedsHere(`table --report ${name} --first 3 --format csv ${out}`);
  const rows = stdout.trim().split("\n");
  assert.equal(rows.length, 4);
  for (const row of rows.slice(1)) assert.match(row, /^[12],countdown\/train@7\/\d+,\d+$/);
  const all = (await succeedsHere(`table --report ${name} --format csv ${out}`)).stdout.trim().split("\n");
  assert.equal(all.length, 1 + 2 * 4 * 4);
  const heedless = await commandLine(`table --first 3 ${out}`);
  assert.equal(heedless.error, 'Cannot run "table": --first 3: the report "flat" has no first ones');

  const rewarded = readFileSync(join(step, "reward.ndjson"), "utf8");
  const short = (await succeedsHere(`${name} --longest 6`, rewarded)).stdout;
  const lengths = (text: string) => text.trim().split("\n").map((one) => JSON.parse(one).responseTokens.length);
  assert.deepEqual(lengths(short), lengths(rewarded).filter((length) => length <= 6));
});

Deno.test("a task's generator is asked for the number of problems that its split has, or for fewer", async () => {
  asked.length = 0;
  const load = (limit?: number) => Effect.runPromise(loadProblems(throwAwayTask, "train", { limit }));
  assert.deepEqual(
    [(await load()).problems.length, (await load(5)).problems.length, (await load(50)).problems.length],
    [
      12,
      5,
      12,
    ],
  );
  assert.deepEqual(asked, [12, 5, 12]);
  const { source } = throwAwayTask;
  assert.ok(source.kind === "generated");
  const task = { ...throwAwayTask, source: { ...source, problems: () => [] } };
  const failure = await Effect.runPromise(Effect.flip(loadProblems(task, "test")));
  assert.equal(failure.message, 'Cannot load task "throw-away": asked for 4 test problems, it made 0');
});

test("reproduce trains any registered algorithm beside a recipe's, as a study of its own", async (folder) => {
  const before = Deno.env.get("SIGNUM_HOME");
  Deno.env.set("SIGNUM_HOME", join(folder, "home"));
  const out = join(folder, "study");
  const line = `reproduce --recipe ${name} --algorithms nsr,${name} --out ${out}`;
  const { stdout } = await succeedsHere(line).finally(() =>
    before === undefined ? Deno.env.delete("SIGNUM_HOME") : Deno.env.set("SIGNUM_HOME", before)
  );
  assert.match(stdout, /Base model[^]*NSR[^]*THROW-AWAY/);
  const study = JSON.parse(readFileSync(join(out, "record.json"), "utf8"));
  assert.equal(study.recipe, "throw-away-throw-away");
  const rows = readFileSync(join(out, "dynamics.ndjson"), "utf8").trim().split("\n").map((row) => JSON.parse(row));
  assert.deepEqual([...new Set(rows.map(({ algorithm }) => algorithm))], ["nsr", name]);
  const config = readFileSync(join(folder, "home/studies/throw-away-throw-away", name, "config.json"), "utf8");
  assert.equal(JSON.parse(config).learningRate, 2e-3);
});
