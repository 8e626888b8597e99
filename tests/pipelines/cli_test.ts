import assert from "node:assert/strict";
import { Effect, Result, Struct } from "effect";
import { existsSync } from "node:fs";
import { run } from "../../pipelines/cli.ts";
import { loadAll, loaders } from "../../pipelines/commands/loaders.ts";
import { stages as library } from "../../mod.ts";
import { recipes } from "../../pipelines/recipes/mod.ts";
import { makeCommand } from "../../pipelines/settings/command.ts";
import { settings as table } from "../../pipelines/settings/settings.ts";
import { parseCommandLine } from "../../pipelines/commands/command_line.ts";
import { parseConfigFile } from "../../pipelines/settings/config_file.ts";
import { examples } from "../../pipelines/commands/examples.ts";
import { completions, helpOf, overview } from "../../pipelines/commands/help.ts";
import { memory, StandardStreams } from "../../pipelines/files/standard_streams.ts";

const { stages, commands } = await Effect.runPromise(loadAll);

const command = makeCommand({
  name: "try",
  summary: "Tries",
  settings: Struct.pick(table, ["model", "topP", "seed", "k", "check"]),
  required: ["model"],
  run: () => Effect.void,
});

const parsed = (...words: ReadonlyArray<string>) => Effect.runSync(Effect.fromResult(parseCommandLine(command, words)));
const refused = (...words: ReadonlyArray<string>) =>
  Effect.runSync(Effect.flip(Effect.fromResult(parseCommandLine(command, words)))).message;

Deno.test("a flag takes its value after a space or after =", () => {
  assert.deepEqual(parsed("--top-p", "0.9", "--seed=3", "--k=1,2").values, { topP: 0.9, seed: 3, k: [1, 2] });
  assert.deepEqual(parsed("--seed", "1", "--seed", "2").values, { seed: 2 });
  assert.deepEqual(parsed("--check").values, { check: true });
  assert.deepEqual(parsed("--no-check").values, { check: false });
  assert.deepEqual(parsed("--model=a=b").values, { model: "a=b" });
});

Deno.test("a command line that does not fit is refused with the word that is wrong", () => {
  assert.equal(refused("--topp", "1"), 'Cannot run "try": unknown flag "--topp", did you mean "--top-p"?');
  assert.equal(refused("--temperature", "1"), 'Cannot run "try": unknown flag "--temperature"');
  assert.equal(refused("-s", "1"), 'Cannot run "try": unknown flag "-s"');
  assert.equal(refused("--seed"), 'Cannot run "try": --seed needs a value');
  assert.equal(refused("--seed", "--check"), 'Cannot run "try": --seed needs a value');
  assert.equal(
    refused("--seed", "-1"),
    'Cannot run "try": --seed "-1": expected a whole number from 0 to 4294967295',
  );
  assert.equal(refused("--check=yes"), 'Cannot run "try": --check takes no value, found "yes"');
  assert.equal(refused("stray"), 'Cannot run "try": unexpected "stray"');
  assert.equal(refused("top_p=1"), 'Cannot run "try": unexpected "top_p=1", did you mean "--top-p"?');
  assert.equal(refused("+seed=1"), 'Cannot run "try": unexpected "+seed=1", did you mean "--seed"?');
  assert.equal(refused("far=1"), 'Cannot run "try": unexpected "far=1"');
});

Deno.test("an alias sets the setting that it stands for, and may not say another thing than it", () => {
  const aliased = makeCommand({
    name: "try",
    summary: "",
    settings: Struct.pick(table, ["responses"]),
    aliases: { samples: "responses" },
    run: () => Effect.void,
  });
  const values = (...words: ReadonlyArray<string>) =>
    Effect.runSync(Effect.fromResult(parseCommandLine(aliased, words))).values;
  assert.deepEqual(values("--samples", "4"), { responses: 4 });
  assert.deepEqual(values("--samples=4", "--responses", "4"), { responses: 4 });
  const conflict = Effect.runSync(
    Effect.flip(Effect.fromResult(parseCommandLine(aliased, ["--samples", "4", "--responses", "5"]))),
  );
  assert.equal(conflict.message, 'Cannot run "try": --samples "4" and --responses "5" are the same setting');
  const bad = Effect.runSync(Effect.flip(Effect.fromResult(parseCommandLine(aliased, ["--samples", "0"]))));
  assert.equal(bad.message, 'Cannot run "try": --samples "0": expected a whole number, at least 1');
  assert.match(helpOf(aliased), /--responses, --samples N/);
});

