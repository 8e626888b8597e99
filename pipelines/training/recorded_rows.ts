/**
 * The rows of a run's `metrics.ndjson`, as a replay compares them: without what depends on the clock, and without numbers that nobody measured
 * when the run was recorded, which no row of it has.
 */
import { Result } from "effect";
import { isObject, parseObject } from "../files/json.ts";
import type { MetricValue } from "../files/metrics.ts";
import { UsageError } from "../settings/command.ts";

type Row = Readonly<Record<string, unknown>>;

/** The rows of `metrics.ndjson` without `timing`; fails with the first line that is no object. */
export const parseRows = (path: string, text: string): Result.Result<ReadonlyArray<Row>, UsageError> => {
  const rows: Row[] = [];
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const parsed = parseObject(path, line);
    if (!parsed.ok) {
      return Result.fail(
        new UsageError({ message: `Cannot read "${path}", line ${index + 1}: expected a JSON object` }),
      );
    }
    const { timing: _, ...row } = parsed.object;
    rows.push(row);
  }
  return Result.succeed(rows);
};

/** The names of all that rows hold, those of groups joined by "/". */
export const recordedNames = (rows: ReadonlyArray<Row>): ReadonlySet<string> => {
  const walk = (value: Row, path: string): ReadonlyArray<string> =>
    Object.entries(value).flatMap(([name, inner]) => [
      `${path}${name}`,
      ...isObject(inner) ? walk(inner, `${path}${name}/`) : [],
    ]);
  return new Set(rows.flatMap((row) => walk(row, "")));
};

/** A row that is made again, without what has none of these names; `timing` is none of them. */
export const withNames = (row: Readonly<Record<string, MetricValue>>, names: ReadonlySet<string>, path = ""): Row =>
  Object.fromEntries(
    Object.entries(row).filter(([name]) => names.has(path + name)).map(([name, value]) => [
      name,
      value !== null && typeof value === "object" ? withNames(value, names, `${path}${name}/`) : value,
    ]),
  );
