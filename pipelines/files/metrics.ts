/**
 * Metrics of a run, in two files: `metrics.ndjson` is the record, one row per step; a TensorBoard event file is derived from it. Only the
 * fields under `timing` depend on the clock, so two runs of one experiment differ only there.
 */
import * as Schema from "@effect/schema";
import { Clock, Effect, Option, type Scope } from "effect";
import { open as openFile } from "node:fs/promises";
import { attemptInRun, type RunDirectory, RunError } from "./run_directory.ts";
import { fileVersion, scalars } from "./tensorboard.ts";

/** A row: the step, and numbers and groups of numbers by name; `timing` holds seconds and rates and is never compared. */
export interface MetricsRow {
  readonly step: number;
  readonly timing?: Readonly<Record<string, number>>;
  readonly [name: string]: MetricValue;
}

/** A value in a row. */
export type MetricValue = number | string | boolean | null | undefined | { readonly [name: string]: MetricValue };

/** The open metrics of a run. */
export interface Metrics {
  /** The rows present at opening. */
  readonly rows: ReadonlyArray<MetricsRow>;
  /** Adds a row; `timing.wallTime` (seconds since 1970) is added to it. */
  readonly write: (row: MetricsRow) => Effect.Effect<void, RunError>;
}

/** The numbers of a row by TensorBoard tag, with groups joined by `/`; values that are not finite numbers are skipped. */
const tagsOf = (row: MetricsRow): ReadonlyArray<readonly [tag: string, value: number]> => {
  const walk = (value: MetricValue, path: ReadonlyArray<string>): ReadonlyArray<readonly [string, number]> =>
    typeof value === "number"
      ? Number.isFinite(value) ? [[path.join("/"), value]] : []
      : value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([name, inner]) => walk(inner, [...path, name]))
      : [];
  return Object.entries(row).flatMap(([name, value]) => name === "step" ? [] : walk(value, [name]))
    .filter(([tag]) => tag !== "timing/wallTime");
};

/** A row without clock-dependent fields, as a replay compares it. */
export const comparable = ({ timing: _, ...row }: MetricsRow): Omit<MetricsRow, "timing"> => row;

/** The group of a row that counts verdicts; rows of earlier versions have none, and a study's `dynamics.ndjson` leaves it out. */
export const verdictCounts = "verdicts";

const eventsOf = (row: MetricsRow): Uint8Array => scalars(row.timing?.["wallTime"] ?? 0, row.step, tagsOf(row));

const rowsFile = "metrics.ndjson";

const decodeRow = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ step: Schema.Int })));

const stepOf = (line: string): number | undefined => Option.getOrUndefined(decodeRow(line))?.step;

/**
 * Opens `metrics.ndjson` and `tensorboard/events.out.tfevents.signum` of a run. Rows after `lastStep` are dropped, because their steps will
 * run again, and the event file is rebuilt from the remaining rows.
 */
export const openMetrics = Effect.fnUntraced(function* (
  run: RunDirectory,
  lastStep: number = Number.POSITIVE_INFINITY,
): Effect.fn.Return<Metrics, RunError, Scope.Scope> {
  const log = yield* run.log(rowsFile, (line) => (stepOf(line) ?? 0) <= lastStep);
  const lines = (yield* run.readText(rowsFile))?.split("\n").slice(0, -1) ?? [];
  const bad = lines.findIndex((line) => stepOf(line) === undefined);
  if (bad >= 0) {
    const where = `"${run.pathOf(rowsFile)}", line ${bad + 1}`;
    return yield* new RunError({ reason: "file", message: `Cannot read ${where}: expected a row with a step` });
  }
  const rows: ReadonlyArray<MetricsRow> = lines.map((line) => JSON.parse(line));
  const now = Effect.map(Clock.currentTimeMillis, (ms) => ms / 1000);
  const events = "tensorboard/events.out.tfevents.signum";
  yield* run.writeText(events, "");
  const file = yield* Effect.acquireRelease(
    attemptInRun("write", run.pathOf(events), () => openFile(run.pathOf(events), "a")),
    (opened) => Effect.promise(() => opened.close()),
  );
  const add = (bytes: Uint8Array) => attemptInRun("write", run.pathOf(events), () => file.appendFile(bytes));
  yield* add(fileVersion(rows[0]?.timing?.["wallTime"] ?? (yield* now)));
  for (const row of rows) yield* add(eventsOf(row));
  const write = Effect.fnUntraced(function* (row: MetricsRow): Effect.fn.Return<void, RunError> {
    const wallTime = yield* now;
    const complete: MetricsRow = { ...row, timing: { ...row.timing, wallTime } };
    yield* log.append([JSON.stringify(complete)]);
    yield* add(eventsOf(complete));
  });
  return { rows, write };
});
