// deno-lint-ignore-file no-explicit-any -- only AnyStage at the end
/**
 * A stage is a value: what it reads, what it emits, which settings it listens to, and a function from stream to stream. `run` is the library
 * call, `command` the Unix filter: NDJSON in and out, with back-pressure, decoded and written a read at a time. Nothing but whole records
 * reaches stdout; a reader that goes away ends the filter quietly; every other failure is one line on stderr.
 */
import { Effect, type Layer, Stream } from "effect";
import * as Schema from "@effect/schema";
import type { Noun } from "../records/schema.ts";
import type { SettingKey, Settings } from "../settings/settings.ts";
import { type Command, type ConfigOf, type Failure, requireSettings } from "../settings/command.ts";
import { decodeLines } from "../records/ndjson.ts";
import * as Record from "../records/record.ts";
import { leaveOpen, merge } from "../settings/resolve.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** A stage, or what feeds it, failed; `message` is the sentence that is shown. */
export class StageError extends Schema.TaggedError<StageError>()("StageError", {
  stage: Schema.String,
  message: Schema.String,
}) {}

/** A stage: `In` to `Out` under the settings `K` (those of `Q` must have a value), with services `R` that `layer` gives. */
export interface Stage<In, Out extends object, K extends SettingKey, Q extends K, R> {
  readonly name: string;
  readonly summary: string;
  readonly settings: ReadonlyArray<K>;
  readonly required: ReadonlyArray<Q>;
  readonly defaults: Partial<Settings>;
  /** Settings without a default: what nobody gives is what the records say. */
  readonly open: ReadonlyArray<K>;
  /** The noun it reads; absent for a stage that begins a pipe. */
  readonly input: Noun<In> | undefined;
  /** The fields it reads: each must be there, all others pass. */
  readonly needs: ReadonlyArray<keyof In & string>;
  /** The fields that it reads besides under some settings. */
  readonly needsUnder: (config: Pick<Settings, K>) => ReadonlyArray<keyof In & string>;
  readonly output: Noun<Out>;
  /** Whether the whole input is read and checked before the stage starts. */
  readonly buffered: boolean;
  readonly run: (
    input: Stream.Stream<In, StageError>,
    config: ConfigOf<K, Q>,
  ) => Stream.Stream<Out, Failure, R>;
  readonly layer: Layer.Layer<R, Failure> | undefined;
}

/** What `make` takes: a stage of which the obvious may be left out. */
export interface Declared<In, Out extends object, K extends SettingKey, Q extends K, R, O extends K = never> {
  readonly name: string;
  readonly summary: string;
  readonly settings: ReadonlyArray<K>;
  readonly required?: ReadonlyArray<Q>;
  readonly defaults?: Partial<Settings>;
  readonly open?: ReadonlyArray<O>;
  readonly input?: Noun<In> | undefined;
  readonly needs?: ReadonlyArray<keyof In & string>;
  readonly needsUnder?: (config: Pick<Settings, K>) => ReadonlyArray<keyof In & string>;
  readonly output: Noun<Out>;
  readonly buffered?: boolean;
  readonly run: (input: Stream.Stream<In, StageError>, config: ConfigOf<K, Q, O>) => Stream.Stream<Out, Failure, R>;
  /** Gives the services when the stage runs as a command; a layer that opens the device should do so inside `Layer.unwrap`. */
  readonly layer?: Layer.Layer<R, Failure>;
}

/** Declares a stage. */
export const make = <
  In,
  Out extends object,
  const K extends SettingKey = never,
  const Q extends K = never,
  R = never,
  const O extends K = never,
>(
  declared: Declared<In, Out, K, Q, R, O>,
): Stage<In, Out, K, Q, R> => ({
  name: declared.name,
  summary: declared.summary,
  settings: declared.settings,
  required: declared.required ?? [],
  defaults: declared.defaults ?? {},
  open: declared.open ?? [],
  input: declared.input,
  needs: declared.needs ?? [],
  needsUnder: declared.needsUnder ?? (() => []),
  output: declared.output,
  buffered: declared.buffered ?? false,
  // A configuration that has more values than it must have is one that `run` takes; the compiler cannot follow that through three lists of keys.
  run: (input, config) => declared.run(input, config as unknown as ConfigOf<K, Q, O>),
  layer: declared.layer,
});

