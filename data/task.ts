/**
 * Types of problems and tasks: the source of the problems, their prompts, and the grader. A task is a plain value; `data/mod.ts` lists all
 * of them. All tasks are pure; `pipelines/files/source.ts` reads their files.
 */

/** The splits of a task. */
export type Split = "train" | "test";

/**
 * One problem. `problemId` is its permanent name (and that of its group), `question` is plain text without a template, `goldAnswers` are
 * all accepted answers, including the gold answer, if there are several.
 */
export interface Problem {
  readonly problemId: string;
  readonly question: string;
  readonly goldAnswer: string;
  readonly goldAnswers?: ReadonlyArray<string>;
  readonly meta?: Readonly<Record<string, string>>;
}

/**
 * How an answer is extracted from a response: `strict` reads a box only, `lenient` falls back to the last number, `paper` grades as the
 * paper's authors do.
 */
export type Extraction = "strict" | "lenient" | "paper";

/** The form in which a mathematical gold answer was read; a number is any formula without variables. */
export type GoldForm =
  | "number"
  | "expression"
  | "relation"
  | "percent"
  | "ratio"
  | "base-n"
  | "plus-minus"
  | "list"
  | "set"
  | "tuple"
  | "interval"
  | "matrix"
  | "choice"
  | "text"
  | "empty";

/** A grader's result: the extracted answer (null if there is none), whether it is right, and the reason, for a reader. */
export interface Grade {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly reason: string;
  /** The form of the gold answer, if the task reads it. */
  readonly goldForm?: GoldForm;
}

/** A row or line that is no valid problem: its place, field and value. */
export interface RowError {
  readonly file: string;
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** A problem that no response can solve, with the reason why it is dropped. */
export interface Dropped {
  readonly problemId: string;
  readonly reason: string;
}

/** The problems of a file in their stored order, or the first row that cannot be read. */
export type Parsed =
  | { readonly ok: true; readonly problems: ReadonlyArray<Problem>; readonly dropped: ReadonlyArray<Dropped> }
  | { readonly ok: false; readonly error: RowError };

/**
 * Problems generated without a download: `problems` gives the first `count` of a split, at most its size, under a seed (default: the published
 * problems). Fewer of them are the first of more. With `alike` a task that has `alikeBy` keeps at most so many of a group.
 */
export interface Generated {
  readonly kind: "generated";
  readonly sizes: Readonly<Record<Split, number>>;
  readonly problems: (split: Split, count: number, seed?: number, alike?: number) => ReadonlyArray<Problem>;
}

/** Problems from files: `folder` under the data folder holds `train` and `test`; null if the user names a file. */
export interface Files {
  readonly kind: "files";
  readonly folder: string | null;
  readonly parse: (rows: ReadonlyArray<unknown>, from: { readonly file: string; readonly split: Split }) => Parsed;
}

/** A grader's input: the problem, and the prompt if it is known, since a prompt may open a thought that the response must end. */
export type AskedQuestion = Pick<Problem, "question" | "goldAnswer"> & { readonly promptText?: string | undefined };

/** A task: a source of problems, the ways to ask one, and the grader. */
export interface Task {
  readonly name: string;
  readonly summary: string;
  readonly splits: ReadonlyArray<Split>;
  readonly source: Generated | Files;
  /** The template names; the first is the default. */
  readonly templates: readonly [string, ...ReadonlyArray<string>];
  /** Whether a model's own chat template is used if no template is named. */
  readonly prefersChat?: boolean;
  /** The text of the prompt, or null if the task has no such template. */
  readonly promptText: (problem: Pick<Problem, "question">, template?: string) => string | null;
  readonly grade: (
    problem: AskedQuestion,
    responseText: string,
    mode: Extraction,
  ) => Grade;
  /** Whether the mode of extraction (`--extract`) changes a grade. */
  readonly extracts?: boolean;
  /** What problems have in common that are alike, such as their numbers: a study that resamples problems draws them together. */
  readonly alikeBy?: (problem: Pick<Problem, "question">) => string;
  /** Named subsets of the problems that are measured separately. */
  readonly slices?: Readonly<Record<string, (problem: Pick<Problem, "question">) => boolean>>;
  /** The words of responses, separated by spaces, if the task fixes them. */
  readonly responseWords?: string;
  /** The maximum number of response tokens, if the task bounds it. */
  readonly defaultMaxTokens?: number;
  /** The maximum number of prompt tokens, if the task bounds it. */
  readonly maxPromptTokens?: number;
}
