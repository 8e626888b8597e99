/** A made-up study, small enough to check by eye: three models, two evaluations, one of them on a slice too. */
import type { DynamicsRow, EvaluationRow } from "../../../pipelines/records/rows.ts";
import type { ClaimRow } from "../../../pipelines/records/study_rows.ts";

const passAtK: Readonly<Record<string, ReadonlyArray<number>>> = {
  nsr: [0.694, 0.85, 0.96],
  base: [0.562, 0.841, 0.992],
  ppo: [0.728, 0.85, 0.941],
};

const blocks = [
  { evaluation: "T 0.6", slice: "all", problems: 128 },
  { evaluation: "T 0.6", slice: "hard", problems: 28 },
  { evaluation: "T 1", problems: 128 },
];

export const evaluations: ReadonlyArray<EvaluationRow> = blocks.flatMap((block) =>
  Object.entries(passAtK).flatMap(([algorithm, values]) =>
    values.map((value, i) => ({
      label: algorithm,
      algorithm,
      task: "countdown",
      k: [1, 16, 256][i],
      passAtK: value,
      low: value - 0.03,
      high: Math.min(1, value + 0.03),
      ...block,
    }))
  )
);

export const dynamics: ReadonlyArray<DynamicsRow> = ["nsr", "ppo"].flatMap((algorithm, i) =>
  Array.from({ length: 31 }, (_, step) => ({
    algorithm,
    step,
    ...(step === 0 ? {} : { correctRatio: 0.4 + step / 200, fullySolvedRatio: 0.1 + step / 300 + i / 100 }),
    ...(step % 10 === 0 ? { testAccuracy: 0.6 + step / 300, testEntropy: 0.435 - (step * (i + 1)) / 1000 } : {}),
  }))
);

const claim = {
  where: "Section 3.2",
  comparison: "above",
  threshold: 0,
  unit: "share",
  value: 0.05,
  low: 0.01,
  high: 0.09,
  cells: 9,
  verdict: "holds",
};

export const claims: ReadonlyArray<Omit<ClaimRow, "statistic">> = [
  {
    ...claim,
    id: "a",
    statement: "NSR raises Pass@1",
    otherValue: 0.04,
    otherLow: 0.01,
    otherHigh: 0.08,
    otherVerdict: "holds",
  },
  {
    ...claim,
    id: "b",
    statement: "PSR raises Pass@1",
    otherValue: 0.02,
    otherLow: -0.01,
    otherHigh: 0.04,
    otherVerdict: "undecided",
  },
  { ...claim, id: "c", statement: "NSR is special", where: "beyond the paper: matched Pass@1" },
];

export const ndjson = (rows: ReadonlyArray<unknown>): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
