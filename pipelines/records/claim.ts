/**
 * What a claim about a study is measured by, as data: named statistics of quantities. A quantity is a number of each trained model (a cell of
 * the study: one base, one seed), a statistic makes one number of them over all cells and problems. `pipelines/study/statistics.ts` holds
 * the function behind each name; here is only what is asked, so that it can be fixed, printed and hashed before anything is run.
 */

/** The models of a study that were trained alike: under one condition by one algorithm, `base` for the untrained. */
export interface Models {
  readonly condition: string;
  readonly algorithm: string;
}

/** Pass@k under an evaluation, after `step` training steps (absent: after the last), of all problems or of a slice of them. */
export interface PassAtK extends Models {
  readonly kind: "pass-at-k";
  readonly evaluation: string;
  readonly k: number;
  readonly slice?: string;
  readonly step?: number;
}

/** The mean of a field of the training dynamics over the steps from the first to the second, both included. */
export interface Metric extends Models {
  readonly kind: "metric";
  readonly field: string;
  readonly steps: readonly [first: number, last: number];
}

/** A measurement of the stage `insights` on a cell's first step; `quantity` is one of those that belong to `insight`. */
export interface InsightOf extends Models {
  readonly kind: "insight";
  readonly insight: string;
  readonly quantity: string;
}

/** A number of each cell. */
export type Quantity = PassAtK | Metric | InsightOf;

/** Models along training: the base, each checkpoint that was evaluated, and the end. */
export interface Course extends Models {
  readonly evaluation: string;
}

/**
 * - `difference`: the mean of a quantity, less that of another on the same cells and problems.
 * - `ratio`: the mean of a quantity over that of another.
 * - `least`, `greatest`: of several statistics, each on the same draw.
 * - `at-matched`: a Pass@k, less that which the course has where it has the same Pass@1, or where it has made as many updates (linear
 *   between the points of the course; its nearest point where it never gets there).
 * - `above-best`: a Pass@k, less the highest that the course has anywhere: what no early stop reaches.
 */
export type Statistic =
  | { readonly name: "difference"; readonly of: Quantity; readonly minus?: Quantity }
  | { readonly name: "ratio"; readonly of: Quantity; readonly over: Quantity }
  | { readonly name: "least" | "greatest"; readonly of: ReadonlyArray<Statistic> }
  | {
    readonly name: "at-matched";
    readonly by: "pass-at-1" | "updates";
    readonly of: PassAtK;
    readonly course: Course;
  }
  | { readonly name: "above-best"; readonly of: PassAtK; readonly course: Course };

/** Every quantity that a statistic asks for. */
export const quantitiesOf = (statistic: Statistic): ReadonlyArray<Quantity> => {
  switch (statistic.name) {
    case "difference":
      return statistic.minus === undefined ? [statistic.of] : [statistic.of, statistic.minus];
    case "ratio":
      return [statistic.of, statistic.over];
    case "least":
    case "greatest":
      return statistic.of.flatMap(quantitiesOf);
    case "at-matched":
    case "above-best":
      return [statistic.of];
  }
};

/** The course that a statistic asks for, or those that its parts do. */
export const coursesOf = (statistic: Statistic): ReadonlyArray<Course> => {
  switch (statistic.name) {
    case "least":
    case "greatest":
      return statistic.of.flatMap(coursesOf);
    case "at-matched":
    case "above-best":
      return [statistic.course];
    default:
      return [];
  }
};

/** `above` and `below` a threshold, or `within` it on both sides of zero. */
export type Comparison = "above" | "below" | "within";

/** A sentence that a study can confirm or refute, with all that decides it. */
export interface StudyClaim {
  readonly id: string;
  readonly statement: string;
  /** Where the paper says it, or `beyond the paper`. */
  readonly where: string;
  readonly statistic: Statistic;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** What the statistic counts in: shares of problems, nats a token, or a plain number. */
  readonly unit: "share" | "nats" | "number";
}

/** What a study says about a claim; `untried` where it has no cell that the statistic needs. */
export type ClaimVerdict = "holds" | "does not" | "undecided" | "untried";

/** The verdict of an interval: the whole of it must lie on one side. */
export const verdictOf = (
  { comparison, threshold }: Pick<StudyClaim, "comparison" | "threshold">,
  low: number,
  high: number,
): ClaimVerdict => {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "untried";
  switch (comparison) {
    case "above":
      return low > threshold ? "holds" : high <= threshold ? "does not" : "undecided";
    case "below":
      return high < threshold ? "holds" : low >= threshold ? "does not" : "undecided";
    case "within":
      return low > -threshold && high < threshold
        ? "holds"
        : low >= threshold || high <= -threshold
        ? "does not"
        : "undecided";
  }
};
