/** The fields that `show` reads from any record with a `problemId` and a `responseText`, graded or not. */
import { nullableField, optionalField, type RecordOf, recordSchema } from "../../records/record_schema.ts";

/** A record that is shown; one that is not graded has no answer. */
export const ShownRecord = recordSchema("Rollout or Verdict", {
  problemId: "string",
  sampleIndex: optionalField("count"),
  question: optionalField("string"),
  goldAnswer: optionalField("string"),
  answer: nullableField("string"),
  correct: optionalField("boolean"),
  reason: optionalField("string"),
  responseText: "string",
  responseTokens: optionalField("tokens"),
  responseLength: optionalField("count"),
  finish: optionalField({ literals: ["stop", "length"] }),
  level: optionalField("string"),
  type: optionalField("string"),
});
type Graded = RecordOf<typeof ShownRecord>;
export type ShownRecord = Omit<Graded, "answer"> & Partial<Pick<Graded, "answer">>;
