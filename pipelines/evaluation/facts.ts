/** The fields of a graded response that figures are computed from; the rest stays on disk. */
import type { RecordSchema } from "../records/schema.ts";

/** A graded response in brief. */
export interface Fact {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly correct: boolean;
  readonly answer: string | null;
  /** Number of tokens of the response, if known. */
  readonly tokens?: number;
  /** Whether the response was cut off at the length limit, if known. */
  readonly truncated?: boolean;
}

/** The fields of a kept response that figures read. */
export interface Kept {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly correct: boolean;
  readonly answer?: string | null;
  readonly finish?: "stop" | "length";
  readonly responseTokens?: Int32Array;
  readonly responseLength?: number;
}

/** The table of Kept. */
export const Kept: RecordSchema<Kept> = {
  name: "Verdict",
  fields: [
    { name: "problemId", kind: "string" },
    { name: "sampleIndex", kind: "count" },
    { name: "correct", kind: "boolean" },
    { name: "answer", kind: "string", nullable: true },
    { name: "finish", kind: { literals: ["stop", "length"] }, optional: true },
    { name: "responseTokens", kind: "tokens", optional: true },
    { name: "responseLength", kind: "count", optional: true },
  ],
  sameLength: [],
};

/** The facts of a response. */
export const factOf = (
  { problemId, sampleIndex, correct, answer, finish, responseTokens, responseLength }: Kept,
): Fact => {
  const tokens = responseTokens?.length ?? responseLength;
  return {
    problemId,
    sampleIndex,
    correct,
    answer: answer ?? null,
    ...(tokens !== undefined && { tokens }),
    ...(finish !== undefined && { truncated: finish === "length" }),
  };
};