const failed = (stage: string) => (failure: Failure): StageError =>
  failure instanceof StageError ? failure : new StageError({ stage, message: failure.message });

/** The stage as a library call: records in, records out; settings that are not given have the stage's defaults. */
export const run = <In, Out extends object, K extends SettingKey, Q extends K, R, RIn = never>(
  stage: Stage<In, Out, K, Q, R>,
  input: Iterable<In> | Stream.Stream<In, Failure, RIn>,
  config: Partial<Pick<Settings, K>> = {},
): Stream.Stream<Out, StageError, R | RIn> =>
  Stream.suspend(() => {
    const complete = leaveOpen(stage.open, merge(stage.defaults, config), config);
    const source = (Stream.isStream(input) ? input : Stream.fromIterable(input)).pipe(
      Stream.mapError(failed(stage.name)),
    );
    const whole = stage.buffered ? Stream.fromArrayEffect(Stream.runCollect(source)) : source;
    return Stream.unwrap(Effect.gen(function* () {
      yield* requireSettings(stage.name, stage.required, complete);
      // What the input asks for is given to it here, so that a stage sees records and nothing else.
      const given = Stream.provideContext(whole, yield* Effect.context<RIn>());
      // `requireSettings` is what makes the type true.
      return stage.run(given, complete as unknown as ConfigOf<K, Q>);
    })).pipe(Stream.mapError(failed(stage.name)));
  });

/** Records of the stage's input noun from bytes; the first bad line fails with its place, field and value. */
export const read = <
  In,
  Out extends object,
  K extends SettingKey,
  Q extends K,
  R,
  E extends Failure,
>(
  stage: Stage<In, Out, K, Q, R>,
  bytes: Stream.Stream<Uint8Array, E>,
  source: string,
  config: Partial<Pick<Settings, K>> = {},
): Stream.Stream<In, StageError> => {
  const noun = stage.input;
  if (noun === undefined) return Stream.empty;
  const complete = merge(stage.defaults, config);
  const needs = [...stage.needs, ...stage.needsUnder(complete)];
  return decodeLines(bytes, source, (text, line) => Record.decode(noun, needs, text, { source, line })).pipe(
    Stream.mapError(failed(stage.name)),
  );
};

/** The stage as a Unix filter over the standard streams. */
export const command = <In, Out extends object, K extends SettingKey, Q extends K, R>(
  stage: Stage<In, Out, K, Q, R>,
): Command => ({
  name: stage.name,
  summary: stage.summary,
  settings: stage.settings,
  required: stage.required,
  defaults: stage.defaults,
  open: stage.open,
  records: {
    ...(stage.input === undefined ? {} : { reads: stage.input.name }),
    needs: stage.needs,
    writes: stage.output.name,
  },
  run: (config) =>
    Effect.gen(function* () {
      const streams = yield* StandardStreams;
      const records = run(stage, read(stage, streams.input, streams.inputName, config), config);
      // Without a layer a stage asks for no service: `R` is `never`.
      const provided = stage.layer === undefined
        ? records as Stream.Stream<Out, StageError>
        : Stream.provide(records, stage.layer);
      yield* Stream.runForEachArray(provided, (some) => {
        let text = "";
        for (const record of some) text += `${Record.encode(record)}\n`;
        return streams.write(text);
      });
    }).pipe(Effect.catchTag("PipeClosed", () => Effect.void)),
});

/** Any stage, for registries: its types are forgotten here and nowhere else. */
export interface AnyStage
  extends Omit<Stage<any, any, SettingKey, never, any>, "run" | "layer" | "required" | "needsUnder" | "open"> {
  readonly required: ReadonlyArray<any>;
  readonly open: ReadonlyArray<any>;
  readonly needsUnder: (config: any) => ReadonlyArray<any>;
  readonly run: (input: Stream.Stream<any, StageError>, config: any) => Stream.Stream<any, Failure, any>;
  readonly layer: any;
}
