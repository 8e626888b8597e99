/** The secrets of a cluster: from the environment or a file, never from arguments, which others can read. */
import { Effect } from "effect";
import { readText } from "../files/text_file.ts";
import { type Failure, UsageError } from "../settings/command.ts";

/** Which token: one lets read and write, the other read alone. */
export const storeTokens = { write: "SIGNUM_STORE_TOKEN", read: "SIGNUM_STORE_READ_TOKEN" } as const;

/** The text of the file that a variable names; undefined if the variable is not set. */
export const secretFile = Effect.fnUntraced(function* (
  variable: string,
): Effect.fn.Return<string | undefined, Failure> {
  const file = Deno.env.get(variable);
  if (!file) return undefined;
  const text = yield* readText(file);
  if (text !== undefined) return text;
  return yield* new UsageError({ message: `Cannot read "${file}" (${variable}): there is no such file` });
});

/** A token by its variable, or from the file that the variable with `_FILE` names; undefined if neither is set. */
export const storeToken = Effect.fnUntraced(function* (
  variable: string,
): Effect.fn.Return<string | undefined, Failure> {
  const token = ((yield* secretFile(`${variable}_FILE`)) ?? Deno.env.get(variable))?.trim();
  if (token === undefined || token === "") return undefined;
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  return yield* new UsageError({ message: `Cannot use ${variable}: expected at least 16 printable characters` });
});
