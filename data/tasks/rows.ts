/**
 * Rows of a data file, as Parquet and JSONL give them, read into problems. Two layouts are known: the published files of the paper
 * (`prompt[0].content`, `reward_model.ground_truth`) and plain ones (`problem` or `question`; `answer`, `goldAnswer` or
 * `solution`). A field that is missing or of the wrong type is an error that names file, row, field and value.
 */
import type { Dropped, Parsed, Problem, RowError } from "../task.ts";
import { goldOfSolution } from "./gold.ts";

/** Where the gold answer is looked for first: in the boxes that end `solution`, or in `answer` as it stands. */
export type GoldFrom = "solution" | "answer";

type Row = Readonly<Record<string, unknown>>;

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path such as `reward_model.ground_truth.target`, or undefined. */
function at(row: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return value[Number(name)];
    return isRow(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }, row);
}

/** The first of these paths that holds something, with what it holds. */
function first(row: unknown, paths: ReadonlyArray<string>): { path: string; value: unknown } {
  const path = paths.find((candidate) => at(row, candidate) !== undefined && at(row, candidate) !== null);
  return path === undefined ? { path: paths.join(" or "), value: undefined } : { path, value: at(row, path) };
}

const questions = ["problem", "question", "prompt.0.content"];
const answers = ["answer", "goldAnswer", "gold_answer", "reward_model.ground_truth.target", "target"];
const solutions = ["solution", "reward_model.ground_truth.solution"];

/** The solution and the target of a row as they are stored; null where there is no such text. */
export function fieldsOf(row: unknown): { readonly solution: string | null; readonly target: string | null } {
  return { solution: text(first(row, solutions).value), target: text(first(row, answers).value) };
}

/** A finite number or a whole bigint is written out; every other value that is not text has no text. */
function text(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value)) ? `${value}` : null;
}

/** The value as it stands in the error message: shortened JSON. */
function shown(value: unknown): string {
  const json = JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "nothing";
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
}

/** Reads rows into problems named `${prefix}/${row}`, rows counted from 0 as stored; rows with an empty gold answer are dropped and listed. */
export function parseRows(
  rows: ReadonlyArray<unknown>,
  from: { file: string; prefix: string; gold: GoldFrom },
): Parsed {
  const problems: Array<Problem> = [];
  const dropped: Array<Dropped> = [];
  for (const [row, value] of rows.entries()) {
    const wrong = (field: string, found: unknown, expected: string): Parsed => {
      const error: RowError = {
        file: from.file,
        row,
        field,
        value: shown(found),
        message: `Cannot read row ${row} of "${from.file}": expected "${field}" to be ${expected}, found ${
          shown(found)
        }`,
      };
      return { ok: false, error };
    };
    if (!isRow(value)) return wrong("row", value, "an object");
    const asked = first(value, questions);
    const question = text(asked.value);
    if (question === null || question.trim() === "") return wrong(asked.path, asked.value, "text");
    const solution = first(value, solutions);
    const answer = first(value, answers);
    const box = typeof solution.value === "string" ? goldOfSolution(solution.value)?.answer ?? null : null;
    const gold = from.gold === "solution" ? box ?? text(answer.value) : text(answer.value) ?? box;
    if (gold === null) {
      return solution.value === undefined
        ? wrong(answer.path, answer.value, "text or a number")
        : wrong(solution.path, solution.value, "text with a \\boxed answer");
    }
    const problemId = `${from.prefix}/${row}`;
    if (gold.trim() === "") dropped.push({ problemId, reason: "the gold answer is empty" });
    else problems.push({ problemId, question, goldAnswer: gold, ...meta(value) });
  }
  return { ok: true, problems, dropped };
}

/** What a report may group by: the level, the subject, where the row has them. */
function meta(row: Row): { readonly meta?: Readonly<Record<string, string>> } {
  const found = ["level", "type", "subject"].flatMap((name) => {
    const value = text(row[name]);
    return value === null ? [] : [[name, value] as const];
  });
  return found.length === 0 ? {} : { meta: Object.fromEntries(found) };
}
