/**
 * Every noun that travels between stages, in the order it travels: from Prompt to Credited each record keeps the fields
 * of the one before it and adds its own, so `verify | reward | split` only ever append. The aggregates (Dynamics,
 * Gradient, PolicyState, PassAtK) stand for many records. A noun is declared twice on purpose: as an interface, for the
 * type checker, and as a `Noun` value, a plain table that `record.ts` reads to check a line of NDJSON once, at
 * the edge. The tables are plain data rather than schema classes because checking 4,096 tokens one by one through a
 * schema costs 431 µs a record, and a loop over a table 2 µs.
 */

/** What a field holds: one JSON scalar, one of a closed set, a list of token ids or of float32 numbers, or a struct. */
export type Kind =
  | "string"
  | "integer"
  | "count"
  | "number"
  | "boolean"
  | "tokens"
  | "floats"
  | { readonly literals: ReadonlyArray<string> }
  | { readonly struct: ReadonlyArray<Field> };

/** One field of a noun; `optional` fields may be absent from a complete record, `nullable` ones may be `null`. */
export interface Field<Name extends string = string> {
  readonly name: Name;
  readonly kind: Kind;
  readonly optional?: boolean;
  readonly nullable?: boolean;
}

/** A kind of record: its name, its fields in wire order, and the lists that must agree in length when both are there. */
export interface Noun<A> {
  readonly name: string;
  readonly fields: ReadonlyArray<Field<keyof A & string>>;
  readonly sameLength: ReadonlyArray<readonly [keyof A & string, keyof A & string]>;
}

/** Whether a response, and so each of its tokens, is to be made more likely or less. */
export type Sign = "positive" | "negative";

/**
 * A problem as the policy is asked it; `promptTokens` are [T] token ids of `promptText`, `goldAnswers` all accepted answers where there are
 * several, any of which is right (no field of the table: it passes as it is, and grading checks it).
 */
export interface Prompt {
  readonly task: string;
  readonly split: string;
  readonly problemId: string;
  readonly question: string;
  readonly goldAnswer: string;
  readonly goldAnswers?: ReadonlyArray<string>;
  readonly promptText: string;
  readonly promptTokens: Int32Array;
}

/** One sampled response; `responseTokens`, `logProbs` and `entropy` (nats) are [T], the stop token included. */
export interface Rollout extends Prompt {
  readonly sampleIndex: number;
  readonly seed: number;
  readonly temperature: number;
  readonly responseText: string;
  readonly responseTokens: Int32Array;
  readonly logProbs: Float32Array;
  readonly entropy: Float32Array;
  readonly finish: "stop" | "length";
}

/**
 * A graded rollout; `answer` is what the grader extracted, `null` where it found none, `goldForm` what mathematics read the gold answer as
 * (absent for a task that reads none).
 */
export interface Verdict extends Rollout {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly reason: string;
  readonly goldForm?: string;
}

/** A rollout with its reward, +1 or -1 (Eq. 1). */
export interface Rewarded extends Verdict {
  readonly reward: number;
}

/** The state of a batch before anything is dropped (Fig. 4); ratios in [0, 1], lengths in tokens, entropy in nats. */
export interface Dynamics {
  readonly rollouts: number;
  readonly prompts: number;
  readonly correct: number;
  readonly correctRatio: number;
  readonly fullySolved: number;
  readonly fullySolvedRatio: number;
  readonly meanReward: number;
  readonly meanResponseLength: number;
  readonly meanEntropy: number;
  readonly truncatedRatio: number;
}

/** A rollout that the algorithm keeps, with the weight of its sign. */
export interface Signed extends Rewarded {
  readonly sign: Sign;
  readonly weight: number;
}

/** A rollout under the policy about to be trained; all lists are [T] over the response tokens. */
export interface Scored extends Signed {
  readonly oldLogProbs: Float32Array;
  readonly referenceLogProbs?: Float32Array;
  readonly values?: Float32Array;
}

/** A rollout with one advantage a response token; the weight is inside, once. PPO adds `returns`. */
export interface Credited extends Scored {
  readonly advantages: Float32Array;
  readonly returns?: Float32Array;
}

/** What one sign's sequences contributed to a Gradient, over the same denominator as the whole. */
export interface SignGradient {
  readonly loss: number;
  readonly gradNorm: number;
  readonly clipFraction: number;
  readonly approxKl: number;
  readonly meanEntropy: number;
  readonly tokens: number;
}

/** One mini-batch's gradient; `artifact` is the SHA-256 of its unclipped tensors, `gradNorm` their global norm. */
export interface Gradient extends SignGradient {
  readonly artifact: string;
  readonly positive: SignGradient;
  readonly negative: SignGradient;
  readonly criticArtifact?: string;
}

/** The policy after `step` optimizer steps; `model`, `optimizer` and `critic` are SHA-256 of their files. */
export interface PolicyState {
  readonly model: string;
  readonly optimizer: string;
  readonly step: number;
  readonly critic?: string;
}

/** Pass@k over `problems` problems with its bootstrap interval (Eq. 5). */
export interface PassAtK {
  readonly k: number;
  readonly passAtK: number;
  readonly low: number;
  readonly high: number;
  readonly problems: number;
}

