/** The rows of a training: its metrics, and beside them the tests of step 0 and of the last step, which a run keeps apart (`tests.ndjson`). */
import { Effect } from "effect";
import { DynamicsRow } from "../records/rows.ts";
import type { Failure } from "../settings/command.ts";
import { TestRow, testsFile } from "../training/end_tests.ts";
import { recordsOf, scan, type Scanned } from "./page/read_records.ts";
import { wholeLines } from "./responses/run_responses.ts";

/**
 * Rows in the order of steps with `tests` among them: a test of a step that has a row joins it, any other is a row of its own. `joined` makes a row
 * of a test and, where there is one, of the row of its step.
 */
export const withTests = <A, T extends { readonly step: number }>(
  rows: ReadonlyArray<A>,
  tests: ReadonlyArray<T>,
  stepOf: (row: A) => unknown,
  joined: (test: T, row: A | undefined) => A,
): ReadonlyArray<A> => {
  const together = rows.map((row) => {
    const test = tests.find(({ step }) => step === stepOf(row));
    return test === undefined ? row : joined(test, row);
  });
  const alone = tests.filter(({ step }) => !rows.some((row) => stepOf(row) === step));
  const before = alone.filter(({ step }) => step === 0);
  const after = alone.filter(({ step }) => step !== 0);
  return [
    ...before.map((test) => joined(test, undefined)),
    ...together,
    ...after.map((test) => joined(test, undefined)),
  ];
};

/** The rows of a run's folder, and the files that they were read from. The run may go on: a last line that is not whole yet is left. */
export const runRows = Effect.fnUntraced(function* (
  run: string,
): Effect.fn.Return<{ readonly rows: ReadonlyArray<DynamicsRow>; readonly files: ReadonlyArray<Scanned> }, Failure> {
  const [metrics, tests] = yield* Effect.forEach(
    ["metrics.ndjson", testsFile],
    (file) => scan(run, file, undefined, wholeLines),
  );
  const rows = (yield* recordsOf(run, metrics, DynamicsRow, ["step"])).map(({ record }) => record);
  const tested = (yield* recordsOf(run, tests, TestRow, ["step", "testAccuracy"])).map(({ record }) => record);
  return {
    rows: withTests(rows, tested, ({ step }) => step, (test, row) => ({ ...row, ...test })),
    files: [metrics, tests].flatMap((file) => file ?? []),
  };
});
