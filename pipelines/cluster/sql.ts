/** What of effect's unstable SQL client is used here, in one place. */
export * as Reactivity from "effect/reactivity/Reactivity";
export { make as makeClient, SqlClient } from "effect/sql/SqlClient";
export type { Connection } from "effect/sql/SqlConnection";
export { classifySqliteError, SqlError, StatementTimeoutError } from "effect/sql/SqlError";
export { makeCompilerSqlite } from "effect/sql/Statement";
