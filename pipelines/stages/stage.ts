/**
 * A stage is a value: its input and output record types, its settings, and a function from stream to stream. `run` is the library call,
 * `command` the Unix filter: NDJSON in and out, with back-pressure, one read at a time. Only whole records reach stdout. A closed reader
 * ends the filter normally; every other failure is one line on stderr.
 */
import { Effect, type Layer, Stream } from "effect";
import * as Schema from "@effect/schema";
import type { RecordSchema } from "../records/schema.ts";
import type * as Command from "../settings/command.ts";
import { completeConfig, type ConfigOf, type Failure, makeCommand, resolvedConfig } from "../settings/command.ts";
import { decodeLines } from "../records/ndjson.ts";
import * as Record from "../records/record.ts";
import { decodeRecord } from "../records/record.ts";
import type { Group, SettingValues } from "../settings/setting.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** A stage or its input failed; `message` is the sentence to show. */
export class StageError extends Schema.TaggedError<StageError>()("StageError", {
  stage: Schema.String,
  message: Schema.String,
}) {}

/** The definition of a stage with settings `S`, of which `Q` are required, and services `R` from `layer`. */
export interface Declared<In, Out extends object, S extends Group, Q extends keyof S & string, R> {
  readonly name: string;
  readonly summary: string;
  readonly settings: S;
  readonly required?: ReadonlyArray<Q>;
  /** The input record type; absent for a stage that starts a pipe. */
  readonly input?: RecordSchema<In>;
  /** The required fields; all others pass through. */
  readonly needs?: ReadonlyArray<keyof In & string>;
  /** Further required fields under some settings. */
  readonly needsUnder?: (config: SettingValues<S>) => ReadonlyArray<keyof In & string>;
  readonly output: RecordSchema<Out>;
  /** Whether the whole input is read and checked before the stage starts. */
  readonly buffered?: boolean;
  readonly run: (input: Stream.Stream<In, StageError>, config: ConfigOf<S, Q>) => Stream.Stream<Out, Failure, R>;
  /** Provides the services when the stage runs as a command; a layer that opens the device should do so inside `Layer.unwrap`. */
  readonly layer?: (config: SettingValues<S>) => Layer.Layer<R, Failure>;
}

/** A stage from `In` to `Out`, and its Unix filter. */
export interface Stage<In, Out extends object, S extends Group, Q extends keyof S & string, R>
  extends Declared<In, Out, S, Q, R> {
  readonly command: Command.Command;
}

/** Any stage, for registries. */
export type AnyStage = Pick<Stage<unknown, object, Group, never, unknown>, "name" | "summary" | "settings" | "command">;

/** Declares a stage. */
export const makeStage = <In, Out extends object, S extends Group, const Q extends keyof S & string = never, R = never>(
  declared: Declared<In, Out, S, Q, R>,
): Stage<In, Out, S, Q, R> => ({ ...declared, command: filter(declared) });

const failed = (stage: string) => (failure: Failure): StageError =>
  failure instanceof StageError ? failure : new StageError({ stage, message: failure.message });

/** Runs a stage as a library call: records in, records out. Settings that are not given have the stage's defaults. */
export const run = <In, Out extends object, S extends Group, Q extends keyof S & string, R, RIn = never>(
  stage: Declared<In, Out, S, Q, R>,
  input: Iterable<In> | Stream.Stream<In, Failure, RIn>,
  config: Partial<SettingValues<S>> = {},
): Stream.Stream<Out, StageError, R | RIn> =>
  Stream.suspend(() => {
    const source = (Stream.isStream(input) ? input : Stream.fromIterable(input)).pipe(
      Stream.mapError(failed(stage.name)),
    );
    const whole = stage.buffered === true ? Stream.fromArrayEffect(Stream.runCollect(source)) : source;
    return Stream.unwrap(Effect.gen(function* () {
      const resolved = yield* Effect.fromResult(resolvedConfig(stage.name, stage.settings, config));
      const complete = yield* Effect.fromResult(completeConfig(stage.name, stage.required ?? [], resolved));
      // The input's services are provided here, so that a stage sees only records.
      return stage.run(Stream.provideContext(whole, yield* Effect.context<RIn>()), complete);
    })).pipe(Stream.mapError(failed(stage.name)));
  });

/** Decodes records of the stage's input type from bytes; the first bad line fails with its place, field and value. */
export const readInput = <In, Out extends object, S extends Group, Q extends keyof S & string, R, E extends Failure>(
  stage: Declared<In, Out, S, Q, R>,
  bytes: Stream.Stream<Uint8Array, E>,
  source: string,
  config: Partial<SettingValues<S>> = {},
): Stream.Stream<In, StageError> => {
  const noun = stage.input;
  if (noun === undefined) return Stream.empty;
  return Stream.unwrap(Effect.gen(function* () {
    const resolved = yield* Effect.fromResult(resolvedConfig(stage.name, stage.settings, config));
    const needs = [...stage.needs ?? [], ...stage.needsUnder?.(resolved) ?? []];
    return decodeLines(bytes, source, (text, line) => decodeRecord(noun, needs, text, { source, line }));
  })).pipe(Stream.mapError(failed(stage.name)));
};

/** A stage without a layer needs no service: its `R` is `never`. */
const asksNothing = <Out, R>(
  layer: unknown,
  _records: Stream.Stream<Out, StageError, R>,
): _records is Stream.Stream<Out, StageError> => layer === undefined;

/** The stage as a Unix filter over the standard streams. */
const filter = <In, Out extends object, S extends Group, Q extends keyof S & string, R>(
  stage: Declared<In, Out, S, Q, R>,
): Command.Command => ({
  ...makeCommand({
    name: stage.name,
    summary: stage.summary,
    settings: stage.settings,
    required: stage.required ?? [],
    run: (config) =>
      Effect.gen(function* () {
        const streams = yield* StandardStreams;
        const records = run(stage, readInput(stage, streams.input, streams.inputName, config), config);
        const write = Stream.runForEachArray((some: ReadonlyArray<Out>) =>
          streams.write(some.map((record) => `${Record.encode(record)}\n`).join(""))
        );
        if (asksNothing(stage.layer, records)) return yield* write(records);
        if (stage.layer !== undefined) yield* write(Stream.provide(records, stage.layer(config)));
      }).pipe(Effect.catchTag("PipeClosed", () => Effect.void)),
  }),
  records: {
    ...(stage.input === undefined ? {} : { reads: stage.input.name }),
    needs: stage.needs ?? [],
    writes: stage.output.name,
  },
});
