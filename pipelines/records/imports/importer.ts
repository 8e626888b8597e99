/**
 * Imports other programs' response files as records. A reader takes row after row and returns their responses. A missing or wrong field is
 * a fault that names the field.
 */
import { Result } from "effect";
import { createHash } from "node:crypto";
import { isObject } from "../../../data/is_object.ts";

/** One JSON object of a file, or one row of a table. */
export type Row = Readonly<Record<string, unknown>>;

/** A response as found; fields that the file lacks are absent. `verify` and `show` accept it. */
export interface Imported {
  readonly task: string;
  readonly split: string;
  readonly problemId: string;
  readonly question?: string;
  readonly goldAnswer?: string;
  /** All accepted answers, the gold answer first, if there are several. */
  readonly goldAnswers?: ReadonlyArray<string>;
  readonly promptText?: string;
  readonly sampleIndex: number;
  readonly responseText: string;
  readonly finish?: "stop" | "length";
  /** The verdict in the file, if it has one. */
  readonly answer?: string | null;
  readonly correct?: boolean;
  readonly reason?: string;
}

/** A field that cannot be used. */
export interface Fault {
  readonly field: string;
  readonly expected: string;
  readonly found: unknown;
}

/** Reads the responses in one row of the named file. */
export type Read = (row: Row, file: string) => Result.Result<ReadonlyArray<Imported>, Fault>;

/** A reader's options and its channel for messages. */
export interface ReaderOptions {
  readonly task: string;
  readonly split: string;
  /** The metric that decides right or wrong (default: the file's first suitable one). */
  readonly metric?: string | undefined;
  /** Receives one line; repeated lines are shown once. */
  readonly tell: (line: string) => void;
}

/** A file format. */
export interface Importer {
  readonly name: string;
  readonly summary: string;
  /** Makes a reader for the files of one task; it counts the responses per problem over all rows. */
  readonly reader: (of: ReaderOptions) => Read;
  /** Splits a file that is not JSON into rows, each with its first line number; undefined for another format. */
  readonly rowsOfText?: (text: string) => ReadonlyArray<{ readonly line: number; readonly row: Row }> | undefined;
}

/** The name of a problem: task and split, the subtask if the file names one, and its index there. */
export const sourceName = (
  { task, split }: Pick<ReaderOptions, "task" | "split">,
  part: string | undefined,
  id: string | number,
): string => [task, split, ...(part === undefined || part === task ? [] : [part]), id].join("/");

/** The fields of accepted answers: the first, and all if there are several; empty if the file has none. */
export const goldFields = (golds: ReadonlyArray<string> | null): Pick<Imported, "goldAnswer" | "goldAnswers"> =>
  golds === null ? {} : { goldAnswer: golds[0], ...(golds.length > 1 && { goldAnswers: golds }) };

/** The metric that decides right or wrong in a row: the requested one, else the first suitable one, or undefined. */
export const metricOf = (
  metrics: ReadonlyArray<readonly [string, unknown]>,
  { metric, tell }: Pick<ReaderOptions, "metric" | "tell">,
): Result.Result<readonly [string, boolean] | undefined, Fault> => {
  if (metric !== undefined) {
    const value = metrics.find(([name]) => name === metric)?.[1];
    const right = judged(value);
    return right === undefined
      ? fault(metric, "true, false, 1 or 0 (--metric)", value)
      : Result.succeed([metric, right]);
  }
  const able = metrics.flatMap(([name, value]) => {
    const right = judged(value);
    return right === undefined ? [] : [[name, right] as const];
  });
  if (able.length > 1) {
    tell(`right and wrong are by "${able[0][0]}", of ${able.map(([name]) => name).join(", ")}; --metric chooses`);
  }
  return Result.succeed(able[0]);
};

/** A row's verdict by the requested metric; undefined if none was requested. */
export const askedVerdict = (row: Row, options: Pick<ReaderOptions, "metric" | "tell">) =>
  options.metric === undefined
    ? Result.succeed(undefined)
    : Result.map(metricOf([[options.metric, row[options.metric]]], options), (found) => found?.[1]);

const fault = (field: string, expected: string, found: unknown) => Result.fail<Fault>({ field, expected, found });

