/**
 * A config file: one JSON or YAML object of settings, with keys as in the settings table (`topP`). Unknown keys and invalid values are
 * errors that name file, line, key and value.
 */
import { Effect, Result } from "effect";
import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { foreignAnswer } from "./foreign.ts";
import { settingKeys, settings } from "./settings.ts";
import { check, type Given, nearest } from "./resolve.ts";
import { UsageError } from "./command.ts";
import { isObject } from "../files/json.ts";
import { visibleLine } from "../files/plain_text.ts";
import { reasonOf } from "../files/text_file.ts";

/** The settings in the text of a config file, or the first error. */
export const parseConfigFile = (file: string, text: string): Result.Result<Given, UsageError> => {
  const lines = new LineCounter();
  // A document may nest deeper than the stack, or expand through aliases beyond memory.
  const read = Result.try({
    try: () => {
      const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
      const plain: unknown = document.errors.length === 0 && isMap(document.contents) ? document.toJS() : undefined;
      return { document, plain: isObject(plain) ? plain : {} };
    },
    catch: (cause) =>
      new UsageError({
        message: `Cannot read config "${file}": ${visibleLine(reasonOf(cause))}`,
      }),
  });
  if (Result.isFailure(read)) return Result.fail(read.failure);
  const { document, plain } = read.success;
  const fail = (problem: string, offset?: number) => {
    const line = offset === undefined ? "" : `, line ${lines.linePos(offset).line}`;
    return Result.fail(new UsageError({ message: `Cannot read config "${file}"${line}: ${problem}` }));
  };
  const error = document.errors[0];
  if (error !== undefined) return fail(error.message, error.pos[0]);
  if (document.contents === null) return Result.succeed({});
  const contents = document.contents;
  if (!isMap(contents)) return fail("expected one object of settings");
  const values: Record<string, unknown> = {};
  for (const { key } of contents.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const offset = isScalar(key) ? key.range?.[0] : undefined;
    const known = settingKeys.find((candidate) => candidate === name);
    if (known === undefined) {
      const answer = foreignAnswer(name, { spelled: (key) => `"${key}"` }) || nearest(name, settingKeys);
      return fail(`unknown key "${name}"${answer}`, offset);
    }
    const decoded = check(settings[known], plain[name]);
    if (Result.isFailure(decoded)) return fail(`"${name}": ${decoded.failure}`, offset);
    values[known] = decoded.success;
  }
  return Result.succeed(values);
};

/** Reads and checks a config file. */
export const readConfigFile = (file: string): Effect.Effect<Given, UsageError> =>
  Effect.tryPromise({
    try: () => Deno.readTextFile(file),
    catch: (cause) => new UsageError({ message: `Cannot read config "${file}": ${reasonOf(cause)}` }),
  }).pipe(Effect.flatMap((text) => Effect.fromResult(parseConfigFile(file, text))));
