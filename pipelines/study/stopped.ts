/** What a study that was stopped has kept, and the command that goes on with it, in one line. */
import { Effect } from "effect";
import { StandardStreams } from "../files/standard_streams.ts";
import { CommandWords, shellLine } from "../settings/command_words.ts";

/** The line; `done` of `cells` cells are kept in `folder`. */
export const stoppedStudy = (folder: string, done: number, cells: number, command: string): string =>
  done === cells
    ? `stopped: all ${cells} cells are kept in "${folder}"; ${command} writes the results`
    : `stopped: ${done} of ${cells} cells are kept in "${folder}", with the newest checkpoints of what was under way; ${command} goes on with the others`;

/** Says the line of a study that is interrupted. */
export const sayStoppedStudy = (folder: string, done: number, cells: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { report } = yield* StandardStreams;
    yield* report(stoppedStudy(folder, done, cells, shellLine(yield* CommandWords)));
  });
