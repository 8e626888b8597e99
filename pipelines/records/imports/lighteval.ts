/**
 * lighteval's details (`--save-details`), Parquet or JSON lines: one row per problem with `doc` (`query`, `choices`, `gold_index`, `id`,
 * `task_name`), `model_response` (`text`, a list of responses) and `metric`, in some versions with two underscores around each name; older
 * versions have `example` or `full_prompt`, `gold`, `predictions` and `metrics`. An `id` is unique within a task, so a problem's name
 * includes the task, from the row or else the file name. All answers at `gold_index` are accepted. A metric covers the whole row, so it is
 * a verdict only for a single response, and only if it is the single or the requested metric.
 */
import { Result } from "effect";
import { isObject } from "../../../data/is_object.ts";
import { goldsOf } from "../../../data/tasks/golds.ts";
import {
  counter,
  type Fault,
  goldFields,
  type Importer,
  metricOf,
  object,
  partOf,
  type ReaderOptions,
  type Row,
  sourceName,
  text,
  texts,
  written,
} from "./importer.ts";

interface Found {
  readonly id: string | undefined;
  readonly part: string | undefined;
  readonly question: string;
  readonly golds: ReadonlyArray<string> | null;
  readonly responses: ReadonlyArray<string>;
  readonly metrics: unknown;
}

/** The task of `lighteval|math:algebra|0` without its suite and number of examples. */
const taskIn = (name: unknown): string | undefined => {
  if (typeof name !== "string" || name === "") return undefined;
  const [first, second] = name.split("|");
  return second === undefined || /^\d+$/.test(second) ? first : second;
};

/** The accepted answers of a list; each value is one answer, even if it looks like a list. */
const goldsIn = (values: ReadonlyArray<unknown>): ReadonlyArray<string> | null => {
  const golds = values.flatMap((value) => goldsOf(value) ?? []);
  return golds.length === 0 ? null : [...new Set(golds)];
};

const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const present = (row: Row): Result.Result<Found, Fault> =>
  Result.gen(function* () {
    const name = (plain: string) => `__${plain}__` in row ? `__${plain}__` : plain;
    const doc = yield* object(row, name("doc"));
    const indices = listOf(doc.gold_index);
    const choices = listOf(doc.choices);
    return {
      id: written(doc.id),
      part: taskIn(doc.task_name),
      question: yield* text(doc, "query"),
      golds: goldsIn((indices.length === 0 ? [0] : indices).map((index) => choices[Number(index)])),
      responses: yield* texts(yield* object(row, name("model_response")), "text"),
      metrics: row[name("metric")],
    };
  });

const former = (row: Row): Result.Result<Found, Fault> =>
  Result.gen(function* () {
    return {
      id: undefined,
      part: undefined,
      question: typeof row.example === "string" && row.example !== "" ? row.example : yield* text(row, "full_prompt"),
      golds: goldsIn(listOf(row.gold)),
      responses: yield* texts(row, "predictions"),
      metrics: row.metrics,
    };
  });

/** The verdict on a row's single response. */
const verdictOf = ({ responses, metrics }: Found, options: ReaderOptions) => {
  const named = isObject(metrics) ? Object.entries(metrics) : [];
  if (responses.length !== 1) return Result.succeed({});
  if (options.metric === undefined && named.length > 1) {
    options.tell(`no verdicts: there are ${named.map(([name]) => name).join(", ")}; --metric chooses`);
    return Result.succeed({});
  }
  return Result.map(
    metricOf(named, options),
    (metric) =>
      metric === undefined
        ? {}
        : { correct: metric[1], reason: `lighteval's ${metric[0]} is ${isObject(metrics) ? metrics[metric[0]] : ""}` },
  );
};

/** Details of lighteval. */
export const lighteval: Importer = {
  name: "lighteval",
  summary: "lighteval's details, as Parquet or lines",
  reader: (options) => {
    const { task, split } = options;
    const drawn = counter();
    const rows = counter();
    return (row, file) =>
      Result.gen(function* () {
        const found = yield* "doc" in row || "__doc__" in row ? present(row) : former(row);
        const { part = taskIn(partOf("details", file)), question, golds, responses } = found;
        const problemId = sourceName(options, part, found.id ?? rows(part ?? ""));
        const verdict = yield* verdictOf(found, options);
        return responses.map((responseText) => ({
          task,
          split,
          problemId,
          question,
          ...goldFields(golds),
          sampleIndex: drawn(problemId),
          responseText,
          ...verdict,
        }));
      });
  },
};
