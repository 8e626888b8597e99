/** Runs a stage as the Unix filter that it is, over strings. */
import { Effect, Exit } from "effect";
import type * as Stage from "../../../pipelines/stages/stage.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";

/** What `stage` writes for these lines, or the message with which it fails. */
export const filter = async (
  stage: Stage.AnyStage,
  lines: ReadonlyArray<object | string>,
  settings: Partial<Settings> = {},
): Promise<{ readonly stdout: string; readonly failure?: string }> => {
  const io = memory(lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  const run = stage.command.run(settings, []).pipe(
    Effect.mapError((failure) => failure.message),
    Effect.provideService(StandardStreams, io.streams),
  );
  const exit = await Effect.runPromiseExit(Effect.flip(run));
  return { stdout: io.stdout(), ...(Exit.isSuccess(exit) ? { failure: exit.value } : {}) };
};

/** The records on stdout. */
export const records = ({ stdout }: { readonly stdout: string }): ReadonlyArray<Record<string, unknown>> =>
  stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
