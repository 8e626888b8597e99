/** What a model family states of itself; everything else of a model is read from its files (`model_config.ts`). */

/** What tells one model family from another; `headWidth`, `kvHeads` and `context` are its values where `config.json` is silent. */
export interface Family {
  readonly name: string;
  readonly architectures: ReadonlyArray<string>;
  readonly criticArchitecture: string;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  readonly headWidth: (width: number, heads: number) => number;
  readonly kvHeads: (heads: number) => number;
  readonly context: number;
  /** Whether a `head_dim` of null is width / heads; else it is an error, as in transformers. */
  readonly nullHeadWidth: boolean;
  /** The switches that would add biases which are not computed here; the family reads past all others. */
  readonly biasSwitches: ReadonlyArray<string>;
}
