/**
 * `deno task grade-bench`: the verifier beside other graders on labelled pairs of a gold answer and a response, and on hostile answers made from
 * a seed. A pair is a line of NDJSON with `gold`, `label` and a `prediction` (graded in a box) or a `response`; `graders` holds what the others
 * said. Pairs with the tag `suite` are other graders' own tests; of the rest those marked `hard` count that are no choice and no sentence; a
 * file without that mark holds pairs that look alike or come from issues.
 */
import { Effect, Result, Struct } from "effect";
import { grade } from "../../data/grading/grade.ts";
import { hostile } from "../../data/grading/hostile.ts";
import { Key } from "../../data/random.ts";
import { quantile } from "../../data/statistics.ts";
import { flatTable } from "../reports/tables/flat_table.ts";
import { readLines } from "../reports/read_lines.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import type { FlatRow } from "../records/rows.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { cannotRun, makeCommand, orRefusal } from "../settings/command.ts";
import { reporting, sampling } from "../settings/groups.ts";
import { toText } from "../records/text.ts";

/** A labelled pair; `set` says what it is counted under, null that it is not. */
interface Pair {
  readonly gold: string;
  readonly response: string;
  readonly label: boolean;
  readonly set: "hard" | "suite" | "other" | null;
  readonly graders: Readonly<Record<string, unknown>>;
}

const excluded = ["choice", "sentence"];

/** A line as a pair; null where it has no label or lacks what a pair needs. */
export const pairOf = (row: FlatRow): Pair | null => {
  const { gold, label, prediction, response, graders, hard } = row;
  const given = typeof prediction === "string" ? `\\boxed{${prediction}}` : response;
  if (typeof gold !== "string" || typeof label !== "boolean" || typeof given !== "string") return null;
  const tags: ReadonlyArray<unknown> = Array.isArray(row["tags"]) ? row["tags"] : [];
  const counted = hard === true && !excluded.some((tag) => tags.includes(tag));
  const set = tags.includes("suite") ? "suite" : hard === undefined ? "other" : counted ? "hard" : null;
  const others = typeof graders === "object" && graders !== null ? Object.fromEntries(Object.entries(graders)) : {};
  return { gold, response: given, label, set, graders: others };
};

/** A pair's label and what a grader said. */
interface Judged {
  readonly set: Pair["set"];
  readonly label: boolean;
  readonly said: boolean;
}

const percent = (part: number, whole: number): number | null =>
  whole === 0 ? null : Number((100 * part / whole).toFixed(2));

/** A grader's row: how often it is right, what it accepts and rejects by mistake. */
export const scoreRow = (grader: string, judged: ReadonlyArray<Judged>): FlatRow => {
  const of = (set: Pair["set"]) => judged.filter((one) => one.set === set);
  const right = (some: ReadonlyArray<Judged>) => some.filter(({ label, said }) => label === said).length;
  const [hard, suite, other] = [of("hard"), of("suite"), of("other")];
  const rejected = hard.filter(({ label, said }) => label && !said).length;
  return {
    grader,
    "hard pairs": hard.length,
    "right (%)": percent(right(hard), hard.length),
    "false accepts": hard.filter(({ label, said }) => !label && said).length,
    "false rejects (%)": percent(rejected, hard.filter(({ label }) => label).length),
    "suite pairs": suite.length,
    "suite right (%)": percent(right(suite), suite.length),
    ...(judged.some(({ set }) => set === "other")
      ? { "other pairs": other.length, "others wrong": other.length === 0 ? null : other.length - right(other) }
      : {}),
  };
};

const names: Readonly<Record<string, string>> = {
  hendrycks: "Hendrycks MATH",
  prm800k: "PRM800K",
  deepscaler: "DeepScaleR",
  dapo: "DAPO",
  official: "the paper's authors",
  mathverify: "Math-Verify",
};

/** What is said of each pair, and the microseconds it took: the best of three passes, since other programs share the machine. */
const timed = (pairs: ReadonlyArray<Pair>): { said: ReadonlyArray<boolean>; microseconds: ReadonlyArray<number> } => {
  const microseconds = pairs.map(() => Infinity);
  let said: ReadonlyArray<boolean> = [];
  for (let pass = 0; pass < 3; pass++) {
    said = pairs.map(({ gold, response }, i) => {
      const start = performance.now();
      const { correct } = grade(gold, response, "lenient");
      microseconds[i] = Math.min(microseconds[i], 1000 * (performance.now() - start));
      return correct;
    });
  }
  return { said, microseconds };
};

