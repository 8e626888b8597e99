/**
 * `deno task report DIR`: one HTML page of a study (`results/tiny`), a run or an evaluation, that needs nothing beside it and can be sent to anybody.
 * Behind a study stand runs to show in it: responses of each, and a prompt's way through every stage of the first. `--token-gradients` adds what the
 * gradients do to that prompt's tokens, which takes a device; nothing else does.
 */
import { Effect, type Result, Struct } from "effect";
import { join } from "node:path";
import { isEvaluation, readEvaluation } from "../evaluation/read_evaluation.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { explain, explainableOf } from "../reports/page/explain_run.ts";
import { evaluationHtml } from "../reports/page/evaluation_html.ts";
import { pageFile } from "../reports/page/page.ts";
import { PageError } from "../reports/page/read_records.ts";
import { isRun, readRun, type RunSelection } from "../reports/page/read_run.ts";
import { isStudy, readStudy } from "../study/read_study.ts";
import { recordsOfRuns } from "../study/shown_runs.ts";
import { type RunHtml, runHtml } from "../reports/page/run_html.ts";
import { studyHtml } from "../reports/page/study_html.ts";
import type * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { device, files, reading, schedule } from "../settings/groups.ts";
import type { Settings } from "../settings/settings.ts";
import { writeText } from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";

const made = (folder: string, page: Result.Result<string, string>) =>
  Effect.mapError(
    Effect.fromResult(page),
    (problem) => new PageError({ message: `Cannot report on "${folder}": ${problem}` }),
  );

/** What is shown, whether tokens are explained, and the kernels that do it: where nobody names any, those of the run. */
type Chosen = RunSelection & Partial<Pick<Settings, "kernels" | "tokenGradients">>;

/** Steps of a run that responses are shown of. */
const shownSteps = 5;

/** The tokens of a run's followed prompt with their gradients; none where the weights of that step, or a device, are not to be had. */
const explainedOf = Effect.fnUntraced(function* (
  run: string,
  { config, walk }: RunHtml,
  { kernels, tokenGradients }: Chosen,
  problem = walk?.problemId,
) {
  const { report } = yield* StandardStreams;
  if (walk === undefined || problem === undefined || tokenGradients !== true) return [];
  const found = yield* explainableOf(run, config, walk.step, problem);
  if (found === undefined) return [];
  return yield* explain(found).pipe(
    Effect.provide(layerPolicy({ kernels: kernels ?? found.settings.kernels })),
    Effect.catch((failure) => Effect.as(report(`no token gradients of "${run}": ${failure.message}`), [])),
  );
});

/** What the page of a study has of runs. */
const ofRuns = (runs: ReadonlyArray<string>, choice: Chosen) =>
  runs.length === 0
    ? Effect.succeed({})
    : recordsOfRuns(runs, choice, (run, html, { problemId }) => explainedOf(run, html, choice, problemId));

/** The page of a folder, and of runs that belong to it; a study without any has what its results show of runs. */
export const pageOf = Effect.fn("Report.page")(function* (
  folder: string,
  runs: ReadonlyArray<string>,
  choice: Chosen,
): Effect.fn.Return<string, Command.Failure> {
  for (const run of runs) {
    if (!(yield* isRun(run))) {
      return yield* new PageError({ message: `Cannot report on "${run}": it holds no config.json and no steps` });
    }
  }
  if (yield* isEvaluation(folder)) return yield* made(folder, evaluationHtml(yield* readEvaluation(folder)));
  if (yield* isStudy(folder)) {
    const study = yield* readStudy(folder);
    return yield* made(folder, studyHtml({ ...study, ...yield* ofRuns(runs, choice) }));
  }
  if (!(yield* isRun(folder))) {
    return yield* new PageError({
      message:
        `Cannot report on "${folder}": it holds neither evaluations.ndjson, as a study, nor config.json and steps, as a run, nor samples.ndjson, as an evaluation`,
    });
  }
  const run = yield* readRun(folder, choice);
  return yield* made(folder, runHtml({ ...run, explained: yield* explainedOf(folder, run, choice) }));
});

/** `deno task report`. */
export const reportCommand = makeCommand({
  name: "report",
  summary: "Makes one self-contained HTML page of a study, a run or an evaluation",
  settings: {
    ...Struct.pick(schedule, ["step"]),
    ...Struct.pick(reading, ["problem", "tokenGradients"]),
    ...Struct.pick(files, ["out"]),
    ...device,
  },
  positional: {
    name: "DIR",
    summary: "a study's folder and then runs of it, or one run, or one evaluation",
    many: true,
  },
  run: Effect.fnUntraced(function* ({ step, problem, out, kernels, tokenGradients }, [folder, ...runs]) {
    const page = yield* pageOf(folder, runs, { step, problem, kernels, tokenGradients, shownSteps });
    const path = out ?? join(folder, pageFile);
    yield* writeText(path, page);
    const { report } = yield* StandardStreams;
    yield* report(`wrote "${path}"`);
  }),
});
