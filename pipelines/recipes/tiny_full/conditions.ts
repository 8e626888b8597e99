/**
 * The names of the full study's conditions, shared by its cells and its claims, and the functions that build claims.
 * `tests/pipelines/recipes/tiny_full/claims_test.ts` fails if a claim names a condition, an algorithm or an evaluation that no cell has.
 */
import {
  type Comparison,
  type Course,
  type InsightOf,
  type Metric,
  type Models,
  type PassAtK,
  quantitiesOf,
  type Quantity,
  type Statistic,
  type StudyClaim,
} from "../../records/claim.ts";

/** The untrained models. */
export const base: Models = { condition: "base", algorithm: "base" };

/** The main condition, and the same at three times its learning rate. */
export const main = "main";
export const largerRate = "lr 3e-4";

/** Bases that are strong under one tag and weak under the other, under which they are trained and evaluated; and one step measured token by token. */
export const latent = "latent mode";
export const latentBase: Models = { condition: "latent base", algorithm: "base" };
export const firstStep = "first step";
/** The same step on enough prompts that some are solved; among the study's 32 none is. */
export const wideStep = "first step, 256 prompts";

/** The sampling of an evaluation: the paper's, and that of training. */
export const asPublished = "T 0.6";
export const asTrained = "T 1";
export const inStrongMode = "T 0.6 under think";

/** The trained algorithms of the paper's Table 1, and those that NSR is compared with. */
export const others: ReadonlyArray<string> = ["ppo", "grpo", "psr"];

/** An algorithm as claims name it. */
export const nameOf = (algorithm: string): string => algorithm.toUpperCase();

/** Models of the main condition unless another is given. */
export const models = (algorithm: string, condition: string = main): Models => ({ condition, algorithm });

/** Overrides of a Pass@k, which by default is as published, over all problems and at the end of training. */
export type EvaluationQuery = Partial<Pick<PassAtK, "evaluation" | "slice" | "step">>;

/** Pass@k as published, unless `more` overrides it. */
export const passAt = (k: number, of: Models, more: EvaluationQuery = {}): PassAtK => ({
  kind: "pass-at-k",
  ...of,
  evaluation: asPublished,
  k,
  ...more,
});

/** One percentage point, which "not below" allows. */
export const point = 0.01;

/** The largest k for which every evaluation draws enough responses. */
export const many = 64;

/** The mean of a field over a range of steps. */
export const metric = (field: string, of: Models, first: number, last: number): Metric => ({
  kind: "metric",
  ...of,
  field,
  steps: [first, last],
});

/** Greedy accuracy on the test split: by default the mean over the last tested steps of 60, to reduce noise. */
export const accuracy = (of: Models, first = 50, last = 60): Metric => metric("testAccuracy", of, first, last);

/** Entropy of the greedy responses in nats per token, over the same steps. */
export const entropy = (of: Models, first = 50, last = 60): Metric => metric("testEntropy", of, first, last);

/** A measurement of the first step from each base. */
export const measured = (
  algorithm: string,
  insight: string,
  quantity: string,
  condition: string = firstStep,
): InsightOf => ({
  kind: "insight",
  condition,
  algorithm,
  insight,
  quantity,
});

/** Models along training, evaluated as published. */
export const courseOf = (of: Models): Course => ({ ...of, evaluation: asPublished });

/** One quantity minus another. */
export const difference = (of: Quantity, minus?: Quantity): Statistic => ({
  name: "difference",
  of,
  ...(minus === undefined ? {} : { minus }),
});

/** Pass@k of some models minus that of others. */
export const gain = (k: number, of: Models, against: Models = base, more: EvaluationQuery = {}): Statistic =>
  difference(passAt(k, of, more), passAt(k, against, more));

/** The smallest of several statistics. */
export const least = (of: ReadonlyArray<Statistic>): Statistic => ({ name: "least", of });

/** The largest of several statistics. */
export const greatest = (of: ReadonlyArray<Statistic>): Statistic => ({ name: "greatest", of });

const metricUnits: Readonly<Record<string, StudyClaim["unit"]>> = {
  testAccuracy: "share",
  correctRatio: "share",
  fullySolvedRatio: "share",
  testEntropy: "nats",
};

/** The unit of a statistic. */
const unitOf = (statistic: Statistic): StudyClaim["unit"] => {
  if (statistic.name === "ratio") return "number";
  if (statistic.name === "least" || statistic.name === "greatest") return unitOf(statistic.of[0]);
  const [quantity] = quantitiesOf(statistic);
  switch (quantity.kind) {
    case "pass-at-k":
      return "share";
    case "metric":
      return metricUnits[quantity.field] ?? "number";
    case "insight":
      return quantity.quantity.startsWith("share of ") ? "share" : "number";
  }
};

const decidedBy = (comparison: Comparison, threshold: number, statistic: Statistic) => ({
  statistic,
  comparison,
  threshold,
  unit: unitOf(statistic),
});

type Measurable = Statistic | Quantity;

const isOne = (of: Measurable | ReadonlyArray<Measurable>): of is Measurable => !Array.isArray(of);

const statisticOf = (of: Measurable): Statistic => "kind" in of ? difference(of) : of;

/** A claim that holds if a statistic, or each of several, is above a threshold. */
export const above = (threshold: number, of: Measurable | ReadonlyArray<Measurable>) =>
  decidedBy("above", threshold, isOne(of) ? statisticOf(of) : least(of.map(statisticOf)));

/** A claim that holds if a statistic, or each of several, is below a threshold. */
export const below = (threshold: number, of: Measurable | ReadonlyArray<Measurable>) =>
  decidedBy("below", threshold, isOne(of) ? statisticOf(of) : greatest(of.map(statisticOf)));

/** A claim that holds if the absolute value of a statistic is below a threshold. */
export const within = (threshold: number, of: Statistic) => decidedBy("within", threshold, of);

/** The claims of one section of the paper, or beyond it: for each id its statement and its decision rule. */
export const claimsAt = (
  where: string,
  claims: Readonly<
    Record<string, readonly [statement: string, decided: Omit<StudyClaim, "id" | "statement" | "where">]>
  >,
): ReadonlyArray<StudyClaim> =>
  Object.entries(claims).map(([id, [statement, decided]]) => ({ id, statement, where, ...decided }));
