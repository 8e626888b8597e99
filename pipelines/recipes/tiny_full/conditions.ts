/**
 * The conditions of the full study by the names that its cells and its claims share, with the short words that claims are made of. A claim
 * that names a condition, an algorithm or an evaluation which no cell has is a mistake that `tests/pipelines/recipes/tiny_full/claims_test.ts` finds.
 */
import type { Course, InsightOf, Metric, Models, PassAtK, Quantity, Statistic } from "../../records/claim.ts";

/** The untrained models. */
export const base: Models = { condition: "base", algorithm: "base" };

/** The main condition, and the main one at three times its learning rate. */
export const main = "main";
export const largerRate = "lr 3e-4";

/** Bases that are strong under one tag and weak under the other, which they are trained and evaluated under; and a step measured token by token. */
export const latent = "latent mode";
export const latentBase: Models = { condition: "latent base", algorithm: "base" };
export const firstStep = "first step";
/** The same on so many prompts that some are solved: at the study's 32 none is. */
export const wideStep = "first step, 256 prompts";

/** How responses are drawn in evaluation: as the paper does, and as in training. */
export const asPublished = "T 0.6";
export const asTrained = "T 1";
export const inStrongMode = "T 0.6 under think";

/** The trained algorithms of the paper's Table 1, and those that NSR is compared with. */
export const others: ReadonlyArray<string> = ["ppo", "grpo", "psr"];

/** Models of the main condition, unless another is named. */
export const models = (algorithm: string, condition: string = main): Models => ({ condition, algorithm });

/** Pass@k as published, unless more is said. */
export const passAt = (
  k: number,
  of: Models,
  more: { readonly evaluation?: string; readonly slice?: string; readonly step?: number } = {},
): PassAtK => ({ kind: "pass-at-k", ...of, evaluation: asPublished, k, ...more });

/** The mean of a field over some steps. */
export const metric = (field: string, of: Models, first: number, last: number): Metric => ({
  kind: "metric",
  ...of,
  field,
  steps: [first, last],
});

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

/** A quantity, less another. */
export const difference = (of: Quantity, minus?: Quantity): Statistic => ({
  name: "difference",
  of,
  ...(minus === undefined ? {} : { minus }),
});

/** The least of several. */
export const least = (of: ReadonlyArray<Statistic>): Statistic => ({ name: "least", of });

/** The greatest of several. */
export const greatest = (of: ReadonlyArray<Statistic>): Statistic => ({ name: "greatest", of });
