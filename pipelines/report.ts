/**
 * `deno task report DIR`: one HTML page of a study (`results/tiny`) or of a run, that needs nothing beside it and can be sent to anybody. Further
 * words are runs of the study: the page then has responses of each, and a prompt's way through every stage of the first.
 */
import { Effect, type Result } from "effect";
import { join } from "node:path";
import { PageError } from "./reports/page/read_records.ts";
import { type Choice, isRun, readRun } from "./reports/page/read_run.ts";
import { isStudy, readStudy } from "./reports/page/read_study.ts";
import { type RunHtml, runHtml } from "./reports/page/run_html.ts";
import { studyHtml } from "./reports/page/study_html.ts";
import * as Command from "./runtime/command.ts";
import { writeText } from "./runtime/run_directory.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";

/** The page's name in the folder that it is about. */
export const pageFile = "report.html";

const made = (folder: string, page: Result.Result<string, string>) =>
  Effect.mapError(
    Effect.fromResult(page),
    (problem) => new PageError({ message: `Cannot report on "${folder}": ${problem}` }),
  );

/** A run's content with what the page of a study has of it. */
const ofRuns = (runs: ReadonlyArray<RunHtml>) => {
  const walk = runs.find((run) => run.walk !== undefined)?.walk;
  return {
    responses: runs.flatMap(({ responses }) => responses),
    ...(walk && { walk }),
  };
};

/** The page of a folder, and of runs that belong to it. */
export const pageOf = Effect.fn("Report.page")(function* (
  folder: string,
  runs: ReadonlyArray<string>,
  choice: Choice,
): Effect.fn.Return<string, Command.Failure> {
  for (const run of runs) {
    if (!(yield* isRun(run))) {
      return yield* new PageError({ message: `Cannot report on "${run}": it holds no config.json and no steps` });
    }
  }
  if (yield* isStudy(folder)) {
    const study = yield* readStudy(folder);
    const read = yield* Effect.forEach(runs, (run) => readRun(run, choice));
    return yield* made(folder, studyHtml({ ...study, ...ofRuns(read) }));
  }
  if (!(yield* isRun(folder))) {
    return yield* new PageError({
      message:
        `Cannot report on "${folder}": it holds neither evaluations.ndjson, as a study, nor config.json and steps, as a run`,
    });
  }
  return yield* made(folder, runHtml(yield* readRun(folder, choice)));
});

/** `deno task report`. */
export const reportCommand = Command.make({
  name: "report",
  summary: "One HTML page of a study or a run, with nothing beside it",
  settings: ["step", "problem", "out"],
  positional: { name: "DIR", summary: "a study's folder and then runs of it, or one run", many: true },
  run: Effect.fnUntraced(function* ({ step, problem, out }, [folder, ...runs]) {
    const page = yield* pageOf(folder, runs, { step, problem });
    const path = out ?? join(folder, pageFile);
    yield* writeText(path, page);
    const { report } = yield* StandardStreams;
    yield* report(`wrote "${path}"`);
  }),
});