Deno.test("words that are not flags go to commands that take them", () => {
  const replay = makeCommand({
    name: "replay",
    summary: "",
    settings: Struct.pick(table, ["seed"]),
    positional: { name: "RUN", summary: "" },
    run: () => Effect.void,
  });
  const words = (...given: ReadonlyArray<string>) => Effect.runSync(Effect.fromResult(parseCommandLine(replay, given)));
  assert.deepEqual(words("runs/a", "--seed", "1").words, ["runs/a"]);
  assert.deepEqual(words("--", "--odd").words, ["--odd"]);
  assert.equal(words("--help").help, true);
  const missing = Effect.runSync(Effect.flip(Effect.fromResult(parseCommandLine(replay, []))));
  assert.equal(missing.message, 'Cannot run "replay": RUN is missing');
});

const read = (text: string) => Effect.runSync(Effect.fromResult(parseConfigFile("x.yaml", text)));
const unreadable = (text: string) =>
  Effect.runSync(Effect.flip(Effect.fromResult(parseConfigFile("x.yaml", text)))).message;

Deno.test("a config file is YAML or JSON with the keys of the settings", () => {
  assert.deepEqual(read("topP: 0.9\nk: [1, 2]\nmaxTokens: null\n"), { topP: 0.9, k: [1, 2], maxTokens: undefined });
  assert.deepEqual(read('{"topP": 0.9, "model": "a"}'), { topP: 0.9, model: "a" });
  assert.deepEqual(read("# nothing\n"), {});
});

Deno.test("a config file that is wrong is refused with its line, key and value", () => {
  assert.equal(
    unreadable("seed: 1\ntop_p: 1\n"),
    'Cannot read config "x.yaml", line 2: unknown key "top_p", did you mean "topP"?',
  );
  assert.equal(
    unreadable('{\n "seed": "one"\n}'),
    'Cannot read config "x.yaml", line 2: "seed": expected a whole number from 0 to 4294967295, found "one"',
  );
  assert.match(unreadable("seed: 1\nseed: 2\n"), /line 2: .*unique/);
  assert.match(unreadable("- 1\n"), /expected one object of settings/);
  assert.match(unreadable('{"seed": 1'), /line 1: /);
});

Deno.test("help shows each flag with its default or that it is required", () => {
  const help = helpOf(command);
  assert.match(help, /Usage: deno task try \[flags\]/);
  assert.match(help, /--top-p X +sample from .*\(default: 1\)/);
  assert.match(help, /--model DIR .*\(required\)/);
  assert.match(help, /--dry-run/);
});

Deno.test("help of many settings stands below heads, and leaves rare ones to --help all", () => {
  const train = commands.find(({ name }) => name === "train") ?? assert.fail("train");
  const [short, whole] = [helpOf(train), helpOf(train, true)];
  const heads = (help: string) => [...help.matchAll(/^(\w[\w ]*):$/gm)].map(([, head]) => head);
  assert.deepEqual(heads(short).slice(0, 6), ["Model", "Problems", "Sampling", "Grading", "Loss", "Optimizer"]);
  assert.ok(heads(whole).includes("Number types and kernels") && !heads(short).includes("Number types and kernels"));
  assert.match(short, /^Loss:\n {2}--algorithm NAME +learning algorithm/m);
  // What is left out is named, and everything is described once.
  const described = (help: string) => [...help.matchAll(/^ {2}--([\w-]+)/gm)].map(([, flag]) => flag);
  const named = [...(short.split("which --help all describes:")[1] ?? "").matchAll(/--([\w-]+)/g)].map(([, flag]) =>
    flag
  );
  assert.ok(named.includes("gradient-chunk") && !named.includes("model"));
  assert.deepEqual([...described(short), ...named].toSorted(), described(whole).toSorted());
  assert.equal(new Set(described(whole)).size, described(whole).length);
  assert.doesNotMatch(whole, /--help all/);
});

Deno.test("help of few settings is one list, the rare ones in it", () => {
  const replay = commands.find(({ name }) => name === "replay") ?? assert.fail("replay");
  assert.match(helpOf(replay), /^Settings:$[^]*^ {2}--kernels /m);
  assert.equal(helpOf(replay), helpOf(replay, true));
});

Deno.test("help stays within 120 columns, but for an example", () => {
  for (const one of [...stages, ...commands]) {
    const lines = [...helpOf(one).split("\n"), ...helpOf(one, true).split("\n")];
    for (const line of lines) assert.ok(line.startsWith("Example: ") || line.length <= 120, `${one.name}: ${line}`);
  }
  for (const line of overview(stages, commands).split("\n")) assert.ok(line.length <= 120, line);
});