const prompt = [
  { name: "task", kind: "string" },
  { name: "split", kind: "string" },
  { name: "problemId", kind: "string" },
  { name: "question", kind: "string" },
  { name: "goldAnswer", kind: "string" },
  { name: "promptText", kind: "string" },
  { name: "promptTokens", kind: "tokens" },
] as const;

const rollout = [
  ...prompt,
  { name: "sampleIndex", kind: "count" },
  { name: "seed", kind: "integer" },
  { name: "temperature", kind: "number" },
  { name: "responseText", kind: "string" },
  { name: "responseTokens", kind: "tokens" },
  { name: "logProbs", kind: "floats" },
  { name: "entropy", kind: "floats" },
  { name: "finish", kind: { literals: ["stop", "length"] } },
] as const;

const verdict = [
  ...rollout,
  { name: "answer", kind: "string", nullable: true },
  { name: "correct", kind: "boolean" },
  { name: "reason", kind: "string" },
  { name: "goldForm", kind: "string", optional: true },
] as const;

const rewarded = [...verdict, { name: "reward", kind: "number" }] as const;

const signed = [
  ...rewarded,
  { name: "sign", kind: { literals: ["positive", "negative"] } },
  { name: "weight", kind: "number" },
] as const;

const scored = [
  ...signed,
  { name: "oldLogProbs", kind: "floats" },
  { name: "referenceLogProbs", kind: "floats", optional: true },
  { name: "values", kind: "floats", optional: true },
] as const;

const credited = [
  ...scored,
  { name: "advantages", kind: "floats" },
  { name: "returns", kind: "floats", optional: true },
] as const;

const signGradient = [
  { name: "loss", kind: "number" },
  { name: "gradNorm", kind: "number" },
  { name: "clipFraction", kind: "number" },
  { name: "approxKl", kind: "number" },
  { name: "meanEntropy", kind: "number" },
  { name: "tokens", kind: "count" },
] as const;

const rolloutLengths = [["logProbs", "responseTokens"], ["entropy", "responseTokens"]] as const;
const scoredLengths = [
  ...rolloutLengths,
  ["oldLogProbs", "responseTokens"],
  ["referenceLogProbs", "responseTokens"],
  ["values", "responseTokens"],
] as const;

/** The table of Prompt. */
export const Prompt: Noun<Prompt> = { name: "Prompt", fields: prompt, sameLength: [] };

/** The table of Rollout. */
export const Rollout: Noun<Rollout> = { name: "Rollout", fields: rollout, sameLength: rolloutLengths };

/** The table of Verdict. */
export const Verdict: Noun<Verdict> = { name: "Verdict", fields: verdict, sameLength: rolloutLengths };

/** The table of Rewarded. */
export const Rewarded: Noun<Rewarded> = { name: "Rewarded", fields: rewarded, sameLength: rolloutLengths };

/** The table of Dynamics. */
export const Dynamics: Noun<Dynamics> = {
  name: "Dynamics",
  fields: [
    { name: "rollouts", kind: "count" },
    { name: "prompts", kind: "count" },
    { name: "correct", kind: "count" },
    { name: "correctRatio", kind: "number" },
    { name: "fullySolved", kind: "count" },
    { name: "fullySolvedRatio", kind: "number" },
    { name: "meanReward", kind: "number" },
    { name: "meanResponseLength", kind: "number" },
    { name: "meanEntropy", kind: "number" },
    { name: "truncatedRatio", kind: "number" },
  ],
  sameLength: [],
};

/** The table of Signed. */
export const Signed: Noun<Signed> = { name: "Signed", fields: signed, sameLength: rolloutLengths };

/** The table of Scored. */
export const Scored: Noun<Scored> = { name: "Scored", fields: scored, sameLength: scoredLengths };

/** The table of Credited. */
export const Credited: Noun<Credited> = {
  name: "Credited",
  fields: credited,
  sameLength: [...scoredLengths, ["advantages", "responseTokens"], ["returns", "responseTokens"]],
};

/** The table of Gradient. */
export const Gradient: Noun<Gradient> = {
  name: "Gradient",
  fields: [
    { name: "artifact", kind: "string" },
    ...signGradient,
    { name: "positive", kind: { struct: signGradient } },
    { name: "negative", kind: { struct: signGradient } },
    { name: "criticArtifact", kind: "string", optional: true },
  ],
  sameLength: [],
};

/** The table of PolicyState. */
export const PolicyState: Noun<PolicyState> = {
  name: "PolicyState",
  fields: [
    { name: "model", kind: "string" },
    { name: "optimizer", kind: "string" },
    { name: "step", kind: "count" },
    { name: "critic", kind: "string", optional: true },
  ],
  sameLength: [],
};

/** The table of PassAtK. */
export const PassAtK: Noun<PassAtK> = {
  name: "PassAtK",
  fields: [
    { name: "k", kind: "count" },
    { name: "passAtK", kind: "number" },
    { name: "low", kind: "number" },
    { name: "high", kind: "number" },
    { name: "problems", kind: "count" },
  ],
  sameLength: [],
};
