/**
 * `deno task compare A B …`: runs, or evaluations, beside each other. Which settings differ; Pass@k over the problems that all have, with paired
 * differences and their intervals; problems won and lost; the first responses to some prompts side by side; of runs also their first and last
 * tests. `--out` draws the curves into one
 * picture. Of runs it reads the responses of the latest step that all have, or of `--step`.
 */
import { Effect, Struct } from "effect";
import {
  commonGreedy,
  commonProblems,
  type Compared,
  type ComparedProblem,
  drawnByAll,
  readCompared,
} from "../evaluation/read_compared.ts";
import { writeText } from "../files/run_directory.ts";
import { isAskedFor } from "../records/text.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { comparisonTables } from "../reports/comparison/comparison_tables.ts";
import { differingSettings, differingTable, labelsOf } from "../reports/comparison/differing_settings.ts";
import { pairedGreedy, type PairedPassAtK, pairedPassAtK } from "../reports/comparison/paired.ts";
import { sideBySide } from "../reports/comparison/side_by_side.ts";
import { dynamicsTable } from "../reports/tables/dynamics_table.ts";
import { figure2 } from "../reports/figures/figure_2.ts";
import { isPicture, pictureOf } from "../reports/figures/picture.ts";
import { training } from "../reports/figures/training.ts";
import { seriesName } from "../reports/series.ts";
import { cannotRun, makeCommand, orRefusal } from "../settings/command.ts";
import { files, reading, reporting, schedule } from "../settings/groups.ts";
import { chosenKs, tooFew } from "../stages/pass_at_k.ts";

const refuse = cannotRun("compare");

const named = Effect.fnUntraced(function* (
  asked: ReadonlyArray<string> | undefined,
  otherwise: ReadonlyArray<string>,
) {
  if (asked === undefined) return otherwise;
  if (asked.length !== otherwise.length) {
    return yield* refuse(`--label names ${asked.length}, and ${otherwise.length} are compared`);
  }
  const twice = asked.find((label, i) => asked.indexOf(label) !== i);
  return twice === undefined ? asked : yield* refuse(`--label "${twice}": two have this name`);
});

/** The k that are asked for, else those that every problem has responses for. */
const ksOf = Effect.fnUntraced(function* (
  asked: ReadonlyArray<number> | undefined,
  rows: ReadonlyArray<ReadonlyArray<ComparedProblem>>,
) {
  const ks = chosenKs(asked, rows.flat());
  const few = tooFew(rows.flat(), ks);
  return few === undefined
    ? ks
    : yield* refuse(`--k ${few.k}: problem "${few.problem.problemId}" has ${few.problem.n} responses`);
});

/** The metrics and tests of runs, by their labels. */
const measuredOf = (all: ReadonlyArray<Compared>, labels: ReadonlyArray<string>) =>
  all.flatMap(({ metrics }, i) => metrics.map((row) => ({ ...row, label: labels[i] })));

/** The curves: those of the trainings, or Pass@k against k. */
const chartOf = (
  measured: ReturnType<typeof measuredOf>,
  labels: ReadonlyArray<string>,
  paired: ReadonlyArray<PairedPassAtK>,
  problems: number,
) => {
  const made = measured.length > 0 ? training.build(measured) : figure2.build(
    labels.flatMap((label, i) =>
      paired.map(({ k, models }) => ({
        label,
        k,
        passAtK: models[i].value,
        ...Struct.pick(models[i], ["low", "high"]),
        problems,
      }))
    ),
  );
  return orRefusal(made);
};

/** `deno task compare`. */
export const compareCommand = makeCommand({
  name: "compare",
  summary: "Compares runs or evaluations: settings, Pass@k with paired differences, problems won and lost, responses",
  settings: {
    ...Struct.pick(reporting, ["label", "k", "bootstrap", "format"]),
    ...Struct.pick(schedule, ["step"]),
    ...Struct.pick(reading, ["problem", "first", "whole"]),
    ...Struct.pick(files, ["out"]),
  },
  positional: { name: "DIR", summary: "two folders or more, all of runs or all of evaluations", many: true },
  run: Effect.fnUntraced(function* ({ label, k, bootstrap, format, step, problem, first = 3, whole, out }, folders) {
    if (folders.length < 2) yield* refuse(`it takes two folders or more, found ${folders.length}`);
    if (out !== undefined && !isPicture(out)) {
      yield* refuse(`--out "${out}": expected a name in .svg or .png`);
    }
    const read = yield* readCompared(folders, step);
    const { all } = read;
    // Trainings are compared by their curves too, evaluations by their problems alone.
    const rows = read.step === undefined ? yield* commonProblems(all) : drawnByAll(all);
    const shown = rows.filter(([{ problemId }]) => isAskedFor(problemId, problem)).slice(0, first);
    if (problem !== undefined && shown.length === 0) {
      yield* refuse(`--problem "${problem}": it is not among the ${rows.length} that all have`);
    }
    const differing = differingSettings(all.map(({ fields }) => fields));
    const labels = yield* named(label, labelsOf(differing, folders));
    const names = labels.map(seriesName);
    const models = all.map((_, i) => rows.map((row) => row[i]));
    const paired = rows.length === 0 ? [] : pairedPassAtK(models, yield* ksOf(k, rows), bootstrap);
    const greedy = commonGreedy(all, rows);
    const compared = greedy === undefined ? paired : [...paired, pairedGreedy(greedy, bootstrap)];
    const measured = measuredOf(all, labels);
    if (out !== undefined) {
      yield* writeText(out, yield* pictureOf(yield* chartOf(measured, labels, paired, rows.length), out));
    }
    const trained = measured.length === 0 ? [] : yield* orRefusal(dynamicsTable.build(measured));
    const tables = [
      differingTable(differing, names),
      ...trained,
      ...rows.length === 0 ? [] : comparisonTables({ labels: names, models }, compared),
    ];
    // Loaded here, because help loads this file and only a comparison prints.
    const { renderTables } = yield* Effect.promise(() => import("../reports/tables/render_table.ts"));
    const { report, write } = yield* StandardStreams;
    if (read.step !== undefined) {
      yield* report(
        rows.length === 0
          ? `no problem is in step ${read.step} of all, so no responses are compared; --step N takes another`
          : `responses of step ${read.step}; --step N compares another`,
      );
    }
    const responses = format !== "terminal"
      ? ""
      : shown.map((row) => sideBySide(row.map((one, i) => ({ label: names[i], response: one.first })), whole)).join("");
    const text = renderTables(tables, { format, isTerminal: yield* OutputIsTerminal });
    yield* Effect.catchTag(write(responses === "" ? text : `${text}\n${responses}`), "PipeClosed", () => Effect.void);
    yield* report(out === undefined ? "--out FILE.svg draws the curves" : `wrote "${out}"`);
  }),
});
