/**
 * The details of lighteval (`--save-details`), Parquet or lines: a row a problem with `doc` (`query`, `choices`, `gold_index`, `id`),
 * `model_response` (`text`, a list of responses) and `metric`, in some versions with two underscores around each name; in older ones `example` or
 * `full_prompt`, `gold`, `predictions` and `metrics`. A metric is about the whole row, so it is a verdict only where there is one response and one metric that is 0 or 1.
 */
import { Result } from "effect";
import {
  counter,
  type Fault,
  type Importer,
  isRow,
  judged,
  object,
  type Row,
  text,
  texts,
  written,
} from "./importer.ts";

interface Found {
  readonly id: string | undefined;
  readonly question: string;
  readonly gold: string | undefined;
  readonly responses: ReadonlyArray<string>;
  readonly metrics: unknown;
}

const listOf = (value: unknown): ReadonlyArray<unknown> =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

const present = (row: Row): Result.Result<Found, Fault> =>
  Result.gen(function* () {
    const name = (plain: string) => `__${plain}__` in row ? `__${plain}__` : plain;
    const doc = yield* object(row, name("doc"));
    const [index = 0] = listOf(doc.gold_index);
    return {
      id: written(doc.id),
      question: yield* text(doc, "query"),
      gold: written(listOf(doc.choices)[Number(index)]),
      responses: yield* texts(yield* object(row, name("model_response")), "text"),
      metrics: row[name("metric")],
    };
  });

const former = (row: Row): Result.Result<Found, Fault> =>
  Result.gen(function* () {
    return {
      id: undefined,
      question: typeof row.example === "string" && row.example !== "" ? row.example : yield* text(row, "full_prompt"),
      gold: written(listOf(row.gold)[0]),
      responses: yield* texts(row, "predictions"),
      metrics: row.metrics,
    };
  });

/** The verdict on the one response of a row. */
const verdictOf = ({ responses, metrics }: Found) => {
  const named = isRow(metrics) ? Object.entries(metrics) : [];
  const correct = responses.length === 1 && named.length === 1 ? judged(named[0][1]) : undefined;
  return correct === undefined ? {} : { correct, reason: `lighteval's ${named[0][0]} is ${named[0][1]}` };
};

/** Details of lighteval. */
export const lighteval: Importer = {
  name: "lighteval",
  summary: "lighteval's details, as Parquet or lines",
  reader: ({ task, split }) => {
    const drawn = counter();
    const rows = counter();
    return (row) =>
      Result.map("doc" in row || "__doc__" in row ? present(row) : former(row), (found) => {
        const { id = `${rows("")}`, question, gold, responses } = found;
        const problemId = `${task}/${split}/${id}`;
        return responses.map((responseText) => ({
          task,
          split,
          problemId,
          question,
          ...(gold !== undefined && { goldAnswer: gold }),
          sampleIndex: drawn(problemId),
          responseText,
          ...verdictOf(found),
        }));
      });
  },
};
