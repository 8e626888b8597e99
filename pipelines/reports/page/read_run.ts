/**
 * Reads a run directory for a page: its metrics and tests, some responses at its first, middle and last step, and one prompt's records in one step.
 * The records of a step may be larger than memory, so only the lines of the chosen prompts are kept.
 */
import { stepFolder } from "../../files/run_directory.ts";
import { Effect, Option, Result } from "effect";
import { basename, join, resolve } from "node:path";
import { trainSettings } from "../../training/run_config.ts";
import type { Failure } from "../../settings/command.ts";
import { recordedValues } from "../../settings/setting.ts";
import { openTokenizer } from "../../models/tokenizer.ts";
import * as Records from "../../records/schema.ts";
import { FlatRow } from "../../records/rows.ts";
import { type FileLine, PageError, recordsOf, scan, type Scanned } from "./read_records.ts";
import { recordedSteps } from "../responses/run_responses.ts";
import { exists, type FileError, namesIn } from "../../files/text_file.ts";
import { runRows } from "../run_rows.ts";
import type { SampledGroup } from "./responses_section.ts";
import type { RunHtml } from "./run_html.ts";
import { piecesOf } from "./token_text.ts";
import type { Walk } from "./walk.ts";

/** The shown part of a run: a step (0: the first recorded one) and a problem by its name or the end of it. */
export interface RunSelection {
  readonly step: number;
  readonly problem: string | undefined;
  /** Steps that responses are shown of, at even distances from the first to the last. */
  readonly shownSteps?: number;
  /** Prompts of the newest graded step whose responses are shown, and nothing else, whatever the step: what is new of a run that goes on. */
  readonly newest?: number;
}

/** `count` items of a list at even distances, with the first and the last. */
const spreadOf = <A>(list: ReadonlyArray<A>, count: number): ReadonlyArray<A> => [
  ...new Set(
    Array.from({ length: count }, (_, i) => list[count === 1 ? 0 : Math.floor(i * (list.length - 1) / (count - 1))]),
  ),
];

/** Responses shown per prompt and verdict. */
const ofEach = 2;

/** The first field `problemId` of a line; inside a string its quotes would be escaped. */
const problemOf = (line: string): string | undefined => /"problemId":("(?:[^"\\]|\\.)*")/.exec(line)?.[1];

interface Group {
  readonly problem: string;
  readonly right: number;
  readonly wrong: number;
}

/** The prompts of a step, by their names as in the lines, with their numbers of correct and incorrect responses. */
const groupsOf = Effect.fnUntraced(
  function* (run: string, step: number): Effect.fn.Return<ReadonlyArray<Group>, Failure> {
    const groups = new Map<string, { right: number; wrong: number }>();
    yield* scan(run, join(stepFolder(step), "reward.ndjson"), (line) => {
      const problem = problemOf(line);
      if (problem === undefined) return false;
      const group = groups.get(problem) ?? { right: 0, wrong: 0 };
      groups.set(problem, group);
      group[/"correct":true[,}]/.test(line) ? "right" : "wrong"]++;
      return false;
    });
    return Array.from(groups, ([problem, counts]) => ({ problem, ...counts }));
  },
);

const isMixed = ({ right, wrong }: Group): boolean => right > 0 && wrong > 0;

/** The first prompt with both correct and incorrect responses, else the first. */
const mixed = (groups: ReadonlyArray<Group>): Group | undefined => groups.find(isMixed) ?? groups[0];

type Pieces = Walk["pieces"];

/** The text of tokens, by the tokenizer of the run's newest weights or of its base; without one, their ids. */
const piecesFor = Effect.fnUntraced(function* (run: string, base: unknown): Effect.fn.Return<Pieces, Failure> {
  const checkpoints = yield* namesIn(join(run, "checkpoints"));
  const folders = [
    join(run, "model"),
    ...checkpoints.toReversed().map((name) => join(run, "checkpoints", name)),
    ...(typeof base === "string" ? [base] : []),
  ];
  const found = yield* Effect.findFirst(folders, (folder) => exists(join(folder, "tokenizer.json")));
  if (Option.isNone(found)) return ({ responseTokens }) => Array.from(responseTokens, (token) => ` #${token}`);
  const tokenizer = yield* openTokenizer(found.value);
  return ({ responseTokens }) => piecesOf(responseTokens, (tokens) => tokenizer.decode(tokens));
});

