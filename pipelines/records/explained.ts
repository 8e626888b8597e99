/**
 * What `explain` says of one response token, as a noun: the distribution that it was drawn from and where its gradient moves the logits, by the
 * paper's equation and by the kernels. The scalars are flat, so that `table` prints them; the lists are what `figure-5` draws.
 */
import type { Noun, Sign } from "./schema.ts";

/** One response token explained; the four `shown` lists are of the most probable tokens and the sampled one, by falling probability. */
export interface Explained {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly sign: Sign;
  readonly position: number;
  /** The response up to this token. */
  readonly before: string;
  readonly token: number;
  readonly tokenText: string;
  readonly probability: number;
  readonly oldProbability: number;
  readonly tokenEntropy: number;
  readonly advantage: number;
  readonly clipped: boolean;
  /** What Eq. (7) or (8) is multiplied with: |A| w / (π_old T). */
  readonly factor: number;
  /** Where the sampled token's logit moves, by the equation and by the kernels. */
  readonly paperUpdate: number;
  readonly kernelUpdate: number;
  /** The largest difference over the vocabulary, relative to the largest update. */
  readonly deviation: number;
  /** The same relative to factor π, the scale at which float32 rounds. */
  readonly scaledDeviation: number;
  /** The largest updates by the terms that the equations leave out. */
  readonly entropyUpdate: number;
  readonly klUpdate?: number;
  readonly shownTokens: Int32Array;
  readonly shownTexts: ReadonlyArray<string>;
  readonly shownProbabilities: Float32Array;
  readonly shownPaper: Float32Array;
  readonly shownKernel: Float32Array;
}

/** The table of Explained; `shownTexts`, which no table describes, is checked where it is read. */
export const Explained: Noun<Explained> = {
  name: "Explained",
  fields: [
    { name: "problemId", kind: "string" },
    { name: "sampleIndex", kind: "count" },
    { name: "sign", kind: { literals: ["positive", "negative"] } },
    { name: "position", kind: "count" },
    { name: "before", kind: "string" },
    { name: "token", kind: "count" },
    { name: "tokenText", kind: "string" },
    { name: "probability", kind: "number" },
    { name: "oldProbability", kind: "number" },
    { name: "tokenEntropy", kind: "number" },
    { name: "advantage", kind: "number" },
    { name: "clipped", kind: "boolean" },
    { name: "factor", kind: "number" },
    { name: "paperUpdate", kind: "number" },
    { name: "kernelUpdate", kind: "number" },
    { name: "deviation", kind: "number" },
    { name: "scaledDeviation", kind: "number" },
    { name: "entropyUpdate", kind: "number" },
    { name: "klUpdate", kind: "number", optional: true },
    { name: "shownTokens", kind: "tokens" },
    { name: "shownProbabilities", kind: "floats" },
    { name: "shownPaper", kind: "floats" },
    { name: "shownKernel", kind: "floats" },
  ],
  sameLength: [
    ["shownProbabilities", "shownTokens"],
    ["shownPaper", "shownTokens"],
    ["shownKernel", "shownTokens"],
  ],
};