const rounded = (value: number): number => Number(value.toPrecision(3));

/** All graders on all pairs, ours first. */
const scores = (pairs: ReadonlyArray<Pair>): ReadonlyArray<FlatRow> => {
  const { said, microseconds } = timed(pairs);
  const mean = microseconds.reduce((sum, one) => sum + one, 0) / microseconds.length;
  const ours = scoreRow("Signum", pairs.map(({ set, label }, i) => ({ set, label, said: said[i] })));
  const graders = [...new Set(pairs.flatMap((pair) => Object.keys(pair.graders)))];
  const others = graders.map((grader) =>
    scoreRow(
      names[grader] ?? grader,
      pairs.flatMap(({ set, label, graders: { [grader]: verdict } }) =>
        typeof verdict === "boolean" ? [{ set, label, said: verdict }] : []
      ),
    )
  );
  return [{
    ...ours,
    "mean (µs)": rounded(mean),
    "p99 (µs)": rounded(quantile(microseconds.toSorted((a, b) => a - b), 0.99) ?? NaN),
  }, ...others];
};

const hostileInputs = 10_000, tooLong = 50;

/** Hostile answers by family: whether any threw, and the longest time of one (the best of three where the first was slow). */
const hostileRows = (seed: number): ReadonlyArray<FlatRow> => {
  const families = new Map<string, { inputs: number; threw: number; over: number; worst: number }>();
  for (let i = 0; i < hostileInputs; i++) {
    const { family, gold, response } = hostile(Key.make(seed), i);
    const seen = families.get(family) ?? { inputs: 0, threw: 0, over: 0, worst: 0 };
    let best = Infinity;
    for (let turn = 0; turn < 3 && best > 5; turn++) {
      const start = performance.now();
      const graded = Result.try(() => grade(gold, response, "lenient"));
      best = Math.min(best, performance.now() - start);
      if (turn === 0 && Result.isFailure(graded)) seen.threw++;
    }
    seen.inputs++;
    seen.worst = Math.max(seen.worst, best);
    if (best > tooLong) seen.over++;
    families.set(family, seen);
  }
  return [...families].sort(([a], [b]) => a < b ? -1 : 1).map(([family, seen]) => ({
    "hostile answers": family,
    inputs: seen.inputs,
    threw: seen.threw,
    [`over ${tooLong} ms`]: seen.over,
    "slowest (ms)": rounded(seen.worst),
  }));
};

const notes = [
  "hard pairs: answers of real models that are not the gold answer letter by letter; suite pairs: other graders' own tests; other pairs: look-alikes. " +
  "Graders but Signum by the verdicts that the pairs carry; times on one core, the best of three passes.",
  `Answers made from the seed, graded leniently; times as above. A grade may take ${tooLong} ms.`,
];

/** `deno task grade-bench`; `--format json` gives its rows as NDJSON. */
export const gradeBenchCommand = makeCommand({
  name: "grade-bench",
  summary: "Compares the verifier with other graders on labelled pairs; measures speed and hostile answers",
  settings: { ...Struct.pick(reporting, ["format"]), ...Struct.pick(sampling, ["seed"]) },
  positional: { name: "FILE", summary: "NDJSON files of labelled pairs (default: stdin)", optional: true, many: true },
  run: Effect.fnUntraced(function* ({ format, seed }, files) {
    const pairs = (yield* readLines(files)).flatMap(({ row }) => pairOf(row) ?? []);
    if (pairs.length === 0) {
      return yield* cannotRun("grade-bench")("no line holds a labelled pair");
    }
    const groups = [scores(pairs), hostileRows(seed)];
    const tables = yield* Effect.forEach(groups, (rows) => orRefusal(flatTable.build(rows)));
    const noted = tables.flatMap((some, i) => some.map((table) => ({ ...table, notes: [notes[i]] })));
    const { write } = yield* StandardStreams;
    const isTerminal = yield* OutputIsTerminal;
    yield* write(format === "json" ? toText(groups.flat()) : renderTables(noted, { format, isTerminal }));
  }),
});
