/** A recipe is a named experiment: values for settings, what is trained under them, and how the results are measured. */
import type { Settings } from "../settings.ts";

/** `settings` is what `--recipe NAME` sets; each evaluation is read on top of them. */
export interface Recipe {
  readonly name: string;
  readonly summary: string;
  readonly settings: Partial<Settings>;
  /** What `reproduce` trains, in this order. */
  readonly algorithms: ReadonlyArray<Settings["algorithm"]>;
  /** The samplings under which every trained model and the base are evaluated; the first is that of `evaluate --recipe`. */
  readonly evaluations: ReadonlyArray<Evaluation>;
}

/** One way to sample the test split; `name` labels its columns. */
export interface Evaluation {
  readonly name: string;
  readonly settings: Partial<Settings>;
}
