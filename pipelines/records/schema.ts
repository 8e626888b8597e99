/**
 * The record types that pass between stages, in order. From Prompt to Credited each record keeps the fields of the previous type and adds
 * its own, so `verify | reward | split` only append fields. The aggregates (Dynamics, Gradient, PolicyState, PassAtK) summarise many
 * records. Each record type is declared once, as a table of fields: the TypeScript type follows from the table, and `record.ts` checks
 * every NDJSON line against it on input.
 */

import {
  nullableField,
  optionalField,
  type RecordOf,
  type RecordSchema,
  recordSchema,
  structField,
  type ValuesOf,
} from "./record_schema.ts";

export type { Field, Kind, RecordSchema } from "./record_schema.ts";

const prompt = {
  task: "string",
  split: "string",
  problemId: "string",
  question: "string",
  goldAnswer: "string",
  promptText: "string",
  promptTokens: "tokens",
} as const;

const rollout = {
  ...prompt,
  sampleIndex: "count",
  seed: "integer",
  temperature: "number",
  responseText: "string",
  responseTokens: "tokens",
  logProbs: "floats",
  entropy: "floats",
  finish: { literals: ["stop", "length"] },
} as const;

const verdict = {
  ...rollout,
  answer: nullableField("string"),
  correct: "boolean",
  reason: "string",
  goldForm: optionalField("string"),
} as const;

const rewarded = { ...verdict, reward: "number" } as const;

/** The spelling of a sign in records. */
export const signKind = { literals: ["positive", "negative"] } as const;

const signed = { ...rewarded, sign: signKind, weight: "number" } as const;

const scored = {
  ...signed,
  oldLogProbs: "floats",
  referenceLogProbs: optionalField("floats"),
  values: optionalField("floats"),
} as const;

const signGradient = {
  loss: "number",
  gradNorm: "number",
  clipFraction: "number",
  approxKl: "number",
  meanEntropy: "number",
  tokens: "count",
} as const;

const rolloutLengths = [["logProbs", "responseTokens"], ["entropy", "responseTokens"]] as const;
const scoredLengths = [
  ...rolloutLengths,
  ["oldLogProbs", "responseTokens"],
  ["referenceLogProbs", "responseTokens"],
  ["values", "responseTokens"],
] as const;

/** Whether a response, and so each of its tokens, becomes more or less likely. */
export type Sign = typeof signKind.literals[number];

/** A problem as the policy's prompt; `promptTokens` are [T] token ids of `promptText`. */
export const Prompt: RecordSchema<Prompt> = recordSchema("Prompt", prompt);

/** A record of type Prompt. `goldAnswers` are all accepted answers if there are several. The table does not list it: grading checks it. */
export type Prompt = ValuesOf<typeof prompt> & { readonly goldAnswers?: ReadonlyArray<string> };

/** One sampled response; `responseTokens`, `logProbs` and `entropy` (nats) are [T], including the stop token. */
export const Rollout: RecordSchema<Rollout> = recordSchema("Rollout", rollout, rolloutLengths);
export type Rollout = Prompt & ValuesOf<typeof rollout>;

/**
 * A graded rollout. `answer` is the extracted answer, `null` if none was found; `goldForm` is the form of the gold answer, absent if the
 * task has none.
 */
export const Verdict: RecordSchema<Verdict> = recordSchema("Verdict", verdict, rolloutLengths);
export type Verdict = Prompt & ValuesOf<typeof verdict>;

/** A rollout with its reward, +1 or -1 (Eq. 1). */
export const Rewarded: RecordSchema<Rewarded> = recordSchema("Rewarded", rewarded, rolloutLengths);
export type Rewarded = Prompt & ValuesOf<typeof rewarded>;

/** The state of a batch before responses are dropped (Fig. 4): ratios in [0, 1], lengths in tokens, entropy in nats. */
export const Dynamics = recordSchema("Dynamics", {
  rollouts: "count",
  prompts: "count",
  correct: "count",
  correctRatio: "number",
  fullySolved: "count",
  fullySolvedRatio: "number",
  meanReward: "number",
  meanResponseLength: "number",
  meanEntropy: "number",
  truncatedRatio: "number",
});
export type Dynamics = RecordOf<typeof Dynamics>;

/** A rollout that the algorithm keeps, with the weight of its sign. */
export const Signed: RecordSchema<Signed> = recordSchema("Signed", signed, rolloutLengths);
export type Signed = Prompt & ValuesOf<typeof signed>;

/** A rollout under the policy about to be trained; all lists are [T] over the response tokens. */
export const Scored: RecordSchema<Scored> = recordSchema("Scored", scored, scoredLengths);
export type Scored = Prompt & ValuesOf<typeof scored>;

const credited = { ...scored, advantages: "floats", returns: optionalField("floats") } as const;

/** A rollout with one advantage per response token, already multiplied by the weight. PPO adds `returns`. */
export const Credited: RecordSchema<Credited> = recordSchema("Credited", credited, [
  ...scoredLengths,
  ["advantages", "responseTokens"],
  ["returns", "responseTokens"],
]);
export type Credited = Prompt & ValuesOf<typeof credited>;

/** The share of one sign's sequences in a Gradient, over the same denominator as the total. */
export type SignGradient = ValuesOf<typeof signGradient>;

/** One mini-batch's gradient; `artifact` is the SHA-256 of its unclipped tensors, `gradNorm` their global norm. */
export const Gradient = recordSchema("Gradient", {
  artifact: "string",
  ...signGradient,
  positive: structField(signGradient),
  negative: structField(signGradient),
  criticArtifact: optionalField("string"),
});
export type Gradient = RecordOf<typeof Gradient>;

/** The policy after `step` optimizer steps; `model`, `optimizer` and `critic` are SHA-256 of their files. */
export const PolicyState = recordSchema("PolicyState", {
  model: "string",
  optimizer: "string",
  step: "count",
  critic: optionalField("string"),
});
export type PolicyState = RecordOf<typeof PolicyState>;

/** Pass@k over `problems` problems with its bootstrap interval (Eq. 5). */
export const PassAtK = recordSchema("PassAtK", {
  k: "count",
  passAtK: "number",
  low: "number",
  high: "number",
  problems: "count",
});
export type PassAtK = RecordOf<typeof PassAtK>;
