/**
 * The rows that follow from what a study of cells recorded: Pass@k of every condition and
 * algorithm as the mean over its cells (`evaluations.ndjson`), Pass@k against Pass@1 along training (`frontier.ndjson`), settings at
 * several values (`sweeps.ndjson`), each with its interval over cells and problems.
 */
import { ks as publishedKs } from "../../data/paper/published.ts";
import type { PassAtK } from "../records/claim.ts";
import { latent, latentBase } from "../recipes/tiny_full/conditions.ts";
import type { Recipe } from "../recipes/mod.ts";
import type { FrontierRow } from "../reports/figures/frontier.ts";
import type { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import type { SweepRow } from "../reports/figures/sweeps.ts";
import { type Draw, estimateOf } from "./bootstrap.ts";
import type { Evidence } from "./evidence.ts";
import { drawTable } from "./judge.ts";
import type { CountRow, StepRow } from "../records/study_rows.ts";
import { measure, pairsOf } from "./statistics.ts";

const estimate = (of: PassAtK, evidence: Evidence, drawsFor: (cells: number) => ReadonlyArray<Draw>) => {
  const statistic = { name: "difference" as const, of };
  const pairs = pairsOf(statistic, evidence);
  if (pairs.length === 0) return undefined;
  return { cells: pairs.length, ...estimateOf(drawsFor(pairs.length), measure(statistic, { evidence, pairs })) };
};

interface Group {
  readonly condition: string;
  readonly algorithm: string;
  readonly evaluation: string;
  readonly rows: ReadonlyArray<CountRow>;
}

/** Counts that were made alike, in the order in which they first appear. */
const groupsOf = (counts: ReadonlyArray<CountRow>): ReadonlyArray<Group> =>
  [...Map.groupBy(counts, ({ condition, algorithm, evaluation }) => JSON.stringify([condition, algorithm, evaluation]))]
    .map(([, rows]) => {
      const [{ condition, algorithm, evaluation }] = rows;
      return { condition, algorithm, evaluation, rows };
    });

/** The conditions whose blocks hold the base, too, for comparison: those that have the whole table of methods. */
const tabled = ["main", "lr 3e-4"];

const titleOf = (condition: string, evaluation: string): string =>
  condition === "main" || condition === "base" ? evaluation : `${evaluation}, ${condition}`;

/** Pass@k at the end of training, the mean over cells; the base stands beside the conditions of whole tables. */
export const evaluationRows = (
  task: string,
  counts: ReadonlyArray<CountRow>,
  evidence: Evidence,
): ReadonlyArray<EvaluationRow> => {
  const drawsFor = drawTable(evidence.problems);
  const rowsOf = (group: Group, block: string, slice: string): ReadonlyArray<EvaluationRow> => {
    const { condition, algorithm, evaluation } = group;
    const last = Math.min(...[...evidence.counts(group).values()].map((rows) => rows[rows.length - 1].n));
    const problems = slice === "all" ? evidence.problems : evidence.slices[slice]?.length ?? 0;
    return publishedKs.filter((k) => k <= last).flatMap((k) => {
      const of: PassAtK = { kind: "pass-at-k", condition, algorithm, evaluation, k, ...(slice !== "all" && { slice }) };
      const found = estimate(of, evidence, drawsFor);
      return found === undefined ? [] : [{
        label: algorithm,
        algorithm,
        task,
        evaluation: titleOf(block, evaluation),
        k,
        passAtK: found.value,
        low: found.low,
        high: found.high,
        problems,
        slice,
        cells: found.cells,
      }];
    });
  };
  const groups = groupsOf(counts);
  const bases = groups.filter(({ algorithm }) => algorithm === "base");
  const blocks = [
    ...Map.groupBy(
      groups.filter((group) => !bases.includes(group)),
      (group) => JSON.stringify([group.condition, group.evaluation]),
    ),
  ].map(([, members]) => members);
  return blocks.flatMap((members) => {
    const [{ condition, evaluation }] = members;
    const own = bases.filter((group) =>
      group.evaluation === evaluation && (group.condition === latentBase.condition) === (condition === latent)
    );
    const slices = tabled.includes(condition) ? ["all", ...Object.keys(evidence.slices)] : ["all"];
    return slices.flatMap((slice) => [...own, ...members].flatMap((group) => rowsOf(group, condition, slice)));
  });
};

/** Pass@1 and Pass@k along training, from the base on, wherever points along training were evaluated. */
export const frontierRows = (counts: ReadonlyArray<CountRow>, evidence: Evidence): ReadonlyArray<FrontierRow> => {
  const drawsFor = drawTable(evidence.problems);
  return groupsOf(counts).flatMap(({ condition, algorithm, evaluation, rows }) => {
    if (algorithm === "base") return [];
    const start = { condition: "base", algorithm: "base" };
    return [64, 256].flatMap((k) => {
      // Not every point draws as many responses.
      const steps = [...new Set(rows.filter(({ n }) => n >= k).map(({ step }) => step))].sort((a, b) => a - b);
      return steps.length < 2 ? [] : [0, ...steps].flatMap((step): ReadonlyArray<FrontierRow> => {
        const models = step === 0 ? start : { condition, algorithm };
        const at = (n: number): PassAtK => ({ kind: "pass-at-k", ...models, evaluation, step, k: n });
        const [pairs, own] = [at(k), { ...at(k), condition, algorithm, step: steps[0] }].map((of) =>
          pairsOf({ name: "difference", of }, evidence)
        );
        // The base of the cells that are drawn, and no other.
        const shared = pairs.filter((pair) => own.includes(pair));
        if (shared.length === 0) return [];
        const of = (n: number) =>
          estimateOf(
            drawsFor(shared.length),
            measure({ name: "difference", of: at(n) }, { evidence, pairs: shared }),
          );
        const [first, kth] = [of(1), of(k)];
        return [{
          label: algorithm,
          algorithm,
          condition,
          evaluation,
          step,
          k,
          passAt1: first.value,
          low1: first.low,
          high1: first.high,
          passAtK: kth.value,
          low: kth.low,
          high: kth.high,
          cells: shared.length,
        }];
      });
    });
  });
};

/** Pass@1 and Pass@64 of every point of a recipe's sweeps that was run, all on the cells that the whole line has. */
export const sweepRows = (recipe: Recipe, evidence: Evidence): ReadonlyArray<SweepRow> => {
  const drawsFor = drawTable(evidence.problems);
  return (recipe.sweeps ?? []).flatMap(({ setting, series, points }) =>
    [1, 64].flatMap((k) => {
      const asked = points.map(({ value, condition, algorithm }) => {
        const of: PassAtK = { kind: "pass-at-k", condition, algorithm, evaluation: recipe.evaluations[0].name, k };
        return { value, of, pairs: pairsOf({ name: "difference", of }, evidence) };
      }).filter(({ pairs }) => pairs.length > 0);
      const shared = (asked[0]?.pairs ?? []).filter((pair) => asked.every(({ pairs }) => pairs.includes(pair)));
      if (shared.length === 0) return [];
      return asked.map(({ value, of }): SweepRow => {
        const found = estimateOf(
          drawsFor(shared.length),
          measure({ name: "difference", of }, { evidence, pairs: shared }),
        );
        return {
          setting,
          label: series,
          algorithm: series,
          value,
          k,
          passAtK: found.value,
          low: found.low,
          high: found.high,
          cells: shared.length,
        };
      });
    })
  );
};

/** The mean dynamics of a condition over its cells, a row for each algorithm and step; every algorithm begins at the base's step 0. */
export const meanDynamics = (steps: ReadonlyArray<StepRow>, condition: string): ReadonlyArray<DynamicsRow> => {
  const fields = [
    "correctRatio",
    "fullySolvedRatio",
    "testAccuracy",
    "testEntropy",
    "meanEntropy",
    "gradNorm",
    "clipFraction",
    "cosine",
    "positiveGradNorm",
    "negativeGradNorm",
  ] as const;
  const mean = (rows: ReadonlyArray<StepRow>) =>
    Object.fromEntries(fields.flatMap((field) => {
      const values = rows.flatMap((row) => {
        const value = row[field];
        return typeof value === "number" ? [value] : [];
      });
      return values.length === 0 ? [] : [[field, values.reduce((sum, x) => sum + x, 0) / values.length]];
    }));
  const start = steps.filter((row) => row.condition === "base");
  const own = steps.filter((row) => row.condition === condition);
  return [...Map.groupBy(own, ({ algorithm }) => algorithm)].flatMap(([algorithm, rows]) => [
    ...(start.length === 0 ? [] : [{ algorithm, step: 0, ...mean(start) }]),
    ...[...Map.groupBy(rows, ({ step }) => step)].sort(([a], [b]) => a - b).map(([step, members]) => ({
      algorithm,
      step,
      ...mean(members),
    })),
  ]);
};

/** What a page says of the training of a study of cells: the mean of the main condition, over how many cells, and that with one update a batch. */
export const dynamicsOfCells = (steps: ReadonlyArray<StepRow>) => {
  const main = steps.filter(({ condition }) => condition === "main");
  const counts = [...Map.groupBy(main, ({ algorithm }) => algorithm).values()]
    .map((rows) => new Set(rows.map(({ cell }) => cell)).size);
  return {
    dynamics: meanDynamics(steps, "main"),
    dynamicsWords: {
      ...(counts.length > 0 && { cells: [Math.min(...counts), Math.max(...counts)] as const }),
      onPolicy: meanDynamics(steps, "one update a batch"),
    },
  };
};
