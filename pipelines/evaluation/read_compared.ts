/**
 * What `compare` reads: of an evaluation its responses, of a run those of one step its metrics and its tests. Of each problem only the counts and the first
 * response are kept.
 */
import { Effect, Stream } from "effect";
import { decodeLines } from "../records/ndjson.ts";
import { presentFields } from "../records/present_fields.ts";
import { decodeRecord } from "../records/record.ts";
import type { DynamicsRow } from "../records/rows.ts";
import { PageError } from "../reports/page/read_records.ts";
import { isRun } from "../reports/page/read_run.ts";
import { gradedSteps, responsesOfStep } from "../reports/responses/run_responses.ts";
import { runRows } from "../reports/run_rows.ts";
import { ShownRecord } from "../reports/responses/shown_record.ts";
import type { Failure } from "../settings/command.ts";
import { greedyFile } from "./sample_log.ts";
import { isEvaluation, sampleLines, storedFields } from "./read_evaluation.ts";

/** One problem: how many of its `n` responses are right, and the response with the smallest index. */
export interface ComparedProblem {
  readonly problemId: string;
  readonly n: number;
  readonly c: number;
  readonly first: ShownRecord;
}

/** A run or an evaluation; `metrics` are those of a run, `greedy` the greedy responses of an evaluation, where they were drawn besides. */
export interface Compared {
  readonly folder: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly problems: ReadonlyMap<string, ComparedProblem>;
  readonly greedy?: ReadonlyMap<string, ComparedProblem>;
  readonly metrics: ReadonlyArray<DynamicsRow>;
}

const refusal = (message: string) => new PageError({ message: `Cannot compare: ${message}` });

const added = (before: ComparedProblem | undefined, record: ShownRecord): ComparedProblem => {
  const isFirst = before === undefined || (record.sampleIndex ?? 0) < (before.first.sampleIndex ?? 0);
  return {
    problemId: record.problemId,
    n: (before?.n ?? 0) + 1,
    c: (before?.c ?? 0) + (record.correct === true ? 1 : 0),
    first: isFirst ? record : before.first,
  };
};

const problemsIn = Effect.fnUntraced(function* (
  file: string,
  lines: Stream.Stream<Uint8Array, Failure>,
): Effect.fn.Return<ReadonlyMap<string, ComparedProblem>, Failure> {
  const problems = new Map<string, ComparedProblem>();
  const needs = presentFields(ShownRecord, ["problemId", "responseText", "correct"]);
  const records = decodeLines(
    lines,
    file,
    (text, line) => decodeRecord(ShownRecord, needs, text, { source: file, line }),
  );
  yield* Stream.runForEach(
    records,
    (record) => Effect.sync(() => void problems.set(record.problemId, added(problems.get(record.problemId), record))),
  );
  return problems;
});

/** The latest step that all runs have graded responses of, or the step that is asked for. */
const commonStep = Effect.fnUntraced(function* (
  runs: ReadonlyArray<string>,
  step: number,
): Effect.fn.Return<number, Failure> {
  const steps = yield* Effect.forEach(runs, gradedSteps);
  const common = steps[0].filter((one) => steps.every((some) => some.includes(one)));
  const latest = common[common.length - 1];
  if (latest === undefined) return yield* refusal("the runs have no graded step in common");
  const lacking = runs.find((_, i) => step > 0 && !steps[i].includes(step));
  if (lacking === undefined) return step > 0 ? step : latest;
  return yield* refusal(`--step ${step}: "${lacking}" has no graded responses of it; the latest of all is ${latest}`);
});

const readRunOf = Effect.fnUntraced(function* (folder: string, step: number): Effect.fn.Return<Compared, Failure> {
  const { file, lines } = yield* responsesOfStep(folder, step);
  return {
    folder,
    fields: yield* storedFields(folder),
    problems: yield* problemsIn(file, lines),
    metrics: (yield* runRows(folder)).rows,
  };
});

