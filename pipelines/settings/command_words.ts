/** The words of the command line that is run, the command's name first, so that a command can say how it goes on. */
import { Context } from "effect";
import { flagOf } from "./setting.ts";

/** The words in use; none where a command is called from code. */
export const CommandWords = Context.Reference<ReadonlyArray<string>>("signum/pipelines/settings/CommandWords", {
  defaultValue: () => [],
});

/** A word as a shell takes it. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The words that give a setting a value on the command line. */
export const flagWords = (key: string, value: unknown): string => {
  if (typeof value === "boolean") return `--${value ? "" : "no-"}${flagOf(key)}`;
  return `--${flagOf(key)} ${quoted(Array.isArray(value) ? value.join(",") : String(value))}`;
};

/** The shell line that runs words again; called from code it is the same call. */
export const shellLine = (words: ReadonlyArray<string>): string =>
  words.length === 0 ? "the same call" : `deno task ${words.map(quoted).join(" ")}`;
