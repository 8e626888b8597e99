/**
 * A recipe is a named experiment: values for settings, the cells that are trained under them, and how the results are measured. A cell is a base,
 * a seed, an algorithm and what else differs from the recipe's settings.
 */
import type { StudyClaim } from "../records/claim.ts";
import { defaults, type Settings } from "../settings/settings.ts";

/** `settings` is what `--recipe NAME` sets; each evaluation is read on top of them. */
export interface Recipe {
  readonly name: string;
  readonly summary: string;
  readonly settings: Partial<Settings>;
  /** What stands behind `--recipe` to reproduce it, where that is not its name alone. */
  readonly asked?: string;
  /** The command that makes its model, where that is neither shipped nor on the Hub. */
  readonly prepare?: string;
  /**
   * The Hub names of its model and its data, where both have to be fetched. The model's published shape plans the recipe where `--model` names a
   * folder that is not here.
   */
  readonly hub?: { readonly model: string; readonly data: string };
  /** Whether nobody has run it yet. */
  readonly neverRun?: boolean;
  /** The samplings under which every trained model and the base are evaluated; the first is that of `evaluate --recipe`. */
  readonly evaluations: ReadonlyArray<Evaluation>;
  /** What `reproduce` runs, in this order, so that an interrupted study has what comes first. */
  readonly cells: ReadonlyArray<Cell>;
  /**
   * What is asked of several cells together. The results then keep the right responses of every cell, and all numbers are means over cells; without
   * claims they keep Pass@k and the dynamics of each algorithm's one model.
   */
  readonly claims?: ReadonlyArray<StudyClaim>;
  /** Settings that cells go through, for the figure of sweeps. */
  readonly sweeps?: ReadonlyArray<Sweep>;
}

/** The command that reproduces a recipe. */
export const commandOf = ({ name, asked = name }: Pick<Recipe, "name" | "asked">): string =>
  `deno task reproduce --recipe ${asked}`;

/** The algorithms that a recipe trains, in the order of its cells. */
export const algorithmsOf = ({ cells }: Pick<Recipe, "cells">): ReadonlyArray<Settings["algorithm"]> => [
  ...new Set(cells.flatMap(({ algorithm }) => algorithm === "base" ? [] : algorithm)),
];

/** A recipe that trains each algorithm once from one base; each model and the base are evaluated in every way. */
export const comparison = (
  { algorithms, ...recipe }: Omit<Recipe, "cells"> & { readonly algorithms: ReadonlyArray<Settings["algorithm"]> },
): Recipe => ({
  ...recipe,
  cells: (["base", ...algorithms] as const).map((algorithm) => ({
    name: algorithm,
    condition: algorithm === "base" ? "base" : "main",
    base: 1,
    seed: recipe.settings.seed ?? defaults.seed,
    algorithm,
    settings: {},
    evaluations: recipe.evaluations.map(({ name }) => ({ evaluation: name })),
  })),
});

/** One way to sample the test split; `name` labels its columns, `repeats` names the evaluation that it asks again, of other problems. */
export interface Evaluation {
  readonly name: string;
  readonly repeats?: string;
  readonly settings: Partial<Settings>;
}

/** One model of a study: trained under a condition by an algorithm from a base, or the base itself. */
export interface Cell {
  /** Unique in its recipe; letters, digits, `.`, `-` and `_`, for it names a folder. */
  readonly name: string;
  readonly condition: string;
  /** The number of the base; the settings say which model that is. */
  readonly base: number;
  readonly seed: number;
  readonly algorithm: Settings["algorithm"] | "base";
  /** What differs from the recipe's settings. */
  readonly settings: Partial<Settings>;
  readonly evaluations: ReadonlyArray<CellEvaluation>;
  /** Whether a step of every algorithm is measured token by token, from this cell's model (the stage `insights`). */
  readonly insights?: boolean;
}

/** One of the recipe's evaluations of a cell, at its end or after the named steps, with fewer responses where that is said. */
export interface CellEvaluation {
  readonly evaluation: string;
  readonly responses?: number;
  readonly at?: ReadonlyArray<number>;
}

/** A setting at several values, each the models of a condition; the other settings are the same. */
export interface Sweep {
  readonly setting: string;
  readonly points: ReadonlyArray<{ readonly value: string; readonly condition: string; readonly algorithm: string }>;
  /** How the points are named together where they are not of one algorithm. */
  readonly series: string;
}
