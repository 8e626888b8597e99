/** The folder that `evaluate --out` writes, for those who read it: its settings, its figures, its graded responses, also while they are drawn. */
import { Effect, Result, Stream } from "effect";
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { readRunText } from "../files/run_directory.ts";
import { isObject, parseObject } from "../files/json.ts";
import { exists, type FileError, pieces } from "../files/text_file.ts";
import { openTokenizer } from "../models/tokenizer.ts";
import { decodeLines } from "../records/ndjson.ts";
import { presentFields } from "../records/present_fields.ts";
import { decodeRecord } from "../records/record.ts";
import { optionalField, recordSchema } from "../records/record_schema.ts";
import { EvaluationRow } from "../records/rows.ts";
import type { EvaluationHtml } from "../reports/page/evaluation_html.ts";
import { PageError, rowsIn, scan } from "../reports/page/read_records.ts";
import type { SampledGroup, SampledResponse } from "../reports/page/responses_section.ts";
import { piecesOf } from "../reports/page/token_text.ts";
import { evaluationsFile } from "../reports/read_lines.ts";
import { wholeLines } from "../reports/responses/run_responses.ts";
import type { Failure } from "../settings/command.ts";
import { recordedValues } from "../settings/setting.ts";
import { chosenKs, passAtK, type Tally, tally } from "../stages/pass_at_k.ts";
import { type Fact, factOf, Kept } from "./facts.ts";
import { shaping } from "./identity.ts";
import { greedyFile, samplesFile } from "./sample_log.ts";

/** Graded responses as bytes of NDJSON; `isWhole` says whether the last one is there. */
export interface SampleLines {
  readonly file: string;
  readonly isWhole: boolean;
  readonly lines: Stream.Stream<Uint8Array, Failure>;
}

/** Whether a folder holds the responses of an evaluation. */
export const isEvaluation = (folder: string): Effect.Effect<boolean, FileError> =>
  Effect.map(
    Effect.all([exists(join(folder, samplesFile)), exists(join(folder, `${samplesFile}.partial`))]),
    ([whole, partial]) => whole || partial,
  );

/** The responses of an evaluation: the finished file where it is there, else what there is of it. */
export const sampleLines = Effect.fnUntraced(function* (
  folder: string,
  name: string = samplesFile,
): Effect.fn.Return<SampleLines, FileError> {
  const whole = join(folder, name);
  const isWhole = yield* exists(whole);
  const file = isWhole ? whole : `${whole}.partial`;
  return { file, isWhole, lines: isWhole ? pieces(file) : wholeLines(pieces(file)) };
});

/** A graded response as a page shows it. */
const PageResponse = recordSchema("Verdict", {
  problemId: "string",
  sampleIndex: "count",
  question: "string",
  goldAnswer: optionalField("string"),
  correct: "boolean",
  answer: { kind: "string", nullable: true, optional: true },
  reason: optionalField("string"),
  responseText: "string",
  finish: optionalField({ literals: ["stop", "length"] }),
  responseTokens: optionalField("tokens"),
  responseLength: optionalField("count"),
  logProbs: optionalField("floats"),
  entropy: optionalField("floats"),
});

const needs = ["problemId", "sampleIndex", "question", "correct", "responseText"] as const;

/** Problems that a page shows responses of, and responses of each verdict. */
const [shownProblems, ofEach] = [5, 2];

/** Problems from the one with fewest correct responses to the one with most, at even distances. */
const spreadOf = (tallies: ReadonlyArray<Tally>): ReadonlyArray<string> => {
  const sorted = tallies.toSorted((a, b) => a.c / a.n - b.c / b.n);
  const count = Math.min(shownProblems, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const at = count === 1 ? 0 : Math.round(i * (sorted.length - 1) / (count - 1));
    return sorted[at].problemId;
  });
};

/** The texts of a response's tokens, by the tokenizer of its model where that is here. */
const piecesFor = Effect.fnUntraced(function* (model: unknown) {
  if (typeof model !== "string" || !(yield* exists(join(model, "tokenizer.json")))) return undefined;
  const tokenizer = yield* openTokenizer(model);
  return (tokens: ArrayLike<number>) => piecesOf(tokens, (some) => tokenizer.decode(some));
});

