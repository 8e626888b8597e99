/**
 * What a problem is and what a task offers: where its problems come from, how a problem is asked and when a response is
 * right. A task is a plain value; `data/mod.ts` lists them. Everything here is pure but for the files that
 * `pipelines/files/source.ts` reads.
 */

/** The two halves of a task: what is trained on and what is measured on. */
export type Split = "train" | "test";

/**
 * One problem: `problemId` names it for good (and makes the group), `question` is bare text without a template; `goldAnswers` are all accepted
 * answers, the gold answer among them, where there are several.
 */
export interface Problem {
  readonly problemId: string;
  readonly question: string;
  readonly goldAnswer: string;
  readonly goldAnswers?: ReadonlyArray<string>;
  readonly meta?: Readonly<Record<string, string>>;
}

/**
 * How an answer is found in a response: `strict` reads a box and nothing else, `lenient` falls back to the last number, `paper` grades as the
 * paper's authors do.
 */
export type Extraction = "strict" | "lenient" | "paper";

/** What a gold answer of mathematics was read as; a number is any formula without variables. */
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

/** A grader's finding: the answer it read (null where there is none), whether it is right, and why, for a person to read. */
export interface Grade {
  readonly answer: string | null;
  readonly correct: boolean;
  readonly reason: string;
  /** What the gold answer was read as, where the task reads it. */
  readonly goldForm?: GoldForm;
}

/** What a row or a line says that cannot become a problem: where it stands, which field, and the value found. */
export interface RowError {
  readonly file: string;
  readonly row: number;
  readonly field: string;
  readonly value: string;
  readonly message: string;
}

/** A problem that a file holds but that no response could solve, with the reason why it is left out. */
export interface Dropped {
  readonly problemId: string;
  readonly reason: string;
}

/** The problems of a file in their stored order, or the first row that cannot be read. */
export type Parsed =
  | { readonly ok: true; readonly problems: ReadonlyArray<Problem>; readonly dropped: ReadonlyArray<Dropped> }
  | { readonly ok: false; readonly error: RowError };

/** Problems that are made: nothing to download, any number of them, the same for the same seed. */
export interface Generated {
  readonly kind: "generated";
  readonly problems: (split: Split, count?: number, seed?: number) => ReadonlyArray<Problem>;
}

/** Problems that are read: `folder` under the data folder holds `train` and `test`; null means that the user names a file. */
export interface Files {
  readonly kind: "files";
  readonly folder: string | null;
  readonly parse: (rows: ReadonlyArray<unknown>, from: { readonly file: string; readonly split: Split }) => Parsed;
}

/** What a grader sees: the problem, and the prompt where it is known, since a prompt may open a thought that the response has to end. */
export type AskedQuestion = Pick<Problem, "question" | "goldAnswer"> & { readonly promptText?: string | undefined };

/** A task: a source of problems, the ways to ask one, and the grader. */
export interface Task {
  readonly name: string;
  readonly summary: string;
  readonly splits: ReadonlyArray<Split>;
  readonly source: Generated | Files;
  /** The names that `promptText` takes; the first is the default. */
  readonly templates: readonly [string, ...ReadonlyArray<string>];
  /** Whether a model that has a chat template is asked by it where nobody names a template. */
  readonly prefersChat?: boolean;
  /** The text of the prompt, or null where the task has no template of that name. */
  readonly promptText: (problem: Pick<Problem, "question">, template?: string) => string | null;
  readonly grade: (
    problem: AskedQuestion,
    responseText: string,
    mode: Extraction,
  ) => Grade;
  /** Parts of the problems that are worth measuring apart, by name. */
  readonly slices?: Readonly<Record<string, (problem: Pick<Problem, "question">) => boolean>>;
  /** The words that responses are made of, with spaces between, where the task itself fixes them. */
  readonly responseWords?: string;
  /** Tokens that a response may have, where the task itself bounds them. */
  readonly defaultMaxTokens?: number;
  /** Tokens that a prompt has at most, where the task itself bounds them. */
  readonly maxPromptTokens?: number;
}
