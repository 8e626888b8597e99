/**
 * The measures behind claims about a study, as data: statistics of quantities. A quantity is one number per trained model (a cell of the
 * study: one base, one seed); a statistic reduces it over cells and problems to one number. `pipelines/study/statistics.ts` implements each
 * name. Being data, a claim can be fixed, printed and hashed before any run.
 */

/** Models trained in the same way: one condition, one algorithm. `base` means untrained. */
export interface Models {
  readonly condition: string;
  readonly algorithm: string;
}

/** Pass@k under an evaluation after `step` training steps (default: after the last), over all problems or a slice of them. */
export interface PassAtK extends Models {
  readonly kind: "pass-at-k";
  readonly evaluation: string;
  readonly k: number;
  readonly slice?: string;
  readonly step?: number;
}

/** The mean of a training metric over the steps from the first to the last given, inclusive. */
export interface Metric extends Models {
  readonly kind: "metric";
  readonly field: string;
  readonly steps: readonly [first: number, last: number];
}

/** A measurement of the stage `insights` on a cell's first step; `quantity` must belong to `insight`. */
export interface InsightOf extends Models {
  readonly kind: "insight";
  readonly insight: string;
  readonly quantity: string;
}

/** One number per cell. */
export type Quantity = PassAtK | Metric | InsightOf;

/** Models during training: the base, each evaluated checkpoint, and the final model. */
export interface Course extends Models {
  readonly evaluation: string;
}

/**
 * - `difference`: the mean of a quantity minus that of another on the same cells and problems.
 * - `ratio`: the mean of a quantity divided by that of another.
 * - `least`, `greatest`: the minimum or maximum of several statistics, all on the same draw.
 * - `at-matched`: a Pass@k minus the course's Pass@k at the same Pass@1 or the same number of updates (linear between the points of the
 * course; its nearest point if it does not reach the value).
 * - `selected`: a Pass@k of the point of each course with the best Pass@1 on the same problems (what selecting a checkpoint on the test set
 * reports), minus that of its last point; mean over cells. Of equal points the earliest counts.
 * - `above-best`: a Pass@k minus the course's highest, which no early stopping exceeds.
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
  | { readonly name: "above-best"; readonly of: PassAtK; readonly course: Course }
  | { readonly name: "selected"; readonly of: PassAtK; readonly course: Course };

/** Every quantity that a statistic needs. */
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
    case "selected":
      return [statistic.of];
  }
};

/** Every course that a statistic or its parts need. */
export const coursesOf = (statistic: Statistic): ReadonlyArray<Course> => {
  switch (statistic.name) {
    case "least":
    case "greatest":
      return statistic.of.flatMap(coursesOf);
    case "at-matched":
    case "above-best":
    case "selected":
      return [statistic.course];
    default:
      return [];
  }
};

/** `above` or `below` a threshold, or `within` it on both sides of zero. */
export type Comparison = "above" | "below" | "within";

/** A sentence that a study can confirm or refute, with the rule that decides it. */
export interface StudyClaim {
  readonly id: string;
  readonly statement: string;
  /** The paper's section, or `beyond the paper`. */
  readonly where: string;
  readonly statistic: Statistic;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** Whether it is one of the few claims that a study is made for, which are judged together (Holm). */
  readonly primary?: true;
  /** The unit of the statistic: shares of problems, nats per token, or a plain number. */
  readonly unit: "share" | "nats" | "number";
}

/** A study's verdict on a claim; `untried` if it lacks a cell that the statistic needs. */
export type ClaimVerdict = "holds" | "does not" | "undecided" | "untried";

/** The verdict of an interval, which must lie entirely on one side. */
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
