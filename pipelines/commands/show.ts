/**
 * `deno task show`: reads responses with their verdicts in the terminal, from files of records, the folder of an evaluation or of a run, or stdin.
 * `--correct` and `--incorrect` keep one kind, `--problem` one problem, `--first N` the first of those; `--step` chooses the step of a run, the
 * latest where it is not given. Evaluations and runs may still be going on. Colours are for terminals, and not where `NO_COLOR` is set.
 */
import { Effect, type Result, Stream, Struct } from "effect";
import { sampleLines } from "../evaluation/read_evaluation.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { isFolder, pieces } from "../files/text_file.ts";
import type * as Command from "../settings/command.ts";
import { cannotRun, makeCommand } from "../settings/command.ts";
import { reading, schedule } from "../settings/groups.ts";
import { decodeLines } from "../records/ndjson.ts";
import { presentFields } from "../records/present_fields.ts";
import { decodeRecord } from "../records/record.ts";
import { isAskedFor } from "../records/text.ts";
import { flagOf, type Settings } from "../settings/settings.ts";
import { isRun } from "../reports/page/read_run.ts";
import { responsesOfStep } from "../reports/responses/run_responses.ts";
import { responseText } from "../reports/responses/response_text.ts";
import { ShownRecord } from "../reports/responses/shown_record.ts";
import { resultFiles } from "./result_files.ts";

const refuse = cannotRun("show");

const decodeShown = (source: string) => (text: string, line: number): Result.Result<ShownRecord, Command.Failure> =>
  decodeRecord(ShownRecord, presentFields(ShownRecord, ["problemId", "responseText"]), text, { source, line });

/** The responses of a name: those of a step where it is the folder of a run, of an evaluation where it is another folder, else of a file. */
const recordsOf = Effect.fnUntraced(function* (
  given: string,
  step: number,
): Effect.fn.Return<Stream.Stream<ShownRecord, Command.Failure>, Command.Failure, never> {
  const { input, inputName, report } = yield* StandardStreams;
  if (given !== "-" && (yield* isRun(given))) {
    const found = yield* responsesOfStep(given, step);
    yield* report(found.said);
    return decodeLines(found.lines, found.file, decodeShown(found.file));
  }
  if (step > 0) {
    return yield* refuse(`--${flagOf("step")} ${step}: "${given === "-" ? inputName : given}" is no run`);
  }
  if (given === "-") return decodeLines(input, inputName, decodeShown(inputName));
  const { file, lines } = (yield* isFolder(given)) ? yield* sampleLines(given) : { file: given, lines: pieces(given) };
  return decodeLines(lines, file, decodeShown(file));
});

type Filters = Pick<Settings, "correct" | "incorrect" | "problem">;

const keeps = ({ correct, incorrect, problem }: Filters) => (record: ShownRecord): boolean =>
  (!correct || record.correct === true) && (!incorrect || record.correct === false) &&
  isAskedFor(record.problemId, problem);

/** `deno task show`. */
export const showCommand = makeCommand({
  name: "show",
  summary: "Shows responses with their verdicts: what was asked, both answers, why, and the response",
  settings: { ...Struct.omit(reading, ["positions"]), ...Struct.pick(schedule, ["step"]) },
  aliases: { wrong: "incorrect" },
  positional: resultFiles,
  run: Effect.fnUntraced(function* (config, files) {
    if (config.correct && config.incorrect) {
      const both = `--${flagOf("correct")} and --${flagOf("incorrect")}`;
      return yield* refuse(`${both} leave nothing; give one or none`);
    }
    const { write } = yield* StandardStreams;
    const colours = (yield* OutputIsTerminal) && !Deno.env.get("NO_COLOR");
    const records = Stream.fromIterable(files.length === 0 ? ["-"] : files).pipe(
      Stream.flatMap((given) => Stream.unwrap(recordsOf(given, config.step))),
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
