/** A made-up study of two bases and two seeds on eight problems, with counts that can be checked by head. */
import type { CountRow, StepRow } from "../../../pipelines/records/study_rows.ts";
import type { RecordedStudy } from "../../../pipelines/study/evidence.ts";

const pairs = [1, 2].flatMap((base) => [1, 2].map((seed) => ({ base, seed })));

const count = (condition: string, algorithm: string, step: number, right: number, n = 8): ReadonlyArray<CountRow> =>
  pairs.map(({ base, seed }) => ({
    cell: `${condition}/${algorithm}/${base}/${seed}`,
    condition,
    algorithm,
    base,
    seed,
    step,
    evaluation: "T 0.6",
    n,
    // Half of the problems get `right` of 8, the others one more.
    correct: Int32Array.from({ length: 8 }, (_, i) => Math.min(n, right + i % 2)),
  }));

const step = (algorithm: string, at: number, fields: Readonly<Record<string, number>>): ReadonlyArray<StepRow> =>
  pairs.map(({ base, seed }) => ({
    cell: `main/${algorithm}/${base}/${seed}`,
    label: algorithm,
    condition: "main",
    algorithm,
    base,
    seed,
    step: at,
    ...fields,
  }));

/** Base at 2.5 of 8 right, PSR at 3.5, 4.5, 5.5 and then 7, NSR at 5.5 with less updates. */
export const recorded: RecordedStudy = {
  counts: [
    ...count("base", "base", 0, 2),
    ...count("main", "psr", 5, 3),
    ...count("main", "psr", 10, 5),
    ...count("main", "nsr", 10, 4),
  ],
  steps: [
    ...step("psr", 5, { optimizerSteps: 10, testEntropy: 0.3 }),
    ...step("psr", 10, { optimizerSteps: 20, testEntropy: 0.2 }),
    ...step("nsr", 5, { optimizerSteps: 5, testEntropy: 0.4 }),
    ...step("nsr", 10, { optimizerSteps: 10, testEntropy: 0.4 }),
  ],
  slices: { hard: [0, 2] },
};
