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

type Field = "referenceLogProbs" | "values";

const roles = { referenceLogProbs: "reference", values: "critic" } as const;

const lines = <A>(text: string, read: (line: string, i: number) => Result.Result<A, Failure>) =>
  Result.all(text.split("\n").slice(0, -1).map(read));

const scoreWork = (
  field: Field,
  weights: Weights,
  { sequences, temperature, block }: ScoreRequest,
): StageWork<CompanionScores, Failure, never> => {
  const starts = Array.from({ length: Math.ceil(sequences.length / block) }, (_, i) => i * block);
  return {
    stage: "score",
    settings: { field, temperature },
    weights,
    blocks: starts.map((start) => ({
      get text() {
        return sequences.slice(start, start + block).map(({ promptTokens, responseTokens }) =>
          `${encode({ promptTokens, responseTokens })}\n`
        ).join("");
      },
    })),
    here: Stream.fromArrayEffect(companionScores({ [roles[field]]: weights.model }, sequences, temperature)),
    decode: Effect.fnUntraced(function* (text, at) {
      const source = `score, block ${at + 1}`;
      const scores = yield* Effect.fromResult(
        lines(text, (line, i) => decodeRecord(Records.Scored, [field], line, { source, line: i + 1 })),
      );
      const expected = sequences.slice(starts[at], starts[at] + block).length;
      if (scores.length === expected) return scores.map((record) => ({ [field]: record[field] }));
      const message = `Cannot read block ${at + 1} of the scores: expected ${expected}, found ${scores.length}`;
      return yield* new UsageError({ message });
    }),
  };
};

/** Log-probs under the reference and values of the critic, sequence by sequence, computed in this process or in the cluster. */
export const scoresBy = Effect.fn("Learning.scoresBy")(function* (
  { reference, critic }: Companions,
  request: ScoreRequest,
): Effect.fn.Return<ReadonlyArray<CompanionScores>, Failure> {
  const jobs: Executor = yield* Jobs;
  const works = [
    ...reference === undefined ? [] : [scoreWork("referenceLogProbs", reference, request)],
    ...critic === undefined ? [] : [scoreWork("values", critic, request)],
  ];
  // One device does one work at a time.
  const all = yield* Effect.forEach(works, (work) => Stream.runCollect(jobs.run(work)), {
    concurrency: jobs.atOnce ?? 1,
  });
  return request.sequences.map((_, i) => Object.assign({}, ...all.map((scores) => scores[i])));
});

/** The runner of blocks of scores. */
export const makeScoreRunner: MakeRunner = Effect.succeed(
  Effect.fnUntraced(function* ({ settings: { field, temperature }, text, weights }) {
    const known = field === "values" || field === "referenceLogProbs" ? field : undefined;
    if (weights === undefined || known === undefined) {
      return yield* new UsageError({ message: "Cannot score: the job names no weights or no field" });
    }
    const needs = ["promptTokens", "responseTokens"] as const;
    const sequences = yield* Effect.fromResult(
      lines(text, (line, i) => decodeRecord(Records.Rollout, needs, line, { source: "the job's block", line: i + 1 })),
    );
    const scores = yield* companionScores({ [roles[known]]: weights }, sequences, Number(temperature));
    return scores.map((score) => `${encode({ [known]: score[known] })}\n`).join("");
  }),
);
