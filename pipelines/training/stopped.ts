/** What a training that was stopped has kept, and the command that goes on with it, in one line. */
import { Effect } from "effect";
import { join } from "node:path";
import { exists, type FileError, namesIn } from "../files/text_file.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { CommandWords, shellLine } from "../settings/command_words.ts";

/** What is there of a run: whether it has begun, the step of its newest checkpoint, whether it is finished. */
export interface KeptRun {
  readonly begun: boolean;
  readonly checkpoint: number | undefined;
  readonly finished: boolean;
}

/** The line; `command` is what goes on. */
export const stoppedLine = (out: string, { begun, checkpoint, finished }: KeptRun, command: string): string => {
  if (finished) return `stopped: "${out}" is finished`;
  if (!begun) return `stopped before the first step, nothing was kept; ${command} begins it`;
  return checkpoint === undefined
    ? `stopped: "${out}" has no checkpoint yet (--save-every); ${command} begins again with step 1`
    : `stopped: "${out}" keeps the checkpoint after step ${checkpoint}; ${command} goes on with step ${checkpoint + 1}`;
};

const keptRun = (out: string): Effect.Effect<KeptRun, FileError> =>
  Effect.gen(function* () {
    const checkpoints = (yield* namesIn(join(out, "checkpoints"))).filter((name) => /^\d+$/.test(name)).map(Number);
    return {
      begun: yield* exists(join(out, "config.json")),
      checkpoint: checkpoints.length === 0 ? undefined : Math.max(...checkpoints),
      finished: yield* exists(join(out, "model", "trainer_state", "finished.json")),
    };
  });

/** Says the line of a training that is interrupted. */
export const sayStopped = (out: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { report } = yield* StandardStreams;
    yield* report(stoppedLine(out, yield* keptRun(out), shellLine(yield* CommandWords)));
  }).pipe(Effect.ignore);
