/**
 * The settings of verl and TRL beside ours. The table in the README of training is the record's:
 * `deno task test tests/pipelines/settings/foreign_test.ts -- --update` writes it.
 */
import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { readFileSync, writeFileSync } from "node:fs";
import { parseCommandLine } from "../../../pipelines/commands/command_line.ts";
import { loaders } from "../../../pipelines/commands/loaders.ts";
import { parseConfigFile } from "../../../pipelines/settings/config_file.ts";
import { type Foreign, foreign, foreignAnswer } from "../../../pipelines/settings/foreign.ts";
import { flagOf, settingKeys } from "../../../pipelines/settings/settings.ts";

const train = await Effect.runPromise(loaders().train);
const show = await Effect.runPromise(loaders().show);

const refused = (...words: ReadonlyArray<string>) =>
  Result.getOrThrow(Result.flip(parseCommandLine(train, words))).message.replace('Cannot run "train": ', "");

Deno.test("an unknown flag that is one of verl's or TRL's is answered with ours, and with what differs", () => {
  assert.equal(
    refused("--num-generations", "8"),
    'unknown flag "--num-generations": TRL\'s num_generations is --responses here',
  );
  assert.equal(
    refused("--num_generations=8"),
    'unknown flag "--num_generations": TRL\'s num_generations is --responses here',
  );
  assert.equal(
    refused("--rollout.n", "8"),
    'unknown flag "--rollout.n": verl\'s actor_rollout_ref.rollout.n is --responses here',
  );
  assert.match(refused("--clip-ratio-low", "0.2"), /verl's \S+\.clip_ratio_low is --clip-ratio here \(it is the lower/);
  assert.match(refused("--max-steps", "8"), /: TRL's max_steps is --steps here \(theirs counts optimizer steps, ours /);
  assert.match(refused("--beta", "0.04"), /: TRL's beta is --kl-coef and --kl-in-loss here \(/);
  assert.match(
    refused("--lr", "1e-6"),
    /: verl's actor_rollout_ref\.actor\.optim\.lr is --learning-rate here; verl's critic\.optim\.lr is --critic-learning-rate here$/,
  );
});

Deno.test("one of theirs that has no counterpart is answered with the reason", () => {
  assert.equal(
    refused("--ppo-epochs", "2"),
    'unknown flag "--ppo-epochs": verl\'s actor_rollout_ref.actor.ppo_epochs has no counterpart here, because a rollout is learnt from once',
  );
  assert.match(refused("--lam", "0.95"), /--lambda is another thing, w-reinforce's weight of correct responses$/);
});

Deno.test("verl's way to set a value, a word with =, is answered too", () => {
  assert.equal(
    refused("actor_rollout_ref.rollout.n=8"),
    'unexpected "actor_rollout_ref.rollout.n=8": verl\'s actor_rollout_ref.rollout.n is --responses here',
  );
  assert.match(refused("+trainer.nnodes=2"), /has no counterpart here, because a run uses one device$/);
  assert.equal(refused("stray"), 'unexpected "stray"');
});

Deno.test("a command that does not take ours says so", () => {
  const { message } = Result.getOrThrow(Result.flip(parseCommandLine(show, ["RUN", "--num-generations", "8"])));
  assert.match(message, /: TRL's num_generations is --responses here, which "show" does not take$/);
});

Deno.test("a key of a config file that is one of theirs is answered with our key, a section of verl's as one", () => {
  const failure = (text: string) => Result.getOrThrow(Result.flip(parseConfigFile("c.yaml", text))).message;
  assert.equal(
    failure("seed: 1\nnum_generations: 8\n"),
    'Cannot read config "c.yaml", line 2: unknown key "num_generations": TRL\'s num_generations is "responses" here',
  );
  assert.match(
    failure("actor_rollout_ref:\n  rollout:\n    n: 8\n"),
    /: a section of verl's; each setting is a key of its own/,
  );
  assert.match(failure("top_p: 1\n"), /unknown key "top_p", did you mean "topP"\?$/);
});

Deno.test("every one of theirs is answered as a flag, but where its name is ours; none of ours is taken for theirs", () => {
  const spelled = (key: string) => `--${flagOf(key)}`;
  for (const [library, theirs] of Object.entries(foreign)) {
    for (const [name, one] of Object.entries(theirs)) {
      const answer = foreignAnswer(name, { spelled });
      const isOurs = settingKeys.some((key) => key.toLowerCase() === name.replaceAll("_", ""));
      if (isOurs) assert.ok("ours" in one && answer === "", name);
      else assert.ok(answer.startsWith(`: ${library}'s ${name} `), `${name}: ${answer}`);
      if ("ours" in one) assert.ok(one.ours.length > 0 && one.ours.every((key) => key in train.settings), name);
    }
  }
  for (const key of settingKeys) assert.equal(foreignAnswer(flagOf(key), { spelled }), "", key);
});

const flagged = (text: string) => text.replaceAll(/--[a-z][a-z-]*( bf16| grpo)?/g, "`$&`");

const cell = (one: Foreign): string =>
  "because" in one
    ? `no, because ${flagged(one.because)}`
    : `${one.ours.map((key) => `\`--${flagOf(key)}\``).join(", ")}${
      one.note === undefined ? "" : `; ${flagged(one.note)}`
    }`;

Deno.test("the README of training shows the settings of verl and TRL as they are recorded", () => {
  const path = new URL("../../../pipelines/training/README.md", import.meta.url);
  const [begin, end] = ["<!-- foreign:begin -->\n", "<!-- foreign:end -->"];
  const made = Object.entries(foreign).map(([library, theirs]) =>
    [
      `| ${library} | here |`,
      "|---|---|",
      ...Object.entries(theirs).map(([name, one]) => `| \`${name}\` | ${cell(one)} |`),
      "",
    ].join("\n")
  ).join("\n");
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(begin);
  const [shown, after] = rest.split(end);
  if (Deno.args.includes("--update")) return writeFileSync(path, `${before}${begin}${made}${end}${after}`);
  assert.equal(shown, made, "deno task test tests/pipelines/settings/foreign_test.ts -- --update writes it");
});
