/** The properties of a model family; all others come from the model's files (`model_config.ts`). */

/** The differences between model families; `headWidth`, `kvHeads` and `context` are defaults for fields that `config.json` lacks. */
export interface Family {
  readonly name: string;
  readonly architectures: ReadonlyArray<string>;
  readonly criticArchitecture: string;
  readonly qkvBias: boolean;
  readonly qkNorm: boolean;
  readonly headWidth: (width: number, heads: number) => number;
  readonly kvHeads: (heads: number) => number;
  readonly context: number;
  /** Whether a null `head_dim` means width / heads; else it is an error, as in transformers. */
  readonly nullHeadWidth: boolean;
  /** The switches that would add unsupported biases; the family ignores all others. */
  readonly biasSwitches: ReadonlyArray<string>;
}
