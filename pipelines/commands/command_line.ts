/**
 * The words of a command line, read against a command: `--top-p 0.9` and `--top-p=0.9` set `topP`; a switch `--check` takes no value and
 * `--no-check` undoes it; `--` ends the flags. What does not fit is one sentence that names the word.
 */
import { Result } from "effect";
import { type Command, UsageError } from "../settings/command.ts";
import { checkText, type Given, nearest } from "../settings/resolve.ts";
import { type Asked, foreignAnswer } from "../settings/foreign.ts";
import { flagOf } from "../settings/setting.ts";

/** A command line in parts: values of settings, words that are not flags, and the flags that every command has. */
export interface CommandLine {
  readonly values: Given;
  readonly words: ReadonlyArray<string>;
  readonly config: string | undefined;
  readonly help: boolean;
  /** Whether help is to describe the rare settings too. */
  readonly helpAll: boolean;
  readonly dryRun: boolean;
  readonly completions: string | undefined;
}

/** The flags that every command has beside its settings. */
export const commonFlags = [
  { flag: "config", argument: "FILE", description: "settings from a JSON or YAML file; flags override them" },
  { flag: "dry-run", description: "print the resolved settings as JSON and exit" },
  { flag: "completions", argument: "SHELL", description: "print completions for bash, zsh or fish and exit" },
  { flag: "help", word: "all", description: "print this help and exit; with all, rare settings too" },
] as const;

/** `sets` is what a switch sets, `word` the one word that may follow it. */
type Meaning = { readonly key?: string; readonly common?: string; readonly sets?: string; readonly word?: string };

const meanings = (command: Command): ReadonlyMap<string, Meaning> => {
  const known = new Map<string, Meaning>();
  for (const { flag, ...rest } of commonFlags) {
    const word = "word" in rest ? { word: rest.word } : {};
    known.set(flag, "argument" in rest ? { common: flag } : { common: flag, sets: "true", ...word });
  }
  for (const [key, { argument }] of Object.entries(command.settings)) {
    const isSwitch = argument === undefined;
    known.set(flagOf(key), isSwitch ? { key, sets: "true" } : { key });
    if (isSwitch) known.set(`no-${flagOf(key)}`, { key, sets: "false" });
  }
  for (const [name, key] of Object.entries(command.aliases ?? {})) known.set(name, known.get(flagOf(key)) ?? { key });
  return known;
};

/** Reads `words` against `command`; a bad one fails with what is wrong about it. */
export const parseCommandLine = (
  command: Command,
  words: ReadonlyArray<string>,
): Result.Result<CommandLine, UsageError> => {
  const known = meanings(command);
  const values: Record<string, unknown> = {};
  const common: Record<string, string> = {};
  const spelled = new Map<string, { readonly flag: string; readonly text: string }>();
  const rest: string[] = [];
  const asked: Asked = {
    spelled: (key) => `--${flagOf(key)}`,
    takes: { by: command.name, keys: Object.keys(command.settings) },
  };
  const nearestFlag = (flag: string) => nearest(flag, [...known.keys()].map((name) => `--${name}`));
  const fail = (problem: string) =>
    Result.fail(new UsageError({ message: `Cannot run "${command.name}": ${problem}` }));

  for (let at = 0; at < words.length; at++) {
    const word = words[at] === "-h" ? "--help" : words[at];
    if (word === "--") {
      rest.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      rest.push(word);
      continue;
    }
    const [flag] = word.split("=", 1);
    const attached = word.length > flag.length ? word.slice(flag.length + 1) : undefined;
    const meaning = flag.startsWith("--") ? known.get(flag.slice(2)) : undefined;
    if (meaning === undefined) {
      const answer = foreignAnswer(flag.replace(/^--/, ""), asked) || nearestFlag(flag);
      return fail(`unknown flag "${flag}"${answer}`);
    }
    const following = words[at + 1]?.startsWith("--") ? undefined : words[at + 1];
    const said = meaning.word !== undefined && (attached ?? following) === meaning.word ? meaning.word : undefined;
    if (meaning.sets !== undefined && attached !== undefined && said === undefined) {
      const taken = meaning.word === undefined ? "no value" : `no value but "${meaning.word}"`;
      return fail(`${flag} takes ${taken}, found "${attached}"`);
    }
    const text = said ?? meaning.sets ?? attached ?? following;
    if (text === undefined) return fail(`${flag} needs a value`);
    if ((meaning.sets === undefined || said !== undefined) && attached === undefined) at++;
    if (meaning.common !== undefined) common[meaning.common] = text;
    if (meaning.key === undefined) continue;
    const decoded = checkText(flag, command.settings[meaning.key], text);
    if (Result.isFailure(decoded)) return fail(decoded.failure);
    // Twice under one name, the last counts; under two names, which one is meant cannot be known.
    const before = spelled.get(meaning.key);
    if (before !== undefined && meaning.sets === undefined && before.flag !== flag && before.text !== text) {
      return fail(`${before.flag} "${before.text}" and ${flag} "${text}" are the same setting`);
    }
    spelled.set(meaning.key, { flag, text });
    values[meaning.key] = decoded.success;
  }

  const { positional } = command;
  const stops = common["help"] !== undefined || common["completions"] !== undefined;
  const extra = positional === undefined ? rest[0] : positional.many ? undefined : rest[1];
  // verl's settings are words: actor_rollout_ref.rollout.n=8.
  if (extra !== undefined) {
    const name = extra.replace(/^\+*|=.*/gs, "");
    const near = extra.includes("=") ? nearestFlag(`--${name}`) : "";
    return fail(`unexpected "${extra}"${foreignAnswer(name, asked) || near}`);
  }
  if (positional !== undefined && !positional.optional && rest.length === 0 && !stops) {
    return fail(`${positional.name} is missing`);
  }
  return Result.succeed({
    values,
    words: rest,
    config: common["config"],
    help: common["help"] !== undefined,
    helpAll: common["help"] === "all",
    dryRun: common["dry-run"] !== undefined,
    completions: common["completions"],
  });
};
