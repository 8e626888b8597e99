/**
 * `deno task show`: reads responses with their verdicts in the terminal, from files of records, the folder of an evaluation, or stdin. `--correct`
 * and `--incorrect` keep one kind, `--problem` one problem, `--first N` the first of those. Colours are for terminals, and not where
 * `NO_COLOR` is set.
 */
import { Effect, type Result, Stream, Struct } from "effect";
import { join } from "node:path";
import { samplesFile } from "../evaluation/sample_log.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { exists, isFolder, pieces } from "../files/text_file.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { reading } from "../settings/groups.ts";
import { decodeLines } from "../records/ndjson.ts";
import { presentFields } from "../records/present_fields.ts";
import { decodeRecord } from "../records/record.ts";
import { flagOf, type Settings } from "../settings/settings.ts";
import { responseText } from "../reports/responses/response_text.ts";
import { ShownRecord } from "../reports/responses/shown_record.ts";

const decodeShown = (source: string) => (text: string, line: number): Result.Result<ShownRecord, Command.Failure> =>
  decodeRecord(ShownRecord, presentFields(ShownRecord, ["problemId", "responseText"]), text, { source, line });

/** The file of a name: the responses of an evaluation where it is a folder. */
const fileOf = Effect.fnUntraced(function* (given: string) {
  if (!(yield* isFolder(given))) return given;
  const whole = join(given, samplesFile);
  return (yield* exists(whole)) ? whole : `${whole}.partial`;
});

type Filters = Pick<Settings, "correct" | "incorrect" | "problem">;

const keeps = ({ correct, incorrect, problem }: Filters) => (record: ShownRecord): boolean =>
  (!correct || record.correct === true) && (!incorrect || record.correct === false) &&
  (problem === undefined || record.problemId === problem || record.problemId.endsWith(`/${problem}`));

/** `deno task show`. */
export const showCommand = makeCommand({
  name: "show",
  summary: "Shows responses with their verdicts: what was asked, both answers, why, and the response",
  settings: { ...Struct.omit(reading, ["positions"]) },
  positional: {
    name: "FILE",
    summary: "NDJSON files, or folders of evaluations (default: stdin)",
    optional: true,
    many: true,
  },
  run: Effect.fnUntraced(function* (config, files) {
    if (config.correct && config.incorrect) {
      const both = `--${flagOf("correct")} and --${flagOf("incorrect")}`;
      return yield* new Command.UsageError({ message: `Cannot run "show": ${both} leave nothing; give one or none` });
    }
    const { input, inputName, write } = yield* StandardStreams;
    const colours = (yield* OutputIsTerminal) && !Deno.env.get("NO_COLOR");
    const records = Stream.fromIterable(files.length === 0 ? ["-"] : files).pipe(
      Stream.flatMap((given): Stream.Stream<ShownRecord, Command.Failure> =>
        given === "-"
          ? decodeLines(input, inputName, decodeShown(inputName))
          : Stream.unwrap(Effect.map(fileOf(given), (file) => decodeLines(pieces(file), file, decodeShown(file))))
      ),
      Stream.filter(keeps(config)),
      config.first === undefined ? (_) => _ : Stream.take(config.first),
    );
    let shown = 0;
    const show = (record: ShownRecord) => {
      shown++;
      const { responseTokens, responseLength, ...rest } = record;
      const tokens = responseTokens?.length ?? responseLength;
      return write(
        responseText({ ...rest, ...(tokens !== undefined && { tokens }) }, { colours, whole: config.whole }),
      );
    };
    yield* Stream.runForEach(records, show).pipe(Effect.catchTag("PipeClosed", () => Effect.void));
    const { report } = yield* StandardStreams;
    if (shown === 0) yield* report("no response is left to show");
  }),
});
