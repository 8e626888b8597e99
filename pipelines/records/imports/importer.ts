/**
 * Somebody else's file of responses as records: a reader takes one row after the other and gives the responses in it. What a row must have and
 * has not is a fault that names the field.
 */
import { Result } from "effect";
import { createHash } from "node:crypto";

/** One JSON object of a file, or one row of a table. */
export type Row = Readonly<Record<string, unknown>>;

/** A response as it was found; what the file does not say is absent, `verify` and `show` take it as it is. */
export interface Imported {
  readonly task: string;
  readonly split: string;
  readonly problemId: string;
  readonly question?: string;
  readonly goldAnswer?: string;
  /** All accepted answers, the gold answer first, where there are several. */
  readonly goldAnswers?: ReadonlyArray<string>;
  readonly promptText?: string;
  readonly sampleIndex: number;
  readonly responseText: string;
  readonly finish?: "stop" | "length";
  /** The verdict of who wrote the file, where there is one. */
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

/** The responses of one row of a file of this name. */
export type Read = (row: Row, file: string) => Result.Result<ReadonlyArray<Imported>, Fault>;

/** What a reader is asked for, and whom it tells what people should hear. */
export interface ReaderOptions {
  readonly task: string;
  readonly split: string;
  /** The metric that says right or wrong (default: the file's first that can). */
  readonly metric?: string | undefined;
  /** Hears one line; the same line is shown once. */
  readonly tell: (line: string) => void;
}

/** A kind of file. */
export interface Importer {
  readonly name: string;
  readonly summary: string;
  /** A reader of files of one task; it counts the responses to each problem over all rows. */
  readonly reader: (of: ReaderOptions) => Read;
  /** The rows of a file that is no list of JSON objects, each with the line that it begins on; undefined where it is something else. */
  readonly rowsOfText?: (text: string) => ReadonlyArray<{ readonly line: number; readonly row: Row }> | undefined;
}

/** The name of a problem: its task and split, the part of the task where the file names one, and its number there. */
export const sourceName = (
  { task, split }: Pick<ReaderOptions, "task" | "split">,
  part: string | undefined,
  id: string | number,
): string => [task, split, ...(part === undefined || part === task ? [] : [part]), id].join("/");

/** The fields of accepted answers: the first, and all of them where there are several; none where the file names none. */
export const goldFields = (golds: ReadonlyArray<string> | null): Pick<Imported, "goldAnswer" | "goldAnswers"> =>
  golds === null ? {} : { goldAnswer: golds[0], ...(golds.length > 1 && { goldAnswers: golds }) };

/** The metric that says right or wrong among those of a row: the one asked for, else the first that can; undefined for none. */
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

/** What the metric that was asked for says of a row; undefined where none was asked for. */
export const askedVerdict = (row: Row, options: Pick<ReaderOptions, "metric" | "tell">) =>
  options.metric === undefined
    ? Result.succeed(undefined)
    : Result.map(metricOf([[options.metric, row[options.metric]]], options), (found) => found?.[1]);

/** Whether a value is an object with fields. */
export const isRow = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fault = (field: string, expected: string, found: unknown) => Result.fail<Fault>({ field, expected, found });

/** A field of text. */
export const text = (row: Row, field: string): Result.Result<string, Fault> => {
  const value = row[field];
  return typeof value === "string" ? Result.succeed(value) : fault(field, "a text", value);
};

/** A field that counts from 0. */
export const count = (row: Row, field: string): Result.Result<number, Fault> => {
  const value = typeof row[field] === "bigint" ? Number(row[field]) : row[field];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? Result.succeed(value)
    : fault(field, "a whole number, not negative", row[field]);
};

/** A field with fields of its own. */
export const object = (row: Row, field: string): Result.Result<Row, Fault> => {
  const value = row[field];
  return isRow(value) ? Result.succeed(value) : fault(field, "an object", value);
};

/** A field that lists texts. */
export const texts = (row: Row, field: string): Result.Result<ReadonlyArray<string>, Fault> => {
  const value = row[field];
  return Array.isArray(value) && value.every((one) => typeof one === "string")
    ? Result.succeed(value)
    : fault(field, "a list of texts", value);
};

/** Text or a finite number as text; undefined for all else. */
export const written = (value: unknown): string | undefined =>
  typeof value === "string"
    ? value
    : typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))
    ? `${value}`
    : undefined;

/** Right or wrong as programs write it: a boolean, 1 or 0; undefined for all else. */
export const judged = (value: unknown): boolean | undefined =>
  typeof value === "boolean"
    ? value
    : value === 1 || value === 1n
    ? true
    : value === 0 || value === 0n
    ? false
    : undefined;

/** What a score of a verifier says: 1 is right, 0 and -1 are wrong; a reward model's number says neither. */
export const verdictOfScore = (score: unknown): boolean | undefined => score === -1 ? false : judged(score);

/** The question within a chat whose special tokens are gone: what stands between `user` and `assistant`. */
export const questionOf = (input: string): string =>
  /(?:^|\n)user\n([^]*?)(?:\n?assistant\n|\nassistant$)/.exec(input)?.[1].trim() ?? input;

/** The name of the problem that asks `input`. */
export const nameOfInput = (program: string, input: string): string =>
  `${program}/${createHash("sha256").update(input).digest("hex").slice(0, 12)}`;

/** Counts how often each name came before. */
export const counter = (): (name: string) => number => {
  const seen = new Map<string, number>();
  return (name) => {
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before;
  };
};
