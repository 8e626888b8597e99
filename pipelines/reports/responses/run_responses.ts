/**
 * The responses of one step of a run: its graded ones, or, while the step is going on, those that are sampled. A line that is still being written
 * has no end yet and is left out.
 */
import { Effect, Option, Stream } from "effect";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { stepFolder } from "../../files/run_directory.ts";
import { exists, namesIn, pieces } from "../../files/text_file.ts";
import type { Failure } from "../../settings/command.ts";
import { PageError } from "../page/read_records.ts";

/** Files of a step that hold its responses, the one that says most of them first. */
const files = ["reward.ndjson", "verify.ndjson", "sample.ndjson"];

/** The responses of a step as bytes of NDJSON; `said` is what a person is told of them. */
export interface StepResponses {
  readonly step: number;
  readonly file: string;
  readonly lines: Stream.Stream<Uint8Array, Failure>;
  readonly said: string;
}

/** Without what follows the last newline. */
export const wholeLines = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.mapAccumArray(bytes, (): Uint8Array => new Uint8Array(), (pending: Uint8Array, chunks) => {
    let rest = pending;
    const whole: Uint8Array[] = [];
    for (const chunk of chunks) {
      const end = chunk.lastIndexOf(10) + 1;
      if (end > 0) whole.push(rest, chunk.subarray(0, end));
      rest = end > 0 ? chunk.slice(end) : Buffer.concat([rest, chunk]);
    }
    return [rest, whole] as const;
  });

/** The recorded steps of a run, in order. */
export const recordedSteps = (run: string) =>
  Effect.map(
    namesIn(join(run, "steps")),
    (names) => names.map(Number).filter(Number.isInteger).toSorted((a, b) => a - b),
  );

/** The file of a step that holds its responses. */
const fileOf = (run: string, step: number) =>
  Effect.map(
    Effect.findFirst(files.map((file) => join(run, stepFolder(step), file)), (path) => exists(path)),
    Option.getOrUndefined,
  );

/** The responses of a step, of the latest that has any where `step` is 0; fails where there are none. */
export const responsesOfStep = Effect.fn("Report.responsesOfStep")(function* (
  run: string,
  step: number,
): Effect.fn.Return<StepResponses, Failure> {
  const steps = yield* recordedSteps(run);
  const recorded = steps.length === 0 ? "no step is recorded" : `steps ${steps[0]} to ${steps[steps.length - 1]} are`;
  if (step > 0 && !steps.includes(step)) {
    return yield* new PageError({
      message: `Cannot read "${run}": step ${step} (--step) is not recorded; ${recorded}`,
    });
  }
  for (const one of step > 0 ? [step] : steps.toReversed()) {
    const file = yield* fileOf(run, one);
    if (file === undefined) continue;
    const isGraded = !file.endsWith(files[2]);
    const said = `step ${one} of "${run}"${isGraded ? "" : ", not graded yet"}${
      step > 0 ? "" : `; ${recorded} recorded, --step N shows another`
    }`;
    return { step: one, file, lines: wholeLines(pieces(file)), said };
  }
  const message = `Cannot read "${run}": ${step > 0 ? `step ${step}` : "the run"} has no responses yet`;
  return yield* new PageError({ message });
});

/** The steps of a run whose responses are graded, in order. */
export const gradedSteps = (run: string) =>
  Effect.flatMap(recordedSteps(run), (steps) =>
    Effect.filter(steps, (step) =>
      Effect.map(
        Effect.forEach(files.slice(0, 2), (file) => exists(join(run, stepFolder(step), file))),
        (found) => found.includes(true),
      )));
