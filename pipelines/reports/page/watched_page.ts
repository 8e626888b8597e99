/**
 * The page that follows a run: how it stands, its curves so far, responses of its newest step, its speed. It is read again only when the run has
 * written something or its owner has changed. A run that is not there yet, or has no step yet, has a page that says so.
 */
import { Effect, Result } from "effect";
import { basename, join, resolve } from "node:path";
import { duration } from "../../files/progress.ts";
import { isOwned, stepFolder } from "../../files/run_directory.ts";
import { namesIn, stampOf } from "../../files/text_file.ts";
import { sha256 } from "../../records/text.ts";
import type { Failure } from "../../settings/command.ts";
import { type KeptRun, keptRun, stoppedLine } from "../../training/stopped.ts";
import { measuredOf } from "../figures/figure_4.ts";
import { recordedSteps } from "../responses/run_responses.ts";
import { type Html, markup } from "./html.ts";
import { pageText } from "./page.ts";
import { readRun } from "./read_run.ts";
import { type RunHtml, runHtml, speedMeasures } from "./run_html.ts";
import { trainCommandText } from "./settings_section.ts";
import style from "./live.css" with { type: "text" };
import script from "./live.js" with { type: "text" };

/** A page and its entity tag, which changes with it. */
export interface WatchedPage {
  readonly html: string;
  readonly tag: string;
}

const live = { style, script };

/** Prompts that responses are shown of. */
const newest = 3;

/** What the page depends on, as a text; cheap to read, however large the records are. */
const signOf = Effect.fnUntraced(function* (run: string, owned: boolean): Effect.fn.Return<string, Failure> {
  const step = (yield* recordedSteps(run)).at(-1);
  const ofStep = step === undefined
    ? []
    : ["reward.ndjson", "advantage.ndjson"].map((name) => join(stepFolder(step), name));
  const files = ["config.json", "metrics.ndjson", "model/trainer_state/finished.json", ...ofStep];
  const stamps = yield* Effect.forEach(files, (file) => stampOf(join(run, file)));
  return JSON.stringify([owned, step, stamps, yield* namesIn(join(run, "checkpoints"))]);
});

/** The sentence on how a run stands. */
const standing = (run: string, { config, metrics }: RunHtml, kept: KeptRun, owned: boolean): string => {
  const done = metrics.at(-1)?.step ?? 0;
  if (!owned && kept.finished) return `The run has ended after ${done} ${done === 1 ? "step" : "steps"}.`;
  if (!owned) return `${stoppedLine(run, kept, trainCommandText(config)).replace(/^s/, "S")}.`;
  const all = config.steps === undefined ? "" : ` of ${config.steps}`;
  return done === config.steps
    ? `All ${done} steps are done; the model is being written.`
    : `Step ${done + 1}${all} is going on.`;
};

/** Rows whose speed is told. */
const recent = 10;

const median = (values: ReadonlyArray<number>): number | undefined =>
  values.toSorted((a, b) => a - b)[values.length >> 1];

const speeds = ({ config, metrics }: RunHtml): Html => {
  const rows = metrics.slice(-recent).map((row) => ({ ...row, label: "run" }));
  const of = (path: ReadonlyArray<string>) => measuredOf(rows, "run", { ...speedMeasures[0], path });
  const [sampling, training] = speedMeasures.map(({ path }) => median(of(path).map(({ value }) => value)));
  const ends = of(["timing", "wallTime"]);
  // Not the mean: a run that was stopped for a night is not slow.
  const each = median(ends.slice(1).map(({ value }, i) => value - ends[i].value));
  const left = each === undefined || config.steps === undefined
    ? 0
    : (config.steps - metrics[metrics.length - 1].step) * each;
  const last = ends.at(-1);
  const fact = (name: string, value: string | undefined) =>
    value === undefined ? undefined : markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`;
  const perSecond = (value: number | undefined) => value === undefined ? undefined : `${Math.round(value)} tokens/s`;
  return markup`<dl class="facts">${fact("a step", each === undefined ? undefined : `${each.toFixed(1)} s`)}${
    fact("left", left > 0 ? duration(left) : undefined)
  }${fact("sampling", perSecond(sampling))}${fact("training", perSecond(training))}${
    fact("newest step written", last && new Date(last.value * 1000).toLocaleTimeString("en-GB"))
  }</dl>
<p class="note">Medians of the newest steps, ${recent} at most.</p>
`;
};

/** A page that has nothing of the run but how it stands. */
const bare = (run: string, said: string): string =>
  pageText({
    title: `Run ${basename(resolve(run))}`,
    lede: said,
    facts: [],
    series: [],
    sections: [],
    live,
  });

const pageOf = Effect.fnUntraced(function* (run: string, owned: boolean): Effect.fn.Return<string, Failure> {
  const kept = yield* keptRun(run);
  if (!kept.begun) {
    return bare(
      run,
      owned ? "The run is beginning." : `Waiting: there is no run in "${run}" yet.`,
    );
  }
  const read = yield* readRun(run, { step: 0, problem: undefined, newest });
  const now = markup`<p role="status">${standing(run, read, kept, owned)}</p>${
    read.metrics.some((row) => "timing" in row) ? speeds(read) : undefined
  }`;
  return Result.getOrElse(runHtml({ ...read, records: [], now, live }), (problem) => bare(run, problem));
});

/** Makes a page of a run whenever it is asked for, the same one while nothing has changed. A fault that stays is told on the page. */
export const watchedPage = (run: string): Effect.Effect<WatchedPage> => {
  let made = { sign: "", html: bare(run, "Reading."), hasFailed: true };
  const page = Effect.gen(function* () {
    const owned = yield* isOwned(run);
    const sign = yield* signOf(run, owned);
    return sign === made.sign ? made : { sign, html: yield* pageOf(run, owned), hasFailed: false };
  });
  // A file may go between two looks at it, so that a first failure leaves the page as it was.
  const settled = Effect.catch(
    page,
    ({ message }) =>
      Effect.sync(() => ({ sign: "", html: made.hasFailed ? bare(run, `${message}.`) : made.html, hasFailed: true })),
  );
  return Effect.map(settled, (found) => {
    made = found;
    return { html: made.html, tag: `"${sha256(made.html)}"` };
  });
};
