/** The properties of a model family; all others come from the model's files (`model_config.ts`). */

/** The fields of `config.json` by what they say, as most families call them. */
export const configKeys = {
  vocabSize: "vocab_size",
  width: "hidden_size",
  layers: "num_hidden_layers",
  heads: "num_attention_heads",
  kvHeads: "num_key_value_heads",
  headWidth: "head_dim",
  ffn: "intermediate_size",
  activation: "hidden_act",
  rmsNormEps: "rms_norm_eps",
  context: "max_position_embeddings",
  tied: "tie_word_embeddings",
} as const;

/** What a family calls the fields of `config.json`. */
export type ConfigKeys = Readonly<Record<keyof typeof configKeys, string>>;

/** The fields as a family calls them. */
export const keysOfFamily = ({ keys }: Pick<Family, "keys">): ConfigKeys => ({ ...configKeys, ...keys });

/** The differences between model families; `headWidth`, `kvHeads` and `context` are defaults for fields that `config.json` lacks. */
export interface Family {
  readonly name: string;
  readonly architectures: ReadonlyArray<string>;
  readonly criticArchitecture: string;
  /** Its names of fields that others call as `configKeys` says. */
  readonly keys?: Partial<ConfigKeys>;
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
