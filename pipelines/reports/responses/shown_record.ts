/** The fields that `show` reads from any record with a `problemId` and a `responseText`, graded or not. */
import type { RecordSchema } from "../../records/schema.ts";

/** The fields of a record that are shown. */
export interface ShownRecord {
  readonly problemId: string;
  readonly sampleIndex?: number;
  readonly question?: string;
  readonly goldAnswer?: string;
  readonly answer?: string | null;
  readonly correct?: boolean;
  readonly reason?: string;
  readonly responseText: string;
  readonly responseTokens?: Int32Array;
  readonly responseLength?: number;
  readonly finish?: "stop" | "length";
  readonly level?: string;
  readonly type?: string;
}

/** The table of ShownRecord. */
export const ShownRecord: RecordSchema<ShownRecord> = {
  name: "Rollout or Verdict",
  fields: [
    { name: "problemId", kind: "string" },
    { name: "sampleIndex", kind: "count", optional: true },
    { name: "question", kind: "string", optional: true },
    { name: "goldAnswer", kind: "string", optional: true },
    { name: "answer", kind: "string", nullable: true },
    { name: "correct", kind: "boolean", optional: true },
    { name: "reason", kind: "string", optional: true },
    { name: "responseText", kind: "string" },
    { name: "responseTokens", kind: "tokens", optional: true },
    { name: "responseLength", kind: "count", optional: true },
    { name: "finish", kind: { literals: ["stop", "length"] }, optional: true },
    { name: "level", kind: "string", optional: true },
    { name: "type", kind: "string", optional: true },
  ],
  sameLength: [],
};
