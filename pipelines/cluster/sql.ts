/** What of effect's unstable SQL client is used here, in one place. */
export { make as makeClient, SqlClient } from "effect/sql/SqlClient";
export type { SqlError } from "effect/sql/SqlError";
