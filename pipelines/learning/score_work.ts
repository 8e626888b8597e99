/**
 * Scoring under a reference or a critic as work that can be done elsewhere: a block is some sequences, its result one list of numbers for each.
 * Rows of a pass are independent, so blocks change no bit.
 */
import { Effect, Result, Stream } from "effect";
import { type Executor, Jobs, type MakeRunner, type StageWork, type Weights } from "../cluster/jobs.ts";
import { decodeRecord, encode } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { type CompanionScores, companionScores } from "./optimizer_step.ts";
import type { Sequence } from "./packed_rows.ts";

/** The models that score, by the field that each adds. */
export interface Companions {
  readonly reference?: Weights | undefined;
  readonly critic?: Weights | undefined;
}

/** The sequences, the temperature of their logits, and how many sequences are a job. */
export interface ScoreRequest {
  readonly sequences: ReadonlyArray<Sequence>;
  readonly temperature: number;
  readonly block: number;
}

/** What models say of a sequence, [T] each. */
export type Scores = Partial<Pick<Records.Scored, "oldLogProbs" | "entropy" | "referenceLogProbs" | "values">>;

type Field = "referenceLogProbs" | "values";

const roles = { referenceLogProbs: "reference", values: "critic" } as const;

const lines = <A>(text: string, read: (line: string, i: number) => Result.Result<A, Failure>) =>
  Result.all(text.split("\n").slice(0, -1).map(read));

/** A line of a response whose numbers JSON has no words for. */
const notFinite = "null";

/** The text of a block's result: a line for each sequence. */
export const scoresText = (fields: ReadonlyArray<keyof Scores>, scores: ReadonlyArray<Scores>): string =>
  scores.map((score) =>
    fields.every((field) => score[field]?.every(Number.isFinite))
      ? `${encode(Object.fromEntries(fields.map((field) => [field, score[field]])))}\n`
      : `${notFinite}\n`
  ).join("");

/** The sequences of a block. */
export const sequencesFrom = (text: string) => {
  const needs = ["promptTokens", "responseTokens"] as const;
  return lines(
    text,
    (line, i) => decodeRecord(Records.Rollout, needs, line, { source: "the job's block", line: i + 1 }),
  );
};

/** Scoring as work, `block` sequences a job: the fields that its model adds, and whose weights they are. */
export const scoringWork = <R>(
  fields: ReadonlyArray<keyof Scores>,
  { sequences, block }: Pick<ScoreRequest, "sequences" | "block">,
  of: Pick<StageWork<Scores, Failure, R>, "settings" | "model" | "weights" | "here">,
): StageWork<Scores, Failure, R> => {
  const parts = Array.from(
    { length: Math.ceil(sequences.length / block) },
    (_, i) => sequences.slice(i * block, (i + 1) * block),
  );
  return {
    ...of,
    stage: "score",
    blocks: parts.map((part) => ({
      get text() {
        return part.map(({ promptTokens, responseTokens }) => `${encode({ promptTokens, responseTokens })}\n`).join("");
      },
    })),
    decode: Effect.fnUntraced(function* (text, at) {
      const source = `score, block ${at + 1}`;
      const nothing = (i: number): Scores => {
        const numbers = new Float32Array(parts[at][i]?.responseTokens.length ?? 0).fill(NaN);
        return Object.fromEntries(fields.map((field) => [field, numbers]));
      };
      const scores = yield* Effect.fromResult(lines<Scores>(
        text,
        (line, i) =>
          line === notFinite
            ? Result.succeed(nothing(i))
            : decodeRecord(Records.Scored, fields, line, { source, line: i + 1 }),
      ));
      if (scores.length === parts[at].length) {
        return scores.map((record) => Object.fromEntries(fields.map((field) => [field, record[field]])));
      }
      const message = `Cannot read block ${at + 1} of the scores: expected ${parts[at].length}, found ${scores.length}`;
      return yield* new UsageError({ message });
    }),
  };
};

/** What all models say of each sequence. */
export const scoresOfWorks = Effect.fnUntraced(function* <R>(
  works: ReadonlyArray<StageWork<Scores, Failure, R>>,
  sequences: ReadonlyArray<Sequence>,
): Effect.fn.Return<ReadonlyArray<Scores>, Failure, R> {
  const jobs: Executor = yield* Jobs;
  // One device does one work at a time.
  const all = yield* Effect.forEach(works, (work) => Stream.runCollect(jobs.run(work)), {
    concurrency: jobs.atOnce ?? 1,
  });
  return sequences.map((_, i) => Object.assign({}, ...all.map((scores) => scores[i])));
});

/** Log-probs under the reference and values of the critic, sequence by sequence, computed in this process or in the cluster. */
export const scoresBy = (
  { reference, critic }: Companions,
  request: ScoreRequest,
): Effect.Effect<ReadonlyArray<CompanionScores>, Failure> => {
  const { sequences, temperature } = request;
  const workOf = (field: Field, weights: Weights) =>
    scoringWork([field], request, {
      settings: { field, temperature },
      weights,
      here: Stream.fromArrayEffect(companionScores({ [roles[field]]: weights.model }, sequences, temperature)),
    });
  return scoresOfWorks(
    [
      ...reference === undefined ? [] : [workOf("referenceLogProbs", reference)],
      ...critic === undefined ? [] : [workOf("values", critic)],
    ],
    sequences,
  );
};

/** The runner of blocks of scores. */
export const makeScoreRunner: MakeRunner = Effect.succeed(
  Effect.fnUntraced(function* ({ settings: { field, temperature }, text, weights }) {
    const known = field === "values" || field === "referenceLogProbs" ? field : undefined;
    if (weights === undefined || known === undefined) {
      return yield* new UsageError({ message: "Cannot score: the job names no weights or no field" });
    }
    const sequences = yield* Effect.fromResult(sequencesFrom(text));
    const scores = yield* companionScores({ [roles[known]]: weights }, sequences, Number(temperature));
    return scoresText([known], scores);
  }),
);
