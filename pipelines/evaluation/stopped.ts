/** What an evaluation that was stopped has kept, and the command that goes on with it, in one line. */
import { Effect, Stream } from "effect";
import { join } from "node:path";
import { StandardStreams } from "../files/standard_streams.ts";
import { exists, type FileError, pieces } from "../files/text_file.ts";
import { CommandWords, shellLine } from "../settings/command_words.ts";
import { greedyFile, samplesFile } from "./sample_log.ts";

/** The line; `kept` responses lie in the folder `out`, which is undefined where nothing is written. */
export const stoppedEvaluation = (out: string | undefined, kept: number, command: string): string => {
  if (out === undefined) return `stopped: nothing was kept, since there is no --out; ${command} begins again`;
  return kept === 0
    ? `stopped: "${out}" has no responses yet; ${command} begins again`
    : `stopped: "${out}" keeps ${kept} graded responses; ${command} goes on with the others`;
};

/** Whole lines of a log of responses, finished or not. */
const keptIn = (whole: string): Effect.Effect<number, FileError> =>
  Effect.gen(function* () {
    const path = (yield* exists(whole)) ? whole : `${whole}.partial`;
    if (!(yield* exists(path))) return 0;
    return yield* Stream.runFold(pieces(path), () => 0, (sum, piece) => {
      let lines = 0;
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) lines++;
      return sum + lines;
    });
  });

const keptResponses = (out: string): Effect.Effect<number, FileError> =>
  Effect.map(
    Effect.forEach([samplesFile, greedyFile], (file) => keptIn(join(out, file))),
    ([sampled, greedy]) => sampled + greedy,
  );

/** Says the line of an evaluation that is interrupted. */
export const sayStoppedEvaluation = (out: string | undefined): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { report } = yield* StandardStreams;
    const kept = out === undefined ? 0 : yield* keptResponses(out);
    yield* report(stoppedEvaluation(out, kept, shellLine(yield* CommandWords)));
  }).pipe(Effect.ignore);