/** Some responses to some problems, right and wrong ones. */
const groupsOf = Effect.fnUntraced(function* (folder: string, tallies: ReadonlyArray<Tally>, model: unknown) {
  const chosen = spreadOf(tallies);
  const inText = chosen.map((problemId) => `"problemId":${JSON.stringify(problemId)}`);
  const { file, lines } = yield* sampleLines(folder);
  const pieces = yield* piecesFor(model);
  const taken = new Map<string, SampledResponse[]>(chosen.map((problemId) => [problemId, []]));
  const some = decodeLines(lines, file, (text, line) => {
    if (!inText.some((one) => text.includes(one))) return Result.succeed(undefined);
    return decodeRecord(PageResponse, presentFields(PageResponse, needs), text, { source: file, line });
  });
  yield* Stream.runForEach(some, (record) =>
    Effect.sync(() => {
      const group = record === undefined ? undefined : taken.get(record.problemId);
      if (record === undefined || group === undefined) return;
      if (group.filter((one) => one.record.correct === record.correct).length >= ofEach) return;
      const { responseTokens = [], logProbs = [], entropy } = record;
      group.push({ record, pieces: pieces?.(responseTokens) ?? [], logProbs, ...(entropy && { entropy }) });
    }));
  return tallies.length === 0 ? [] : chosen.map((problemId): SampledGroup => {
    const { n, c } = tallies.find((one) => one.problemId === problemId) ?? { n: 0, c: 0 };
    const responses = (taken.get(problemId) ?? []).toSorted((a, b) =>
      Number(b.record.correct) - Number(a.record.correct)
    );
    return { where: `${c} of ${n} correct`, responses };
  });
});

/** The `config.json` of an evaluation, or of another folder that has one, as an object. */
export const storedFields = Effect.fnUntraced(function* (
  folder: string,
): Effect.fn.Return<Readonly<Record<string, unknown>>, Failure> {
  const path = join(folder, "config.json");
  const stored = parseObject(path, (yield* readRunText(path)) ?? "{}");
  if (stored.ok && isObject(stored.object)) return stored.object;
  return yield* new PageError({ message: `Cannot read "${path}": expected a JSON object` });
});

/** The graded responses of an evaluation in brief, in the order of the file, and the SHA-256 of it. */
const evaluationFacts = Effect.fn("Evaluation.facts")(function* (
  folder: string,
): Effect.fn.Return<{ readonly facts: ReadonlyArray<Fact>; readonly sha256: string } & SampleLines, Failure> {
  const samples = yield* sampleLines(folder);
  const { file, lines } = samples;
  const hash = createHash("sha256");
  const facts: Fact[] = [];
  const kept = decodeLines(
    Stream.tap(lines, (chunk) => Effect.sync(() => void hash.update(chunk))),
    file,
    (text, line) => decodeRecord(Kept, ["problemId", "sampleIndex", "correct"], text, { source: file, line }),
  );
  yield* Stream.runForEach(kept, (record) => Effect.sync(() => void facts.push(factOf(record))));
  return { ...samples, facts, sha256: hash.digest("hex") };
});

/** What the page of an evaluation is made of. */
export const readEvaluation = Effect.fn("Evaluation.read")(function* (
  folder: string,
): Effect.fn.Return<EvaluationHtml, Failure> {
  const fields = yield* storedFields(folder);
  const config = recordedValues(shaping, fields);
  if (Result.isFailure(config)) {
    return yield* new PageError({ message: `Cannot read "${join(folder, "config.json")}": ${config.failure}` });
  }
  const { file, isWhole, facts, sha256 } = yield* evaluationFacts(folder);
  const { rows, scanned } = yield* rowsIn(folder, evaluationsFile, EvaluationRow);
  const greedy = yield* scan(folder, greedyFile, () => false);
  const tallies = tally(facts);
  const name = basename(resolve(folder));
  const soFar = tallies.length === 0 ? [] : passAtK(tallies, chosenKs(undefined, tallies), 1000);
  return {
    name,
    config: config.success,
    drawn: facts.length,
    isWhole,
    rows: scanned === undefined ? soFar.map((row) => ({ ...row, label: name })) : rows,
    responses: yield* groupsOf(folder, tallies, fields.model),
    records: [{ file: basename(file), sha256 }, ...[greedy, scanned].flatMap((one) => one ?? [])]
      .map(({ file, sha256 }) => ({ file, sha256 })),
  };
});