/** Responses to one prompt of one step: at most `ofEach` correct and as many incorrect ones. */
const sampledGroup = Effect.fnUntraced(function* (
  run: string,
  where: string,
  step: number,
  problem: string,
  pieces: Pieces,
): Effect.fn.Return<SampledGroup, Failure> {
  const keeps = (line: string) => problemOf(line) === problem;
  const folder = stepFolder(step);
  const rewarded = yield* recordsOf(run, yield* scan(run, join(folder, "reward.ndjson"), keeps), Records.Rewarded);
  const credited = yield* recordsOf(run, yield* scan(run, join(folder, "advantage.ndjson"), keeps), Records.Credited);
  const taken = [true, false].flatMap((correct) =>
    rewarded.filter(({ record }) => record.correct === correct).slice(0, ofEach)
  );
  return {
    where,
    responses: taken.map(({ record }) => {
      const learnt = credited.find((one) => one.record.sampleIndex === record.sampleIndex)?.record;
      const { logProbs, entropy } = record;
      return { record, pieces: pieces(record), logProbs, entropy, ...(learnt && { advantages: learnt.advantages }) };
    }),
  };
});

/** Responses to `count` prompts of the newest graded step, first those with both correct and incorrect ones. */
const newestGroups = Effect.fnUntraced(function* (
  run: string,
  name: string,
  count: number,
  pieces: Pieces,
): Effect.fn.Return<SampledGroup[], Failure> {
  const steps = (yield* recordedSteps(run)).toReversed();
  const step = yield* Effect.findFirst(steps, (one) => exists(join(run, stepFolder(one), "reward.ndjson")));
  if (Option.isNone(step)) return [];
  const groups = yield* groupsOf(run, step.value);
  const shown = [...groups.filter(isMixed), ...groups.filter((group) => !isMixed(group))].slice(0, count);
  const where = `${name}, step ${step.value}`;
  return yield* Effect.forEach(shown, ({ problem }) => sampledGroup(run, where, step.value, problem, pieces));
});

const positive = (value: unknown, otherwise: number): number =>
  typeof value === "number" && value > 0 ? value : otherwise;

/** One prompt's records of every stage, and the records of the whole step. */
const walkOf = Effect.fnUntraced(function* (
  run: string,
  config: RunHtml["config"],
  step: number,
  problem: string,
  pieces: Pieces,
): Effect.fn.Return<{ readonly walk: Walk; readonly files: ReadonlyArray<Scanned> }, Failure> {
  const files: Scanned[] = [];
  const lines = Effect.fnUntraced(function* (stage: string, keeps: (line: string) => boolean = () => true) {
    const scanned = yield* scan(run, join(stepFolder(step), `${stage}.ndjson`), keeps);
    if (scanned !== undefined) files.push(scanned);
    return scanned;
  });
  const own = (line: string) => problemOf(line) === problem;
  const prompts = yield* recordsOf(run, yield* lines("prompt", own), Records.Prompt);
  const rollouts = yield* recordsOf(run, yield* lines("sample", own), Records.Rollout);
  const verdicts = yield* recordsOf(run, yield* lines("verify", own), Records.Verdict);
  const rewarded = yield* recordsOf(run, yield* lines("reward", own), Records.Rewarded);
  const dynamics = yield* recordsOf(run, yield* lines("dynamics"), Records.Dynamics);
  const signed = yield* recordsOf(run, yield* lines("split", own), Records.Signed);
  const scored = yield* recordsOf(run, yield* lines("score", own), Records.Scored);
  const credited = yield* recordsOf(run, yield* lines("advantage", own), Records.Credited);
  const gradients = yield* recordsOf(run, yield* lines("gradient"), Records.Gradient);
  const states = yield* recordsOf(run, yield* lines("update"), Records.PolicyState);
  const walk = {
    run: basename(resolve(run)),
    step,
    problemId: prompts[0]?.record.problemId ?? String(JSON.parse(problem)),
    ...{ prompts, rollouts, verdicts, rewarded, dynamics, signed, scored, credited, gradients, states },
    miniBatch: positive(config.miniBatch, 1) * positive(config.responses, 1),
    algorithm: typeof config.algorithm === "string" ? config.algorithm : "the algorithm",
    pieces,
  };
  return { walk, files };
});

