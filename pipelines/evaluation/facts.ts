/** The fields of a graded response that figures are computed from; the rest stays on disk. */
import { Result } from "effect";
import { decodeRecord, type RecordError, type SourcePlace } from "../records/record.ts";
import { nullableField, optionalField, type RecordOf, recordSchema } from "../records/record_schema.ts";

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
export const Kept = recordSchema("Verdict", {
  problemId: "string",
  sampleIndex: "count",
  correct: "boolean",
  answer: nullableField("string"),
  finish: optionalField({ literals: ["stop", "length"] }),
  responseTokens: optionalField("tokens"),
  responseLength: optionalField("count"),
});
export type Kept = RecordOf<typeof Kept>;

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

/** The facts of a response from its line. */
export const factFrom = (text: string, place: SourcePlace): Result.Result<Fact, RecordError> =>
  Result.map(decodeRecord(Kept, ["problemId", "sampleIndex", "correct"], text, place), factOf);