Deno.test("--help takes the word all and no other value", () => {
  const help = (...words: ReadonlyArray<string>) => {
    const { help, helpAll } = parsed(...words);
    return [help, helpAll];
  };
  assert.deepEqual(help("--help"), [true, false]);
  assert.deepEqual(help("--help", "all"), [true, true]);
  assert.deepEqual(help("--help=all", "--seed", "1"), [true, true]);
  assert.deepEqual(help("-h", "all"), [true, true]);
  assert.deepEqual(help("--seed", "1"), [false, false]);
  assert.equal(refused("--help=more"), 'Cannot run "try": --help takes no value but "all", found "more"');
  assert.equal(refused("--help", "more"), 'Cannot run "try": unexpected "more"');
});

Deno.test("completions know every command and flag in each shell", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = completions(shell, [command]) ?? "";
    assert.ok(script.includes("try") && script.includes("top-p"), shell);
  }
  assert.equal(completions("tcsh", [command]), undefined);
  const bash = `${completions("bash", [command])}
COMP_WORDS=(deno task try --to); COMP_CWORD=3; _signum; echo "\${COMPREPLY[*]}"
COMP_WORDS=(deno task t); COMP_CWORD=2; _signum; echo "\${COMPREPLY[*]}"`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", bash] }).output();
  assert.equal(new TextDecoder().decode(stdout), "--top-p\ntry\n");
});

const cli = async (...words: ReadonlyArray<string>) => {
  const io = memory("");
  const result = await Effect.runPromise(
    Effect.result(run(words).pipe(Effect.provideService(StandardStreams, io.streams))),
  );
  return {
    stdout: io.stdout(),
    stderr: io.stderr(),
    error: result._tag === "Failure" ? result.failure.message : undefined,
  };
};

Deno.test("fish reads every quoted text to its end", async () => {
  const { stdout } = await cli("train", "--completions", "fish");
  assert.match(stdout, /the model\\'s own/);
  for (const line of stdout.split("\n")) assert.doesNotMatch(line.replaceAll(/'(?:[^'\\]|\\.)*'/g, ""), /'/);
});

Deno.test("every stage and command of the registries has help, a dry run and a task", async () => {
  const tasks: Record<string, { command: string; description: string }> = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  ).tasks;
  const overview = await cli("--help");
  for (const { name, summary } of [...stages, ...commands]) {
    assert.ok(overview.stdout.includes(name) && summary.length > 0, name);
    const help = await cli(name, "--help");
    assert.ok(help.error === undefined && help.stdout.startsWith(`${name}: `), name);
    assert.equal((await cli(name, "--help", "all")).stdout.split("Usage:")[0], help.stdout.split("Usage:")[0], name);
    const words = commands.find((one) => one.name === name)?.positional === undefined ? [] : ["x"];
    const dry = await cli(name, ...words, "--dry-run");
    assert.equal(dry.error, undefined);
    assert.equal(typeof JSON.parse(dry.stdout), "object");
    assert.match(tasks[name]?.command ?? "", new RegExp(`pipelines/cli.ts ${name}$`), `no task for ${name}`);
    assert.equal(tasks[name].description, summary, name);
    assert.ok(help.stdout.includes(`Example: ${examples[name]}\n`), name);
  }
  assert.ok(overview.stdout.includes(examples.train));
});

Deno.test("the example of each command is one that the command line takes", () => {
  assert.deepEqual(Object.keys(examples).toSorted(), [...stages, ...commands].map(({ name }) => name).toSorted());
  for (const [name, example] of Object.entries(examples)) {
    for (const [, called, line] of example.matchAll(/deno task (?:-q )?(\S+)([^|<>]*)/g)) {
      const command = [...stages, ...commands].find((one) => one.name === called);
      assert.ok(command !== undefined, `${name}: ${called}`);
      const words = line.split(" ").filter((word) => word !== "");
      const { values } = Effect.runSync(Effect.fromResult(parseCommandLine(command, words)));
      const config = Result.getOrThrow(command.resolved({ ...recipes[String(values.recipe)]?.settings, ...values }));
      for (const key of command.required) assert.ok(config[key] !== undefined, `${name}: ${key}`);
    }
  }
});

