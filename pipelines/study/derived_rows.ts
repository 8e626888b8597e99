/**
 * The rows derived from the records of a study. With the counts of its cells: the verdict on each claim (`claims.ndjson`), Pass@k of every
 * condition and algorithm as the mean over its cells (`evaluations.ndjson`), Pass@k against Pass@1 along training (`frontier.ndjson`) and
 * settings at several values (`sweeps.ndjson`), each with its interval over cells and problems. A study that recorded Pass@k itself has
 * only that.
 */
import { ks as publishedKs } from "../../data/paper/published.ts";
import type { PassAtK } from "../records/claim.ts";
import type { Recipe } from "../recipes/mod.ts";
import { baseConditionOf } from "../recipes/recipe.ts";
import type { CountRow, FrontierRow, StepRow, SweepRow } from "../records/study_rows.ts";
import type { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import { defaults } from "../settings/settings.ts";
import { type Evidence, evidenceOf, meanField, type Pair } from "./evidence.ts";
import { judgeFamilies } from "./families.ts";
import { estimator, judgeTwice } from "./judge.ts";
import { chosenRates } from "./rate_choice.ts";
import { slicesOf } from "./recorded_rows.ts";
import { problemsOf, type Records } from "./records.ts";

/** Estimates a Pass@k over cells that have it: its value, its interval, and the number of cells. */
const passAtKOf = (evidence: Evidence) => {
  const estimated = estimator(evidence);
  return (of: PassAtK) => {
    const { pairs, estimate } = estimated({ name: "difference", of });
    const over = (some: ReadonlyArray<Pair>) => {
      const { value, ...interval } = estimate(some);
      return { passAtK: value, ...interval, cells: some.length };
    };
    return { pairs, over };
  };
};

/** Counts of the same models and evaluation, in the order of first appearance. */
const groupsOf = (counts: ReadonlyArray<CountRow>) =>
  [...Map.groupBy(counts, ({ condition, algorithm, evaluation }) => JSON.stringify([condition, algorithm, evaluation]))]
    .map(([, rows]) => ({ ...rows[0], rows }));

/** The conditions whose blocks have every slice, as in a whole table of methods. */
const tabled = ["main", "lr 3e-4"];

const titleOf = (condition: string, evaluation: string): string =>
  condition === "main" || condition === "base" ? evaluation : `${evaluation}, ${condition}`;

/** Pass@k at the end of training, the mean over cells; each block begins with its bases. */
export const evaluationRows = (
  recipe: Pick<Recipe, "cells" | "settings">,
  counts: ReadonlyArray<CountRow>,
  evidence: Evidence,
): ReadonlyArray<EvaluationRow> => {
  const { task = defaults.task } = recipe.settings;
  const estimated = passAtKOf(evidence);
  const rowsOf = (group: CountRow, block: string, slice: string): ReadonlyArray<EvaluationRow> => {
    const { condition, algorithm, evaluation } = group;
    const last = Math.min(...[...evidence.counts(group).values()].map((rows) => rows[rows.length - 1].n));
    const problems = slice === "all" ? evidence.problems : evidence.slices[slice]?.length ?? 0;
    return publishedKs.filter((k) => k <= last).flatMap((k) => {
      const of: PassAtK = { kind: "pass-at-k", condition, algorithm, evaluation, k, ...(slice !== "all" && { slice }) };
      const { pairs, over } = estimated(of);
      if (pairs.length === 0) return [];
      const { cells, ...estimate } = over(pairs);
      const named = { label: algorithm, algorithm, task, evaluation: titleOf(block, evaluation), k };
      return [{ ...named, ...estimate, problems, slice, cells }];
    });
  };
  const groups = groupsOf(counts);
  const bases = groups.filter(({ algorithm }) => algorithm === "base");
  const trained = groups.filter((group) => !bases.includes(group));
  const blocks = Map.groupBy(trained, ({ condition, evaluation }) => JSON.stringify([condition, evaluation]));
  return [...blocks.values()].flatMap((members) => {
    const [{ condition, evaluation }] = members;
    const untrained = baseConditionOf(recipe, condition);
    const own = bases.filter((group) => group.evaluation === evaluation && group.condition === untrained);
    const slices = tabled.includes(condition) ? ["all", ...Object.keys(evidence.slices)] : ["all"];
    return slices.flatMap((slice) => [...own, ...members].flatMap((group) => rowsOf(group, condition, slice)));
  });
};

/** A point of the frontier: Pass@1 and Pass@k after a step, on the bases of the cells that have `first`; none if there are no such cells. */
const frontierRow = (
  recipe: Pick<Recipe, "cells">,
  estimated: ReturnType<typeof passAtKOf>,
  { condition, algorithm, evaluation }: Omit<ReturnType<typeof groupsOf>[number], "rows">,
  { step, first, k }: { readonly step: number; readonly first: number; readonly k: number },
): ReadonlyArray<FrontierRow> => {
  const trained = { condition, algorithm };
  const models = step === 0 ? { condition: baseConditionOf(recipe, condition), algorithm: "base" } : trained;
  const at = (n: number): PassAtK => ({ kind: "pass-at-k", ...models, evaluation, step, k: n });
  const [kth, own] = [at(k), { ...at(k), ...trained, step: first }].map(estimated);
  const shared = kth.pairs.filter((pair) => own.pairs.includes(pair));
  if (shared.length === 0) return [];
  const { passAtK: passAt1, low: low1, high: high1 } = estimated(at(1)).over(shared);
  const named = { label: algorithm, algorithm, condition, evaluation, step, k };
  return [{ ...named, passAt1, low1, high1, ...kth.over(shared) }];
};

/**
 * Pass@1 and Pass@k along training, from the base on, where at least two steps were evaluated. Algorithms of the same condition that were
 * evaluated once have that one point.
 */
export const frontierRows = (
  recipe: Pick<Recipe, "cells">,
  counts: ReadonlyArray<CountRow>,
  evidence: Evidence,
): ReadonlyArray<FrontierRow> => {
  const estimated = passAtKOf(evidence);
  const trained = groupsOf(counts).filter(({ algorithm }) => algorithm !== "base");
  const panels = Map.groupBy(trained, ({ condition, evaluation }) => JSON.stringify([condition, evaluation]));
  return [...panels.values()].flatMap((members) =>
    [64, 256].flatMap((k) => {
      // Some points have fewer responses.
      const lines = members.map((group) => {
        const steps = new Set(group.rows.filter(({ n }) => n >= k).map(({ step }) => step));
        return { ...group, steps: [...steps].sort((a, b) => a - b) };
      });
      if (lines.every(({ steps }) => steps.length < 2)) return [];
      return lines.flatMap(({ steps, ...group }) =>
        [...steps.length < 2 ? [] : [0], ...steps]
          .flatMap((step) => frontierRow(recipe, estimated, group, { step, first: steps[0], k }))
      );
    })
  );
};

/** Pass@1 and Pass@64 at every point of a recipe's sweeps, over the cells that have the whole line. */
const sweepRows = (recipe: Recipe, evidence: Evidence): ReadonlyArray<SweepRow> => {
  const estimated = passAtKOf(evidence);
  return (recipe.sweeps ?? []).flatMap(({ setting, series, points }) =>
    [1, 64].flatMap((k) => {
      const asked = points.map(({ value, condition, algorithm }) => {
        const of: PassAtK = { kind: "pass-at-k", condition, algorithm, evaluation: recipe.evaluations[0].name, k };
        return { value, ...estimated(of) };
      }).filter(({ pairs }) => pairs.length > 0);
      const shared = (asked[0]?.pairs ?? []).filter((pair) => asked.every(({ pairs }) => pairs.includes(pair)));
      if (shared.length === 0) return [];
      return asked.map(({ value, over }): SweepRow => (
        { setting, label: series, algorithm: series, value, k, ...over(shared) }
      ));
    })
  );
};

/** The mean dynamics of a condition over its cells, one row per algorithm and step; every algorithm begins at the base's step 0. */
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
      const mean = meanField(rows, field);
      return mean === undefined ? [] : [[field, mean]];
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

/** The mean dynamics of the main condition, its number of cells, the dynamics with one update per batch, and every cell's optimizer steps. */
export const dynamicsOfCells = (steps: ReadonlyArray<StepRow>) => {
  const main = steps.filter(({ condition }) => condition === "main");
  const counts = [...Map.groupBy(main, ({ algorithm }) => algorithm).values()]
    .map((rows) => new Set(rows.map(({ cell }) => cell)).size);
  return {
    dynamics: meanDynamics(steps, "main"),
    optimizerSteps: new Map(
      steps.flatMap(({ cell, optimizerSteps }) => optimizerSteps === undefined ? [] : [[cell, Number(optimizerSteps)]]),
    ),
    dynamicsWords: {
      ...(counts.length > 0 && { cells: [Math.min(...counts), Math.max(...counts)] as const }),
      onPolicy: meanDynamics(steps, "one update a batch"),
    },
  };
};

/** The evidence for the claims: on the published test problems, and on the others that some evaluations repeat. */
const askedOf = (recipe: Recipe, { problems, counts, steps, insights }: Records) => {
  const named = new Map(recipe.evaluations.map((one) => [one.name, one]));
  const repeated = counts.flatMap((row) => {
    const repeats = named.get(row.evaluation)?.repeats;
    return repeats === undefined ? [] : [{ ...row, evaluation: repeats }];
  });
  const other = recipe.evaluations.find(({ repeats }) => repeats !== undefined)?.name ?? "";
  const published = {
    counts: counts.filter(({ evaluation }) => named.get(evaluation)?.repeats === undefined),
    steps,
    insights,
    slices: slicesOf(problems.filter(({ problemSeed }) => problemSeed === undefined)),
  };
  return {
    published,
    other: { ...published, counts: repeated, slices: slicesOf(problemsOf(recipe, problems)(other)) },
  };
};

/** The evidence of a study that resamples bases and groups: its claims are asked of the problems of its first evaluation's seed. */
const groupedOf = (recipe: Recipe, { problems, counts, steps, insights }: Records) => {
  const [first] = recipe.evaluations;
  const asked = problemsOf(recipe, problems)(first.name);
  const isAsked = new Set(
    recipe.evaluations.filter(({ settings }) => settings.problemSeed === first.settings.problemSeed).map((one) =>
      one.name
    ),
  );
  const published = {
    counts: counts.filter(({ evaluation }) => isAsked.has(evaluation)),
    steps,
    insights,
    slices: slicesOf(asked),
    groups: asked.map(({ group, problemId }) => group ?? problemId),
  };
  return { published, other: undefined };
};

/** Every row derived from the records of a study. One without cells recorded its Pass@k and its dynamics itself. */
export const derivedRows = (recipe: Recipe, found: Records) => {
  if (found.cells.length === 0) {
    return {
      evaluations: found.evaluations,
      dynamics: found.dynamics,
      claims: [],
      frontier: [],
      sweeps: [],
      chosen: [],
    };
  }
  const { claims: asked = [] } = recipe;
  const { published, other } = recipe.byFamilies ? groupedOf(recipe, found) : askedOf(recipe, found);
  const { counts, steps } = published;
  const evidence = evidenceOf(published);
  return {
    evaluations: evaluationRows(recipe, counts, evidence),
    ...dynamicsOfCells(steps),
    claims: other === undefined ? judgeFamilies(asked, evidence) : judgeTwice(asked, evidence, evidenceOf(other)),
    frontier: frontierRows(recipe, counts, evidence),
    sweeps: sweepRows(recipe, evidence),
    chosen: chosenRates(recipe, found.counts),
  };
};
