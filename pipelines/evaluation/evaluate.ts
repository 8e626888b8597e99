/**
 * `deno task evaluate`: draws G responses to every problem of a split, with this engine or through a server, grades them and measures
 * Pass@k with its bootstrap interval (Eq. 5), cons@k and lengths, for all problems and by part; with `--greedy` also greedy accuracy. The defaults are the paper's evaluation of
 * the 7B model: 256 responses at temperature 0.6 and top-p 0.95. With `--out`, every graded response is written as it comes:
 *   config.json            what the responses depend on; the same command resumes, another one is refused
 *   samples.ndjson         every graded response, in the order of problems and sample indices (`.partial` until complete)
 *   greedy.ndjson          with `--greedy`, a graded greedy response to each problem, in the same way
 *   pass_at_k.ndjson       Pass@k of all problems
 *   evaluations.ndjson     every figure, one row per part and k, as `table` and `plot` read them
 */
import { Effect, type Scope, Stream, Struct } from "effect";
import { join } from "node:path";
import { tasks } from "../../data/mod.ts";
import { ks as publishedKs } from "../../data/paper/published.ts";
import type * as Engine from "./engine.ts";
import { openEngine } from "./engine.ts";
import { figuresOf } from "./figures.ts";
import { claim, claimDevice, identityOf } from "./identity.ts";
import * as SampleLog from "./sample_log.ts";
import { openSampleLog } from "./sample_log.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import { recipes } from "../recipes/mod.ts";
import { evaluationsTable } from "../reports/tables/evaluations_table.ts";
import { evaluationsFile } from "../reports/read_lines.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import type { EvaluationRow } from "../records/rows.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { runPlan } from "../planning/run_plan.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { makeProgress } from "../files/progress.ts";
import { exists } from "../files/text_file.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { toText } from "../records/text.ts";
import { gradingDefaults, gradingLine } from "../settings/grading.ts";
import * as Groups from "../settings/groups.ts";
import { merge } from "../settings/resolve.ts";
import { type SettingValues, withDefault } from "../settings/setting.ts";
import type * as Records from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { type Tally, tally } from "../stages/pass_at_k.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";
import { sayStoppedEvaluation } from "./stopped.ts";
import { greedySampling, rollouts, type SampleSettings } from "../stages/sample_rollouts.ts";
import { verify } from "../stages/verify.ts";

/** Counts correct responses by problem; `each` gets graded responses as they come. */
export const measureSamples = Effect.fn("Evaluate.measure")(function* (
  model: Model,
  tokenizer: Tokenizer,
  prompts: ReadonlyArray<Records.Prompt>,
  settings: SampleSettings & Pick<Settings, "extract">,
  each: (verdicts: ReadonlyArray<Records.Verdict>) => Effect.Effect<void, Command.Failure> = () => Effect.void,
): Effect.fn.Return<ReadonlyArray<Tally>, Command.Failure> {
  const facts: Array<Pick<Records.Verdict, "problemId" | "correct">> = [];
  yield* Stream.runForEachArray(rollouts(model, tokenizer, prompts, settings), (some) => {
    const verdicts = some.map((rollout) => verify(rollout, tasks[rollout.task], settings.extract));
    for (const { problemId, correct } of verdicts) facts.push({ problemId, correct });
    return each(verdicts);
  });
  return tally(facts);
});

/** The k of `ks` that are at most `responses`. */
export const possibleKs = (ks: ReadonlyArray<number>, responses: number): ReadonlyArray<number> =>
  ks.filter((k) => k <= responses);

const settings = {
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.pick(Groups.server, ["endpoint", "servedModel"]),
  ...Groups.problems,
  split: withDefault(Groups.problems.split, "test"),
  ...Groups.sampling,
  responses: withDefault(Groups.sampling.responses, 256),
  temperature: withDefault(Groups.sampling.temperature, 0.6),
  topP: withDefault(Groups.sampling.topP, 0.95),
  ...Struct.pick(Groups.memory, ["batch", "cache", "deviceMemory"]),
  ...Groups.passes,
  ...Groups.device,
  ...Groups.server,
  extract: withDefault(Groups.grading.extract, gradingDefaults.evaluate),
  ...Struct.pick(Groups.reporting, ["k", "bootstrap", "greedy", "format"]),
  ...Groups.planning,
  ...Groups.cluster,
  ...Groups.blocks,
  recipe: Groups.files.recipe,
  out: Groups.files.out,
};

type Config = SettingValues<typeof settings>;

/** The name of the sampling in tables: `T 0.6, top-p 0.95`. */
const samplingOf = ({ temperature, topP, topK }: Config): string =>
  temperature === 0
    ? "greedy"
    : [`T ${temperature}`, topP < 1 ? `top-p ${topP}` : [], topK > 0 ? `top-k ${topK}` : []].flat().join(", ");

/** A log of responses, and how they are sampled. */
interface Part {
  readonly log: SampleLog.SampleLog;
  readonly sampling: Engine.Asked["sampling"];
}

/** The logs of an evaluation: that of its responses, and that of the greedy ones where they are asked for, or all there. */
const partsFor = Effect.fnUntraced(function* (
  config: Config,
  names: ReadonlyArray<string>,
): Effect.fn.Return<{ readonly sampled: Part; readonly greedy: Part | undefined }, Command.Failure, Scope.Scope> {
  const open = ({ responses }: Part["sampling"], file: string) =>
    config.out === undefined
      ? Effect.succeed(SampleLog.inMemory(names, responses))
      : openSampleLog(config.out, names, responses, file);
  const { out } = config;
  const isThere = out !== undefined && (yield* exists(join(out, SampleLog.greedyFile)));
  return {
    sampled: { sampling: config, log: yield* open(config, SampleLog.samplesFile) },
    greedy: config.greedy || isThere
      ? { sampling: greedySampling, log: yield* open(greedySampling, SampleLog.greedyFile) }
      : undefined,
  };
});

