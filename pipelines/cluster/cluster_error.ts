/** What fails past one process: the store, the database, a job. */
import * as Schema from "@effect/schema";

/** A blob, the queue or a job failed; `message` names it. */
export class ClusterError extends Schema.TaggedError<ClusterError>()("ClusterError", {
  reason: Schema.Literals([
    "name",
    "missing",
    "damaged",
    "full",
    "folder",
    "network",
    "database",
    "job",
    "differs",
    "device",
  ]),
  message: Schema.String,
}) {}
