/** The words of the command line that is run, the command's name first, so that a command can say how it goes on. */
import { Context } from "effect";

/** The words in use; none where a command is called from code. */
export const CommandWords = Context.Reference<ReadonlyArray<string>>("signum/pipelines/settings/CommandWords", {
  defaultValue: () => [],
});

const quoted = (word: string): string => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** The shell line that runs words again; called from code it is the same call. */
export const shellLine = (words: ReadonlyArray<string>): string =>
  words.length === 0 ? "the same call" : `deno task ${words.map(quoted).join(" ")}`;
