/**
 * A recipe is a named experiment: settings, the cells trained under them, and the evaluations. A cell is a base, a seed, an algorithm and
 * the settings that differ from the recipe's.
 */
import type { StudyClaim } from "../records/claim.ts";
import { defaults, type Settings } from "../settings/settings.ts";

/** A named experiment. `--recipe NAME` applies `settings`; each evaluation overrides them. */
export interface Recipe {
  readonly name: string;
  readonly summary: string;
  readonly settings: Partial<Settings>;
  /** The text after `--recipe` in the command that reproduces it, if that is more than the name. */
  readonly asked?: string;
  /** The command that makes its model, if that is neither shipped nor on the Hub. */
  readonly prepare?: string;
  /** The Hub names of its model and data, if both must be fetched. Plans use the model's published shape if `--model` is not on this machine. */
  readonly hub?: { readonly model: string; readonly data: string };
  /** Whether the recipe has never been run. */
  readonly neverRun?: boolean;
  /** The samplings under which every trained model and the base are evaluated; `evaluate --recipe` uses the first. */
  readonly evaluations: ReadonlyArray<Evaluation>;
  /** What `reproduce` runs, in this order: an interrupted study has finished the first cells. */
  readonly cells: ReadonlyArray<Cell>;
  /**
   * Claims about several cells together. With claims, the results keep the number of correct responses of every cell, and all numbers are
   * means over cells. Without, they keep Pass@k and the dynamics of the one model of each algorithm.
   */
  readonly claims?: ReadonlyArray<StudyClaim>;
  /**
   * Whether bases and groups of alike problems are resampled, in place of single cells and problems, and claims are judged by families: the
   * primary ones together, and all others together.
   */
  readonly byFamilies?: true;
  /** The earlier study whose claims of the same id this one asks again, and a sentence on how they differ. */
  readonly after?: { readonly study: string; readonly differs: string };
  /** Values that cells take from the results of other cells, by their names. */
  readonly choices?: Readonly<Record<string, RateChoice>>;
  /** Settings that vary between cells, for the figure of sweeps. */
  readonly sweeps?: ReadonlyArray<Sweep>;
}

/** The command that reproduces a recipe. */
export const commandOf = ({ name, asked = name }: Pick<Recipe, "name" | "asked">): string =>
  `deno task reproduce --recipe ${asked}`;

/** The algorithms that a recipe trains, in the order of its cells. */
export const algorithmsOf = ({ cells }: Pick<Recipe, "cells">): ReadonlyArray<Settings["algorithm"]> => [
  ...new Set(cells.flatMap(({ algorithm }) => algorithm === "base" ? [] : algorithm)),
];

/** The condition of the untrained models that the cells of a condition are compared with: its own, else those with the same weights. */
export const baseConditionOf = ({ cells }: Pick<Recipe, "cells">, condition: string): string => {
  const untrained = cells.filter(({ algorithm, evaluations }) => algorithm === "base" && evaluations.length > 0);
  const model = cells.find((cell) => cell.condition === condition)?.settings.model;
  const found = untrained.find((cell) => cell.condition === condition) ??
    untrained.find(({ settings }) => settings.model === model);
  return found?.condition ?? "base";
};

/** The cell of a comparison that trains an algorithm, or that of its base. */
export const comparedCell = (
  { settings, evaluations }: Pick<Recipe, "settings" | "evaluations">,
  algorithm: Cell["algorithm"],
): Cell => ({
  name: algorithm,
  condition: algorithm === "base" ? "base" : "main",
  base: 1,
  seed: settings.seed ?? defaults.seed,
  algorithm,
  settings: {},
  evaluations: evaluations.map(({ name }) => ({ evaluation: name })),
});

/** A recipe that trains each algorithm once from one base and evaluates each model and the base in every way. */
export const comparison = (
  { algorithms, ...recipe }: Omit<Recipe, "cells"> & { readonly algorithms: ReadonlyArray<Settings["algorithm"]> },
): Recipe => ({
  ...recipe,
  cells: (["base", ...algorithms] as const).map((algorithm) => comparedCell(recipe, algorithm)),
});

/** One way to sample the test split. `name` labels its columns; `repeats` names the evaluation that it repeats on other problems. */
export interface Evaluation {
  readonly name: string;
  readonly repeats?: string;
  readonly settings: Partial<Settings>;
}

/** One model of a study: trained under a condition by an algorithm from a base, or the base itself. */
export interface Cell {
  /** Unique in its recipe. It names a folder: letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  readonly condition: string;
  /** The number of the base; the settings name the model. */
  readonly base: number;
  readonly seed: number;
  readonly algorithm: Settings["algorithm"] | "base";
  /** What its base is, in words, if it is of another kind than the study's usual bases. */
  readonly baseKind?: string;
  /** Settings that differ from the recipe's. */
  readonly settings: Partial<Settings>;
  readonly evaluations: ReadonlyArray<CellEvaluation>;
  /** The name of the recipe's choice that gives this cell its learning rate. */
  readonly rate?: string;
  /** Whether the stage `insights` measures a step of every algorithm from this cell's model. */
  readonly insights?: boolean;
}

/**
 * A learning rate that a rule chooses among candidates, each with its cells: the one whose mean of Pass@1 and Pass@`k` under the evaluation is
 * the highest, over all its cells and problems; of equal ones the first.
 */
export interface RateChoice {
  readonly evaluation: string;
  readonly k: number;
  readonly candidates: ReadonlyArray<{ readonly learningRate: number; readonly cells: ReadonlyArray<string> }>;
}

/** One of the recipe's evaluations of a cell, at the end or after the given steps, optionally with fewer responses. */
export interface CellEvaluation {
  readonly evaluation: string;
  readonly responses?: number;
  readonly at?: ReadonlyArray<number>;
}

/** One setting at several values, each with the models of one condition; all other settings are the same. */
export interface Sweep {
  readonly setting: string;
  readonly points: ReadonlyArray<{ readonly value: string; readonly condition: string; readonly algorithm: string }>;
  /** The common name of the points if they belong to several algorithms. */
  readonly series: string;
}