/** Whether a folder was written by `train`. */
export const isRun = (folder: string): Effect.Effect<boolean, FileError> =>
  Effect.map(
    Effect.all([exists(join(folder, "config.json")), exists(join(folder, "steps"))]),
    ([config, steps]) => config && steps,
  );

const textOf = (lines: ReadonlyArray<FileLine> | undefined): string => (lines ?? []).map(({ text }) => text).join("\n");

/** Reads the content of the page. */
export const readRun = Effect.fn("Report.readRun")(function* (
  run: string,
  choice: RunSelection,
): Effect.fn.Return<RunHtml, Failure> {
  const configFile = yield* scan(run, "config.json");
  const configLine = { text: textOf(configFile?.lines), line: 1 };
  const [config] = yield* recordsOf(run, configFile && { ...configFile, lines: [configLine] }, FlatRow);
  if (config === undefined) {
    return yield* new PageError({ message: `Cannot read "${join(run, "config.json")}": it is empty` });
  }
  const settings = recordedValues(trainSettings, { ...config.record });
  if (Result.isFailure(settings)) {
    return yield* new PageError({ message: `Cannot read "${join(run, "config.json")}": ${settings.failure}` });
  }
  const measured = yield* runRows(run);
  const name = basename(resolve(run));
  const steps = yield* recordedSteps(run);
  const step = choice.step === 0 ? steps[0] : steps.find((one) => one === choice.step);
  if (choice.step !== 0 && step === undefined) {
    return yield* new PageError({ message: `Cannot report on "${run}": step ${choice.step} (--step) is not recorded` });
  }
  const pieces = yield* piecesFor(run, config.record.model);
  const told: { walk?: Walk; files: ReadonlyArray<Scanned>; responses: SampledGroup[] } = { files: [], responses: [] };
  if (choice.newest !== undefined) told.responses = yield* newestGroups(run, name, choice.newest, pieces);
  else if (step !== undefined) {
    const groups = yield* groupsOf(run, step);
    const { problem } = choice;
    const chosen = problem === undefined ? mixed(groups) : groups.find((group) => {
      const id = String(JSON.parse(group.problem));
      return id === problem || id.endsWith(`/${problem}`);
    });
    if (problem !== undefined && chosen === undefined) {
      const message = `Cannot report on "${run}": no prompt "${problem}" (--problem) in step ${step}`;
      return yield* new PageError({ message });
    }
    if (chosen !== undefined) Object.assign(told, yield* walkOf(run, config.record, step, chosen.problem, pieces));
    for (const one of spreadOf(steps, choice.shownSteps ?? 3)) {
      const ofStep = one === step ? groups : yield* groupsOf(run, one);
      const others = ofStep.filter((group) => one !== step || group.problem !== chosen?.problem);
      const group = mixed(others);
      if (group === undefined) continue;
      told.responses.push(yield* sampledGroup(run, `${name}, step ${one}`, one, group.problem, pieces));
    }
  }
  return {
    name,
    config: settings.success,
    ...(typeof config.record.base === "string" && { base: config.record.base }),
    metrics: measured.rows,
    responses: told.responses,
    ...(told.walk && { walk: told.walk }),
    records: [configFile, ...measured.files, ...told.files].flatMap((file) => file === undefined ? [] : [file])
      .map(({ file, sha256 }) => ({ file, sha256 })),
  };
});
