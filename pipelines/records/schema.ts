/**
 * Every record type that travels between stages, in the order it travels: from Prompt to Credited each record keeps the fields
 * of the one before it and adds its own, so `verify | reward | split` only ever append. The aggregates (Dynamics,
 * Gradient, PolicyState, PassAtK) stand for many records. A record type is declared once, as a table of its fields: the type follows from the
 * table, and `record.ts` reads the table to check a line of NDJSON once, at the edge.
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

/** How a sign is written in records. */
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

/** Whether a response, and so each of its tokens, is to be made more likely or less. */
export type Sign = typeof signKind.literals[number];

/** A problem as the policy is asked it; `promptTokens` are [T] token ids of `promptText`. */
export const Prompt: RecordSchema<Prompt> = recordSchema("Prompt", prompt);

/**
 * A record of the record type Prompt. `goldAnswers` are all accepted answers where there are several, any of which is right (no field of the table: it passes as it is,
 * and grading checks it).
 */
export type Prompt = ValuesOf<typeof prompt> & { readonly goldAnswers?: ReadonlyArray<string> };

/** One sampled response; `responseTokens`, `logProbs` and `entropy` (nats) are [T], the stop token included. */
export const Rollout: RecordSchema<Rollout> = recordSchema("Rollout", rollout, rolloutLengths);
/** A record of the record type Rollout. */
export type Rollout = Prompt & ValuesOf<typeof rollout>;

/**
 * A graded rollout; `answer` is what the grader extracted, `null` where it found none, `goldForm` what mathematics read the gold answer as
 * (absent for a task that reads none).
 */
export const Verdict: RecordSchema<Verdict> = recordSchema("Verdict", verdict, rolloutLengths);
/** A record of the record type Verdict. */
export type Verdict = Prompt & ValuesOf<typeof verdict>;

/** A rollout with its reward, +1 or -1 (Eq. 1). */
export const Rewarded: RecordSchema<Rewarded> = recordSchema("Rewarded", rewarded, rolloutLengths);
/** A record of the record type Rewarded. */
export type Rewarded = Prompt & ValuesOf<typeof rewarded>;

/** The state of a batch before anything is dropped (Fig. 4); ratios in [0, 1], lengths in tokens, entropy in nats. */
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
/** A record of the record type Dynamics. */
export type Dynamics = RecordOf<typeof Dynamics>;

/** A rollout that the algorithm keeps, with the weight of its sign. */
export const Signed: RecordSchema<Signed> = recordSchema("Signed", signed, rolloutLengths);
/** A record of the record type Signed. */
export type Signed = Prompt & ValuesOf<typeof signed>;

/** A rollout under the policy about to be trained; all lists are [T] over the response tokens. */
export const Scored: RecordSchema<Scored> = recordSchema("Scored", scored, scoredLengths);
/** A record of the record type Scored. */
export type Scored = Prompt & ValuesOf<typeof scored>;

const credited = { ...scored, advantages: "floats", returns: optionalField("floats") } as const;

/** A rollout with one advantage a response token; the weight is inside, once. PPO adds `returns`. */
export const Credited: RecordSchema<Credited> = recordSchema("Credited", credited, [
  ...scoredLengths,
  ["advantages", "responseTokens"],
  ["returns", "responseTokens"],
]);
/** A record of the record type Credited. */
export type Credited = Prompt & ValuesOf<typeof credited>;

/** What one sign's sequences contributed to a Gradient, over the same denominator as the whole. */
export type SignGradient = ValuesOf<typeof signGradient>;

/** One mini-batch's gradient; `artifact` is the SHA-256 of its unclipped tensors, `gradNorm` their global norm. */
export const Gradient = recordSchema("Gradient", {
  artifact: "string",
  ...signGradient,
  positive: structField(signGradient),
  negative: structField(signGradient),
  criticArtifact: optionalField("string"),
});
/** A record of the record type Gradient. */
export type Gradient = RecordOf<typeof Gradient>;

/** The policy after `step` optimizer steps; `model`, `optimizer` and `critic` are SHA-256 of their files. */
export const PolicyState = recordSchema("PolicyState", {
  model: "string",
  optimizer: "string",
  step: "count",
  critic: optionalField("string"),
});
/** A record of the record type PolicyState. */
export type PolicyState = RecordOf<typeof PolicyState>;

/** Pass@k over `problems` problems with its bootstrap interval (Eq. 5). */
export const PassAtK = recordSchema("PassAtK", {
  k: "count",
  passAtK: "number",
  low: "number",
  high: "number",
  problems: "count",
});
/** A record of the record type PassAtK. */
export type PassAtK = RecordOf<typeof PassAtK>;
