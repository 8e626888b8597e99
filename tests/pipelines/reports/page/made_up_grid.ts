/** A made-up study of cells: two algorithms on two bases, one condition beside the main one, with numbers that can be checked by head. */
import type { EvaluationRow } from "../../../../pipelines/records/rows.ts";
import type { Judged } from "../../../../pipelines/reports/tables/verdicts.ts";
import type { FrontierRow, InsightRow, StepRow, SweepRow } from "../../../../pipelines/records/study_rows.ts";

const around = { low: 0.02, high: 0.03 };

/** Pass@1 and Pass@64 of the base, PSR and NSR under one evaluation. */
const evaluation = (name: string, slice = "all"): ReadonlyArray<EvaluationRow> =>
  [["base", 0.6, 0.99], ["psr", 0.75, 0.95], ["nsr", 0.74, 0.97]].flatMap(([label, ...shares]) =>
    shares.map((share, i) => ({
      label: String(label),
      algorithm: String(label),
      task: "countdown",
      evaluation: name,
      k: [1, 64][i],
      passAtK: Number(share),
      low: Number(share) - around.low,
      high: Math.min(1, Number(share) + around.high),
      problems: 128,
      slice,
      cells: 2,
    }))
  );

export const evaluations: ReadonlyArray<EvaluationRow> = [
  ...evaluation("T 0.6"),
  ...evaluation("T 0.6", "hard"),
  ...evaluation("T 0.6, clip off"),
];

/** Two cells of each algorithm, whose accuracies are one point apart. */
export const steps: ReadonlyArray<StepRow> = ["psr", "nsr"].flatMap((algorithm) =>
  [1, 2].flatMap((base) =>
    [1, 2].map((step) => ({
      label: algorithm,
      cell: `main_${algorithm}_base-${base}_seed-1`,
      condition: "main",
      algorithm,
      base,
      seed: 1,
      step,
      correctRatio: 0.5,
      testAccuracy: 0.7 + (base - 1) / 100,
      testEntropy: 0.4,
      cosine: 0.25,
      positiveGradNorm: 0.5,
    }))
  )
);

export const frontier: ReadonlyArray<FrontierRow> = ["psr", "nsr"].flatMap((algorithm) =>
  [0, 20, 60].map((step) => ({
    label: algorithm,
    algorithm,
    condition: "main",
    evaluation: "T 0.6",
    step,
    k: 64,
    passAt1: 0.6 + step / 400,
    low1: 0.55,
    high1: 0.8,
    passAtK: 0.99 - step / (algorithm === "psr" ? 1500 : 3000),
    low: 0.9,
    high: 1,
    cells: 2,
  }))
);

export const sweeps: ReadonlyArray<SweepRow> = [
  ...["0", "0.1", "1"].flatMap((value, i) =>
    [1, 64].map((k) => ({
      setting: "lambda (0 is NSR, 1 is REINFORCE)",
      label: "w-reinforce",
      algorithm: "w-reinforce",
      value,
      k,
      passAtK: 0.7 + i / 100,
      low: 0.65,
      high: 0.8,
      cells: 2,
    }))
  ),
  // Not yet a sweep: one value.
  {
    setting: "learning rate",
    label: "psr",
    algorithm: "psr",
    value: "1e-4",
    k: 1,
    passAtK: 0.75,
    low: 0.7,
    high: 0.8,
    cells: 2,
  },
];

export const insights: ReadonlyArray<InsightRow> = [1, 2].flatMap((base) =>
  ["psr", "nsr"].map((algorithm) => ({
    cell: `first-step_base_base-${base}_seed-1`,
    condition: "first step",
    algorithm,
    base,
    seed: 1,
    section: "4.3, App. C",
    insight: "clipping keeps the direction",
    quantity: "cosine of the gradients, second pass",
    value: algorithm === "psr" ? 0.5 : base / 10,
    count: 100,
    of: "tokens",
  }))
);

const claim = { comparison: "above", threshold: 0, unit: "share", cells: 2 };

export const claims: ReadonlyArray<Judged> = [
  {
    ...claim,
    id: "nsr-raises-pass-at-1",
    statement: "NSR raises Pass@1 over the base",
    where: "Section 3.2, Table 1",
    value: 0.14,
    low: 0.1,
    high: 0.18,
    verdict: "holds",
    otherValue: 0.13,
    otherLow: 0.09,
    otherHigh: 0.17,
    otherVerdict: "holds",
  },
  {
    ...claim,
    id: "psr-below-base-at-256",
    statement: "PSR is below the base at k = 256",
    where: "Section 3.2, Table 1",
    comparison: "below",
    value: -0.04,
    low: -0.06,
    high: -0.02,
    verdict: "holds",
    otherValue: 0.02,
    otherLow: 0.01,
    otherHigh: 0.03,
    otherVerdict: "does not",
  },
  {
    ...claim,
    id: "slower-road-psr",
    statement: "Stopped where it has NSR's Pass@1, PSR has NSR's Pass@64 within a point",
    where: "beyond the paper: matched Pass@1",
    comparison: "within",
    threshold: 0.01,
    value: 0.001,
    low: -0.02,
    high: 0.03,
    verdict: "undecided",
  },
  {
    ...claim,
    id: "long-nsr-degrades",
    statement: "Four times as long, NSR falls back <b>",
    where: "Appendix E",
    cells: 0,
    verdict: "untried",
  },
];