Deno.test("a dry run of any recipe resolves every setting on stdout, and says on stderr what a run needs", async () => {
  const plans = new Map<string, string>();
  for (const [name, recipe] of Object.entries(recipes)) {
    for (const [command, expected] of [["train", {}], ["evaluate", recipe.evaluations[0]?.settings]] as const) {
      const { stdout, stderr, error } = await cli(command, "--recipe", name, "--dry-run");
      assert.equal(error, undefined, name);
      const resolved: Record<string, unknown> = JSON.parse(stdout);
      const settings = commands.find((one) => one.name === command)?.settings ?? {};
      for (const [key, value] of Object.entries({ ...recipe.settings, ...expected })) {
        if (key in settings) assert.deepEqual(resolved[key], value, `${command} ${name}: ${key}`);
      }
      // A clone in which somebody has made the recipe's model has its memory plan.
      const hasModel = recipe.prepare === undefined || existsSync(String(recipe.settings.model));
      assert.match(stderr, hasModel ? /^memory plan of "/ : /^no memory plan: ".*made by: (?:deno task|python3) /);
      plans.set(`${command} ${name}`, stderr);
    }
  }
  const published = plans.get("train paper-qwen2.5-math-7b") ?? "";
  assert.match(published, /7,615,616,512 parameters.*w-reinforce: prompts of at most 1024 tokens, responses of 3072/);
  assert.match(published, /^gradients +56\.74 +28\.37$/m);
  assert.match(
    published,
    /in gradient; 80 GB card: too small, 141 GB card: too small\nto make it smaller, moments: --moments bf16 takes half/,
  );
  assert.match(published, /8192 responses a step: .* at 100 TFLOP\/s .*; 140 steps: /);
  assert.match(plans.get("evaluate paper-qwen3-4b") ?? "", /^320000 responses: .*FLOP/m);
});

Deno.test("7B W-REINFORCE and GRPO are planned into 131.3 GiB, with moments in bf16 and one sign's gradient on the host", async () => {
  const heldIn = (plan: string) => Number(plan.match(/^([\d.]+) GiB at most/m)?.[1]);
  for (const [algorithm, offload] of [["w-reinforce", "none"], ["grpo", "gradient"]]) {
    const words = ["--recipe", "paper-qwen2.5-math-7b", "--algorithm", algorithm, "--moments", "bf16"];
    const { stderr } = await cli("train", ...words, "--offload", offload, "--dry-run");
    assert.ok(heldIn(stderr) > 115 && heldIn(stderr) < 131.3, stderr);
    assert.match(stderr, /141 GB card: fits$/m);
  }
});

Deno.test("a dry run of reproduce says of each training what holds it", async () => {
  const { stdout, stderr } = await cli("reproduce", "--recipe", "paper-qwen3-4b", "--tflops", "400", "--dry-run");
  assert.equal(JSON.parse(stdout).tflops, 400);
  const lines = stderr.split("\n").map((line) => line.split(": ")[0]);
  assert.deepEqual(lines, [
    "ppo",
    "grpo",
    "psr",
    "nsr",
    "w-reinforce",
    "evaluation at T 0.7",
    "model",
    "data",
    "never run",
  ]);
  assert.match(stderr, /^ppo: .*141 GB card: too small; \d+ (?:h \d+ min|days) at 400 TFLOP\/s$/m);
  assert.match(stderr, /^grpo: .*80 GB card: too small, 141 GB card: fits;/m);
});

Deno.test("an unknown command or recipe is refused and nothing is printed", async () => {
  const unknown = await cli("smaple");
  assert.match(unknown.error ?? "", /^Unknown command "smaple"/);
  assert.equal(unknown.stdout, "");
});

Deno.test("a training's mini-batch is at most its batch where it is not named, and what is named otherwise", async () => {
  const sizes = async (...words: ReadonlyArray<string>) => {
    const { prompts, miniBatch } = JSON.parse((await cli("train", ...words, "--dry-run")).stdout);
    return [prompts, miniBatch];
  };
  assert.deepEqual(await sizes(), [1024, 256]);
  assert.deepEqual(await sizes("--prompts", "4"), [4, 4]);
  assert.deepEqual(await sizes("--prompts", "4", "--mini-batch", "8"), [4, 8]);
  assert.deepEqual(await sizes("--recipe", "tiny"), [32, 8]);
});

Deno.test("each stage and command is loaded alone, under its name", async () => {
  assert.deepEqual(stages.map(({ name }) => name), library.map(({ name }) => name));
  for (const [name, load] of Object.entries(loaders())) assert.equal((await Effect.runPromise(load)).name, name);
});
