/**
 * Greedy tests of a run that no row of its metrics holds, in `tests.ndjson`: before the first step where `--test-first` asks for it, and after a
 * last step that `--test-every` leaves out. They stand apart from the metrics so that a run which is extended has the rows of one longer run.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { type Extraction, tasks } from "../../data/mod.ts";
import type { RunDirectory } from "../files/run_directory.ts";
import { readRunText } from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { optionalField, type RecordOf, recordSchema } from "../records/record_schema.ts";
import { decodeRecord } from "../records/record.ts";
import type { Rollout } from "../records/schema.ts";
import { toText } from "../records/text.ts";
import type { Failure } from "../settings/command.ts";
import { dynamics, factsOf } from "../stages/dynamics.ts";
import { reward } from "../stages/reward.ts";
import { verify } from "../stages/verify.ts";

/** The file of a run. */
export const testsFile = "tests.ndjson";

/** Greedy accuracy in [0, 1] and entropy in nats after a step; step 0 is before the first. */
export const TestRow = recordSchema("Test", {
  step: "count",
  testAccuracy: "number",
  testEntropy: optionalField("number"),
});
/** A row of `tests.ndjson`. */
export type TestRow = RecordOf<typeof TestRow>;

/** What a test measures of a model. */
export type Measured = Omit<TestRow, "step">;

/** What greedy responses say of their model: the points of Fig. 4a and b. */
export const testedOf = (responses: ReadonlyArray<Rollout>, extract: Extraction): Measured => {
  const graded = responses.map((rollout) => reward(verify(rollout, tasks[rollout.task], extract)));
  const { correctRatio, meanEntropy } = dynamics(graded.map(factsOf));
  return { testAccuracy: correctRatio, testEntropy: meanEntropy };
};

/** The rows of a run's folder; none where nothing was tested apart. */
export const testRows = Effect.fnUntraced(function* (run: string): Effect.fn.Return<ReadonlyArray<TestRow>, Failure> {
  const path = join(run, testsFile);
  const lines = ((yield* readRunText(path)) ?? "").split("\n").filter((line) => line !== "");
  return yield* Effect.forEach(
    lines,
    (line, i) => Effect.fromResult(decodeRecord(TestRow, ["step"], line, { source: path, line: i + 1 })),
  );
});

/** What a test after a step is reported as. */
export const testLine = ({ step, testAccuracy }: TestRow, problems: number): string =>
  `step ${step}: ${(100 * testAccuracy).toFixed(1)} % of ${problems} test problems right (greedy)`;

const say = Effect.fnUntraced(function* (row: TestRow, problems: number) {
  const { report } = yield* StandardStreams;
  yield* report(testLine(row, problems));
});

/** Tests before the first step, once a run. */
export const testFirst = Effect.fnUntraced(function* <E extends Failure, R>(
  run: RunDirectory,
  problems: number,
  test: Effect.Effect<Measured, E, R>,
): Effect.fn.Return<void, Failure, R> {
  const rows = yield* testRows(run.path);
  if (problems === 0 || rows.some(({ step }) => step === 0)) return;
  const row = { step: 0, ...yield* test };
  yield* run.writeText(testsFile, toText([row, ...rows]));
  yield* say(row, problems);
});

/** Tests after the last step, unless the row of its metrics has it; a test of an earlier last step goes. */
export const testLast = Effect.fnUntraced(function* <E extends Failure, R>(
  run: RunDirectory,
  { problems, step, isTested }: { readonly problems: number; readonly step: number; readonly isTested: boolean },
  test: Effect.Effect<Measured, E, R>,
): Effect.fn.Return<void, Failure, R> {
  const rows = yield* testRows(run.path);
  const first = rows.filter((row) => row.step === 0);
  const isNeeded = problems > 0 && step > 0 && !isTested;
  const last = isNeeded ? [{ step, ...yield* test }] : [];
  if (first.length + last.length > 0) yield* run.writeText(testsFile, toText([...first, ...last]));
  else if (rows.length > 0) yield* run.remove(testsFile);
  for (const row of last) yield* say(row, problems);
});