/** Draws and grades the missing responses. */
const complete = Effect.fnUntraced(function* (
  config: Config,
  engine: Engine.Engine,
  parts: ReadonlyArray<Part>,
): Effect.fn.Return<void, Command.Failure, Scope.Scope> {
  const totalOf = ({ sampling }: Part) => engine.prompts.length * sampling.responses;
  const total = parts.reduce((sum, part) => sum + totalOf(part), 0);
  const there = parts.reduce((sum, { log }) => sum + log.count(), 0);
  if (there === total) return;
  const { report } = yield* StandardStreams;
  if (there > 0) yield* report(`going on: ${there} of ${total} responses are there`);
  const together = config.endpoint === undefined
    ? config.batch ?? defaultBatch
    : config.concurrency * config.requestResponses;
  const progress = yield* makeProgress("evaluate", total, { done: there, firstIsSlow: true, together });
  const askedOf = ({ log, sampling }: Part): Engine.Asked => ({
    sampling,
    wanted: (problemId, sampleIndex) => !log.has(problemId, sampleIndex),
    keep: log.keep,
  });
  yield* engine.draw(
    parts.filter((part) => part.log.count() < totalOf(part)).map(askedOf),
    progress.advance,
    (info) => config.out === undefined ? Effect.void : claimDevice(config.out, info, there > 0),
  );
});

const passAtKOf = (rows: ReadonlyArray<EvaluationRow>) =>
  rows.filter(({ slice }) => slice === "all").map(({ k, passAtK, low, high, problems }) => ({
    k,
    passAtK,
    low,
    high,
    problems,
  }));

const evaluate = Effect.fnUntraced(function* (
  config: Config,
  ks: ReadonlyArray<number>,
): Effect.fn.Return<ReadonlyArray<EvaluationRow>, Command.Failure, Scope.Scope> {
  const { out } = config;
  if (out !== undefined) yield* RunDirectory.acquire(out);
  const engine = yield* openEngine(config);
  if (engine.prompts.length === 0) {
    return yield* new Command.UsageError({ message: `Cannot evaluate: the ${config.split} split has no problems` });
  }
  const names = engine.prompts.map(({ problemId }) => problemId);
  if (new Set(names).size < names.length) {
    return yield* new Command.UsageError({ message: "Cannot evaluate: two problems have one name" });
  }
  if (out !== undefined) {
    const identity = { ...config, ...engine.recorded };
    yield* claim(out, identityOf(identity, yield* engine.weights, engine.prompts, engine.stopTokens));
  }
  const { sampled, greedy } = yield* partsFor(config, names);
  const line = gradingLine("evaluate", config);
  if (line !== undefined) yield* (yield* StandardStreams).report(line);
  yield* complete(config, engine, [...greedy === undefined ? [] : [greedy], sampled]);
  const title = { label: engine.label, task: config.task, evaluation: samplingOf(config) };
  const rows = figuresOf(engine.prompts, sampled.log.facts(), ks, config.bootstrap, title, greedy?.log.facts());
  if (out !== undefined) {
    yield* RunDirectory.writeText(join(out, "pass_at_k.ndjson"), toText(passAtKOf(rows)));
    yield* RunDirectory.writeText(join(out, evaluationsFile), toText(rows));
    if (greedy !== undefined) yield* greedy.log.finish;
    yield* sampled.log.finish;
  }
  return rows;
});

/** The memory plan of an evaluation on this machine. */
const planOf = (config: Config) => runPlan(merge(config), { trains: false, recipe: recipes[config.recipe ?? ""] });

/** `deno task evaluate`. */
export const evaluateCommand = makeCommand({
  name: "evaluate",
  summary: "Samples responses to a split, with Signum or a server, grades them and measures Pass@k",
  settings,
  aliases: { samples: "responses" },
  // A server has its own memory.
  plan: (config) =>
    config.endpoint === undefined ? Effect.map(planOf(config), ({ lines }) => lines) : Effect.succeed([]),
  run: Effect.fnUntraced(function* (config) {
    const ks = possibleKs(config.k ?? publishedKs, config.responses);
    if (ks.length === 0) {
      const asked = (config.k ?? publishedKs).join(", ");
      return yield* new Command.UsageError({
        message: `Cannot measure Pass@k: every --k (${asked}) is above --responses ${config.responses}`,
      });
    }
    if (config.greedy && config.temperature === 0) {
      const message = 'Cannot run "evaluate": --greedy: at --temperature 0 every response is greedy already';
      return yield* new Command.UsageError({ message });
    }
    const { write, report } = yield* StandardStreams;
    const print = (text: string) => Effect.catchTag(write(text), "PipeClosed", () => Effect.void);
    const known = config.endpoint === undefined && config.deviceMemory !== undefined;
    const { chosen } = known ? yield* planOf(config) : { chosen: {} };
    const rows = yield* Effect.scoped(evaluate({ ...config, ...chosen }, ks)).pipe(
      Effect.onInterrupt(() => sayStoppedEvaluation(config.out)),
    );
    if (config.out !== undefined) yield* report(`responses and figures are in "${config.out}"`);
    if (config.format === "json") return yield* print(toText(rows));
    const tables = yield* Effect.fromResult(evaluationsTable.build(rows)).pipe(
      Effect.mapError((message) => new Command.UsageError({ message })),
    );
    yield* print(renderTables(tables, { format: config.format, isTerminal: yield* OutputIsTerminal }));
  }),
});
