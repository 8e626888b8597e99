/**
 * What `explain` says of one response token, as a record type: the distribution that it was drawn from and where its gradient moves the logits, by the
 * paper's equation and by the kernels. The scalars are flat, so that `table` prints them; the lists are what `figure-5` draws.
 */
import { optionalField, type RecordSchema, recordSchema, type ValuesOf } from "./record_schema.ts";
import { signKind } from "./schema.ts";

const explained = {
  problemId: "string",
  sampleIndex: "count",
  sign: signKind,
  position: "count",
  /** The response up to this token. */
  before: "string",
  token: "count",
  tokenText: "string",
  probability: "number",
  oldProbability: "number",
  tokenEntropy: "number",
  advantage: "number",
  clipped: "boolean",
  /** What Eq. (7) or (8) is multiplied with: |A| w / (π_old T). */
  factor: "number",
  /** Where the sampled token's logit moves, by the equation and by the kernels. */
  paperUpdate: "number",
  kernelUpdate: "number",
  /** The largest difference over the vocabulary, relative to the largest update. */
  deviation: "number",
  /** The same relative to factor π, the scale at which float32 rounds. */
  scaledDeviation: "number",
  /** The largest updates by the terms that the equations leave out. */
  entropyUpdate: "number",
  klUpdate: optionalField("number"),
  shownTokens: "tokens",
  shownProbabilities: "floats",
  shownPaper: "floats",
  shownKernel: "floats",
} as const;

/** One response token explained; the four `shown` lists are of the most probable tokens and the sampled one, by falling probability. */
export const Explained: RecordSchema<Explained> = recordSchema("Explained", explained, [
  ["shownProbabilities", "shownTokens"],
  ["shownPaper", "shownTokens"],
  ["shownKernel", "shownTokens"],
]);

/** A record of the record type Explained; `shownTexts`, which no table describes, is checked where it is read. */
export type Explained = ValuesOf<typeof explained> & { readonly shownTexts: ReadonlyArray<string> };