/** Reads a text field. */
export const text = (row: Row, field: string): Result.Result<string, Fault> => {
  const value = row[field];
  return typeof value === "string" ? Result.succeed(value) : fault(field, "a text", value);
};

/** Reads a field with an integer from 0. */
export const count = (row: Row, field: string): Result.Result<number, Fault> => {
  const value = typeof row[field] === "bigint" ? Number(row[field]) : row[field];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? Result.succeed(value)
    : fault(field, "a whole number, not negative", row[field]);
};

/** Reads an object field. */
export const object = (row: Row, field: string): Result.Result<Row, Fault> => {
  const value = row[field];
  return isObject(value) ? Result.succeed(value) : fault(field, "an object", value);
};

/** Reads a field with a list of texts. */
export const texts = (row: Row, field: string): Result.Result<ReadonlyArray<string>, Fault> => {
  const value = row[field];
  return Array.isArray(value) && value.every((one) => typeof one === "string")
    ? Result.succeed(value)
    : fault(field, "a list of texts", value);
};

/** A text, or a finite number as text; undefined for other values. */
export const written = (value: unknown): string | undefined =>
  typeof value === "string"
    ? value
    : typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))
    ? `${value}`
    : undefined;

/** A boolean, 1 or 0 as a verdict; undefined for other values. */
export const judged = (value: unknown): boolean | undefined =>
  typeof value === "boolean"
    ? value
    : value === 1 || value === 1n
    ? true
    : value === 0 || value === 0n
    ? false
    : undefined;

/** The verdict of a verifier's score: 1 is right, 0 and -1 are wrong; other scores, from a reward model, give none. */
export const verdictOfScore = (score: unknown): boolean | undefined => score === -1 ? false : judged(score);

/** The finite number in the field `score`. */
export const scoreOf = ({ score }: Row): Result.Result<number, Fault> =>
  typeof score === "number" && Number.isFinite(score) ? Result.succeed(score) : fault("score", "a number", score);

/** The question in a chat without its special tokens: the text between `user` and `assistant`. */
const questionOf = (input: string): string =>
  /(?:^|\n)user\n([^]*?)(?:\n?assistant\n|\nassistant$)/.exec(input)?.[1].trim() ?? input;

/** What a row says about its response: the accepted answers, the program's own verdict, and the field that it is by. */
interface Judgement {
  readonly golds: ReadonlyArray<string> | null;
  readonly correct: boolean | undefined;
  readonly by: string;
  readonly answer?: string | null;
}

/**
 * A reader of files with one response a row: its prompt in the field `prompt`, its text in `output`. All responses to one prompt are one problem,
 * named by the prompt's hash. A requested metric goes before the program's own verdict.
 */
export const byPrompt = (
  importer: string,
  program: string,
  prompt: string,
  judge: (row: Row) => Result.Result<Judgement, Fault>,
): Importer["reader"] =>
(options) => {
  const { task, split, metric } = options;
  const drawn = counter();
  return (row) =>
    Result.gen(function* () {
      const promptText = yield* text(row, prompt);
      const responseText = yield* text(row, "output");
      const { golds, answer, ...own } = yield* judge(row);
      const problemId = `${importer}/${createHash("sha256").update(promptText).digest("hex").slice(0, 12)}`;
      const correct = (yield* askedVerdict(row, options)) ?? own.correct;
      const by = metric ?? own.by;
      return [{
        task,
        split,
        problemId,
        question: questionOf(promptText),
        ...goldFields(golds),
        promptText,
        sampleIndex: drawn(problemId),
        responseText,
        ...(answer !== undefined && { answer }),
        ...(correct !== undefined && { correct, reason: `${program}'s ${by} is ${row[by]}` }),
      }];
    });
};

/** The task in the name of a file of details, `PREFIX_TASK_DATE.jsonl`, if it has one; `prefix` is `details` or `samples`. */
export const partOf = (prefix: string, file: string): string | undefined =>
  new RegExp(`^${prefix}_(.+?)(?:_\\d{4}-\\d{2}-\\d{2}T[\\d.:-]+)?\\.\\w+$`).exec(file)?.[1];

/** Counts the earlier occurrences of each name. */
export const counter = (): (name: string) => number => {
  const seen = new Map<string, number>();
  return (name) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before;
  };
};
