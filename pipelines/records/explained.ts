/**
 * The output of `explain` for one response token: the distribution it was drawn from and the gradient's update of the logits, by the
 * paper's equation and by the kernels. Scalars are flat, so that `table` prints them; `figure-5` draws the lists.
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
  /** The factor of Eq. (7) or (8): |A| w / (π_old T). */
  factor: "number",
  /** The update of the sampled token's logit, by the equation and by the kernels. */
  paperUpdate: "number",
  kernelUpdate: "number",
  /** The largest difference over the vocabulary, relative to the largest update. */
  deviation: "number",
  /** The largest difference relative to factor π, the scale of float32 rounding. */
  scaledDeviation: "number",
  /** The largest updates by the terms that the equations leave out. */
  entropyUpdate: "number",
  klUpdate: optionalField("number"),
  shownTokens: "tokens",
  shownProbabilities: "floats",
  shownPaper: "floats",
  shownKernel: "floats",
} as const;

/** One explained response token; the four `shown` lists hold the most probable tokens and the sampled one, by falling probability. */
export const Explained: RecordSchema<Explained> = recordSchema("Explained", explained, [
  ["shownProbabilities", "shownTokens"],
  ["shownPaper", "shownTokens"],
  ["shownKernel", "shownTokens"],
]);

/** A record of type Explained; `shownTexts` is not in the table and is checked when it is read. */
export type Explained = ValuesOf<typeof explained> & { readonly shownTexts: ReadonlyArray<string> };
