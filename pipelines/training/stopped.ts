/** What a training that was stopped has kept, and the command that goes on with it, in one line. */
import { Effect } from "effect";
import { join } from "node:path";
import { exists } from "../files/text_file.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Failure } from "../settings/command.ts";
import { CommandWords, shellLine } from "../settings/command_words.ts";
import { finishedStep, keptStates } from "./resume.ts";

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

/** What is there of the run in a folder. A run that is being extended keeps its shorter model, and is not finished. */
export const keptRun = Effect.fnUntraced(function* (out: string): Effect.fn.Return<KeptRun, Failure> {
  return {
    begun: yield* exists(join(out, "config.json")),
    checkpoint: (yield* keptStates(out))[0]?.step,
    finished: (yield* finishedStep(out)) !== undefined,
  };
});

/** Says the line of a training that is interrupted. */
export const sayStopped = (out: string): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { report } = yield* StandardStreams;
    yield* report(stoppedLine(out, yield* keptRun(out), shellLine(yield* CommandWords)));
  }).pipe(Effect.ignore);
