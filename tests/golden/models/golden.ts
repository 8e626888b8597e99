/**
 * The golden models and their numbers as typed values; `make_golden.py` beside this says what each field holds. Lists by
 * sequence are in the order of `sequences`, those of a case in the order of its own `sequences`, which index the former.
 */

/** The golden models' names, which are their directories. */
export const goldenModels = [
  "qwen2_tied",
  "qwen2_untied",
  "qwen3_tied",
  "qwen3_untied",
  "llama_tied",
  "llama_untied",
] as const;

/** A rollout with what transformers computes for its response tokens at temperatures 1 and 0.6. */
export interface GoldenSequence {
  readonly problem: number;
  readonly reward: 1 | -1;
  readonly prompt: ReadonlyArray<number>;
  readonly response: ReadonlyArray<number>;
  readonly logProbs: Readonly<Record<"1" | "0.6", ReadonlyArray<number>>>;
  readonly entropy: Readonly<Record<"1" | "0.6", ReadonlyArray<number>>>;
}

/** What a gradient and one AdamW step gave; `gradient` and `after` are file names in the model's `golden` folder. */
export interface GoldenStep {
  readonly loss: number;
  readonly gradNorm: number;
  /** The norm of each parameter's gradient; the file may hold fewer parameters. */
  readonly gradNorms: Readonly<Record<string, number>>;
  readonly gradient: string;
  readonly after?: string;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
}

/** One mini-batch of one objective. */
export interface GoldenCase extends GoldenStep {
  readonly name: string;
  readonly algorithm: string;
  readonly temperature: 1 | 0.6;
  readonly clipRatio: number;
  readonly entropyCoef: number;
  readonly klCoef: number;
  readonly aggregation: "token-mean" | "sequence-mean";
  readonly nominalSequences: number;
  readonly sequences: ReadonlyArray<number>;
  readonly oldLogProbs: ReadonlyArray<ReadonlyArray<number>>;
  readonly referenceLogProbs?: ReadonlyArray<ReadonlyArray<number>>;
  readonly advantages: ReadonlyArray<ReadonlyArray<number>>;
  readonly clipFraction: number;
  readonly approxKl: number;
  readonly meanEntropy: number;
}

/** PPO's critic on all sequences: the model's body with `scoreWeight` [C] as head. */
export interface GoldenCritic extends GoldenStep {
  readonly scoreWeight: ReadonlyArray<number>;
  readonly valueClip: number;
  readonly klCoef: number;
  readonly values: ReadonlyArray<ReadonlyArray<number>>;
  readonly oldValues: ReadonlyArray<ReadonlyArray<number>>;
  readonly oldLogProbs: ReadonlyArray<ReadonlyArray<number>>;
  readonly referenceLogProbs: ReadonlyArray<ReadonlyArray<number>>;
  readonly advantages: ReadonlyArray<ReadonlyArray<number>>;
  readonly returns: ReadonlyArray<ReadonlyArray<number>>;
}

/** Everything golden about one model; `critic` and most cases are there for qwen2_untied and qwen3_tied. */
export interface Golden {
  readonly model: string;
  readonly stopTokens: ReadonlyArray<number>;
  readonly sequences: ReadonlyArray<GoldenSequence>;
  readonly greedy: ReadonlyArray<{
    readonly prompt: ReadonlyArray<number>;
    readonly response: ReadonlyArray<number>;
    readonly finish: "stop" | "length";
  }>;
  readonly cases: ReadonlyArray<GoldenCase>;
  readonly critic?: GoldenCritic;
  /** Ten AdamW steps on the mini-batch of the case named `case`. */
  readonly steps: {
    readonly case: string;
    readonly losses: ReadonlyArray<number>;
    readonly gradNorms: ReadonlyArray<number>;
  };
}

/** The directory of a golden model. */
export const goldenDirectory = (name: string): string =>
  new URL(name, import.meta.url).pathname;

/** The golden numbers of a model. */
export const readGolden = (name: string): Golden =>
  JSON.parse(
    Deno.readTextFileSync(`${goldenDirectory(name)}/golden/golden.json`),
  );
