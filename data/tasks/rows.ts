/**
 * Parses rows of a Parquet or JSONL file into problems. Two layouts are known: verl's, as in the paper's published files (`prompt`, one
 * user message after an optional system message, which is skipped; `reward_model.ground_truth`), and plain (`problem` or `question`;
 * `answer`, `goldAnswer` or `solution`). If a row accepts several answers (`golds.ts`), the first is the gold answer and all are kept
 * beside it. A missing field or wrong type is an error that names file, row, field and value.
 */
import type { Dropped, Parsed, Problem, RowError } from "../task.ts";
import { isObject } from "../is_object.ts";
import { afterHashes } from "../grading/boxed.ts";
import { goldOfSolution } from "./gold.ts";
import { goldsOf } from "./golds.ts";

/** The field read first for the gold answer: the last box of `solution`, or `answer` as it is. */
export type GoldFrom = "solution" | "answer";

type Row = Readonly<Record<string, unknown>>;

/** The value at a path such as `reward_model.ground_truth.target`, or undefined. */
function at(row: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    if (Array.isArray(value)) return value[Number(name)];
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }, row);
}

/** The first of these paths that has a value, with the value. */
function first(row: unknown, paths: ReadonlyArray<string>): { path: string; value: unknown } {
  const path = paths.find((candidate) => at(row, candidate) !== undefined && at(row, candidate) !== null);
  return path === undefined ? { path: paths.join(" or "), value: undefined } : { path, value: at(row, path) };
}

const questions = ["problem", "question", "prompt.0.content"];
const answers = [
  "answer",
  "goldAnswer",
  "gold_answer",
  "reward_model.ground_truth.target",
  "reward_model.ground_truth",
  "target",
];
const solutions = ["solution", "reward_model.ground_truth.solution"];

/** The solution and the target of a row as stored; null if missing. */
export function fieldsOf(row: unknown): { readonly solution: string | null; readonly target: string | null } {
  return { solution: text(first(row, solutions).value), target: text(first(row, answers).value) };
}

const instructing: ReadonlyArray<unknown> = ["system", "developer"];

/** The question of a row and its path; `expected` describes a valid question for the error message. */
function asked(row: Row): { readonly path: string; readonly value: unknown; readonly expected: string } {
  const { prompt } = row;
  const plain = first(row, Array.isArray(prompt) ? questions.slice(0, -1) : questions);
  if (plain.value === undefined && typeof prompt === "string") {
    return { path: "prompt", value: prompt, expected: "text" };
  }
  if (plain.value !== undefined || !Array.isArray(prompt)) return { ...plain, expected: "text" };
  const said = prompt.flatMap((message, i) => instructing.includes(at(message, "role")) ? [] : [{ message, i }]);
  const role = at(said[0]?.message, "role") ?? "user";
  if (said.length !== 1 || role !== "user") {
    return { path: "prompt", value: prompt, expected: "one user message, after system messages or none" };
  }
  return { path: `prompt.${said[0].i}.content`, value: at(said[0].message, "content"), expected: "text" };
}

/** A text, a finite number or a bigint as text; null for other values. */
function text(value: unknown): string | null {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value)) ? `${value}` : null;
}

/** A value in an error message: shortened JSON. */
function shown(value: unknown): string {
  const json = JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "nothing";
  return json.length > 80 ? `${json.slice(0, 79)}…` : json;
}

/** Parses rows into problems named `${prefix}/${row}`, counted from 0 as stored. Rows with an empty gold answer are dropped and listed. */
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
    if (!isObject(value)) return wrong("row", value, "an object");
    const { path, value: found, expected } = asked(value);
    const question = expected === "text" ? text(found) : null;
    if (question === null || question.trim() === "") return wrong(path, found, expected);
    const solution = first(value, solutions);
    const answer = first(value, answers);
    const solved = ofSolution(solution.value);
    const given = goldsOf(answer.value);
    const golds = from.gold === "solution" ? solved ?? given : given ?? solved;
    if (golds === null) {
      return solution.value === undefined
        ? wrong(answer.path, answer.value, "text or a number")
        : wrong(solution.path, solution.value, "text with a \\boxed answer");
    }
    const problemId = `${from.prefix}/${row}`;
    const [goldAnswer, ...others] = golds.filter((gold) => gold.trim() !== "");
    if (goldAnswer === undefined) dropped.push({ problemId, reason: "the gold answer is empty" });
    else {
      const several = others.length === 0 ? {} : { goldAnswers: [goldAnswer, ...others] };
      problems.push({ problemId, question, goldAnswer, ...several, ...meta(value) });
    }
  }
  return { ok: true, problems, dropped };
}

/** The gold answers of a solution: its boxes, else the text after GSM8K's `####`. */
function ofSolution(solution: unknown): ReadonlyArray<string> | null {
  if (typeof solution !== "string") return null;
  const gold = goldOfSolution(solution)?.answer ?? afterHashes(solution);
  return gold === null ? null : [gold];
}

/** Fields that a report may group by: the level and the subject, if present. */
function meta(row: Row): { readonly meta?: Readonly<Record<string, string>> } {
  const found = ["level", "type", "subject"].flatMap((name) => {
    const value = text(row[name]);
    return value === null ? [] : [[name, value] as const];
  });
  return found.length === 0 ? {} : { meta: Object.fromEntries(found) };
}