const readEvaluationOf = Effect.fnUntraced(function* (folder: string): Effect.fn.Return<Compared, Failure> {
  const { file, lines } = yield* sampleLines(folder);
  const greedy = yield* sampleLines(folder, greedyFile);
  return {
    folder,
    fields: yield* storedFields(folder),
    problems: yield* problemsIn(file, lines),
    ...greedy.isWhole && { greedy: yield* problemsIn(greedy.file, greedy.lines) },
    metrics: [],
  };
});

/** All that is compared, runs or evaluations; `step` is whose responses of runs are read, undefined for evaluations. */
export const readCompared = Effect.fn("Compare.read")(function* (
  folders: ReadonlyArray<string>,
  step: number,
): Effect.fn.Return<{ readonly step: number | undefined; readonly all: ReadonlyArray<Compared> }, Failure> {
  const kinds = yield* Effect.forEach(folders, (folder) =>
    Effect.map(
      Effect.all([isEvaluation(folder), isRun(folder)]),
      ([evaluation, run]) => evaluation ? "an evaluation" : run ? "a run" : undefined,
    ));
  const strange = kinds.indexOf(undefined);
  if (strange >= 0) {
    return yield* refusal(
      `"${folders[strange]}" holds neither config.json and steps, as a run, nor samples.ndjson, as an evaluation`,
    );
  }
  const other = kinds.findIndex((kind) => kind !== kinds[0]);
  if (other >= 0) {
    return yield* refusal(
      `"${folders[0]}" is ${kinds[0]} and "${folders[other]}" is ${
        kinds[other]
      }; deno task evaluate makes an evaluation of a run's model`,
    );
  }
  if (kinds[0] === "a run") {
    const common = yield* commonStep(folders, step);
    return { step: common, all: yield* Effect.forEach(folders, (folder) => readRunOf(folder, common)) };
  }
  if (step > 0) return yield* refusal(`--step ${step}: "${folders[0]}" is no run`);
  return { step: undefined, all: yield* Effect.forEach(folders, readEvaluationOf) };
});

/** The same problem of each that is compared, in their order. */
type ProblemRow = ReadonlyArray<ComparedProblem>;

const named = (all: ReadonlyArray<Compared>): ReadonlyArray<ProblemRow> =>
  [...all[0].problems.keys()].filter((name) => all.every(({ problems }) => problems.has(name)))
    .map((name) => all.flatMap(({ problems }) => problems.get(name) ?? []));

const isAskedDifferently = (row: ProblemRow): boolean =>
  row.some(({ first }) => first.question !== row[0].first.question);

/** The problems that the steps of all runs drew, in the order of the first. Other data may call another problem by the same name. */
export const drawnByAll = (all: ReadonlyArray<Compared>): ReadonlyArray<ProblemRow> =>
  named(all).filter((row) => !isAskedDifferently(row));

/** The problems that all evaluations have, in the order of the first; fails where there are none, or where two ask one problem differently. */
export const commonProblems = (all: ReadonlyArray<Compared>): Effect.Effect<ReadonlyArray<ProblemRow>, PageError> => {
  const [first] = all;
  const rows = named(all);
  if (rows.length === 0) {
    return Effect.fail(refusal(`no problem is in all of ${all.map(({ folder }) => `"${folder}"`).join(", ")}`));
  }
  const odd = rows.find(isAskedDifferently);
  if (odd === undefined) return Effect.succeed(rows);
  const at = odd.findIndex(({ first }) => first.question !== odd[0].first.question);
  const [here, there] = [first.folder, all[at].folder];
  return Effect.fail(refusal(`problem "${odd[0].problemId}" has one question in "${here}" and another in "${there}"`));
};

/** The greedy responses to some problems, of each that is compared; undefined where one of them lacks some. */
export const commonGreedy = (
  all: ReadonlyArray<Compared>,
  rows: ReadonlyArray<ProblemRow>,
): ReadonlyArray<ReadonlyArray<ComparedProblem>> | undefined => {
  const models = all.map(({ greedy }) => rows.flatMap(([{ problemId }]) => greedy?.get(problemId) ?? []));
  return models.every(({ length }) => length === rows.length) ? models : undefined;
};
