/**
 * Scoring records under the models of directories as work that can be done elsewhere: a block is some responses, its result a line of
 * numbers for each. Policy, reference and critic are works of their own, so a worker loads one model for a job. Rows of a pass are independent,
 * so blocks change no bit.
 */
import { Effect, Result, Stream } from "effect";
import * as Schema from "@effect/schema";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { resolveModel } from "../files/hub.ts";
import { Jobs, type MakeRunner, type StageWork } from "../cluster/jobs.ts";
import { companionScores } from "../learning/optimizer_step.ts";
import type { Sequence } from "../learning/packed_rows.ts";
import { score as scoreSequences } from "../learning/score.ts";
import { makeScoreRunner } from "../learning/score_work.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { withKnownTokens } from "../models/known_tokens.ts";
import { type LoadOptions, type Model, releaseModel, type Role } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { type Loaded, Policy } from "../models/policy.ts";
import { decodeRecord, encode } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import type { Failure } from "../settings/command.ts";
import { passes } from "../settings/groups.ts";
import { groupValues } from "../settings/setting.ts";
import { StageError } from "./stage.ts";

/** The fields that scoring adds to a record. */
export type Score = Pick<Records.Scored, "oldLogProbs" | "entropy" | "referenceLogProbs" | "values">;

/** The fields that a model adds, by its role. */
const fieldsOf = {
  policy: ["oldLogProbs", "entropy"],
  reference: ["referenceLogProbs"],
  critic: ["values"],
} as const satisfies Readonly<Record<Role, ReadonlyArray<keyof Score>>>;

const roles: ReadonlyArray<string> = Object.keys(fieldsOf);
const isRole = (name: unknown): name is Role => typeof name === "string" && roles.includes(name);

const fail = (message: string) => new StageError({ stage: "score", message });

/** A model that scores: its directory or name, how it is loaded, and its configuration, which needs no weights. */
export interface Scorer {
  readonly role: Role;
  readonly name: string;
  readonly options: LoadOptions;
  readonly config: ModelConfig;
  /** The model on this process's device, loaded at the first use. */
  readonly loaded: Effect.Effect<Loaded, Failure, Policy>;
}

/** Reads a model's configuration; the weights wait until they are used. */
export const scorerOf = Effect.fnUntraced(function* (
  role: Role,
  name: string,
  options: LoadOptions,
): Effect.fn.Return<Scorer, Failure, Policy> {
  const dir = yield* resolveModel(name);
  const { config } = yield* openCheckpoint(dir);
  const { load } = yield* Policy;
  const known = role === "critic"
    ? config
    : yield* withKnownTokens(dir, config, options.paddedVocabulary, options.knownTokens);
  return { role, name, options, config: known, loaded: yield* Effect.cached(load(name, role, options)) };
});

/** The numbers of a role for each sequence, on this process's device. */
const scoresUnder = (
  role: Role,
  model: Model,
  sequences: ReadonlyArray<Sequence>,
  temperature: number,
): Effect.Effect<ReadonlyArray<Partial<Score>>, DeviceError> =>
  role === "policy"
    ? Effect.map(
      scoreSequences(model, sequences, temperature),
      ({ logProbs, entropy }) => logProbs.map((own, i) => ({ oldLogProbs: own, entropy: entropy[i] })),
    )
    : companionScores({ [role]: model }, sequences, temperature);

const linesOf = <A>(text: string, read: (line: string, i: number) => Result.Result<A, Failure>) =>
  Result.all(text.split("\n").slice(0, -1).map(read));

/** A line of a response whose numbers JSON has no words for. */
const notFinite = "null";

const lineOf = (fields: ReadonlyArray<keyof Score>, score: Partial<Score>): string =>
  fields.every((field) => score[field]?.every(Number.isFinite))
    ? encode(Object.fromEntries(fields.map((field) => [field, score[field]])))
    : notFinite;

const scoreWork = (
  { role, name, options, loaded }: Scorer,
  { sequences, temperature, block }: RecordScoring,
): StageWork<Partial<Score>, Failure, Policy> => {
  const fields = fieldsOf[role];
  const starts = Array.from({ length: Math.ceil(sequences.length / block) }, (_, i) => i * block);
  const given = Object.entries({ role, temperature, ...options }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const]
  );
  return {
    stage: "score",
    settings: Object.fromEntries(given),
    model: name,
    blocks: starts.map((start) => ({
      get text() {
        return sequences.slice(start, start + block).map(({ promptTokens, responseTokens }) =>
          `${encode({ promptTokens, responseTokens })}\n`
        ).join("");
      },
    })),
    here: Stream.fromArrayEffect(
      Effect.flatMap(loaded, ({ model }) => scoresUnder(role, model, sequences, temperature)),
    ),
    decode: Effect.fnUntraced(function* (text, at) {
      const source = `score, block ${at + 1}`;
      const nothing = Object.fromEntries(fields.map((field) => [field, Float32Array.of(NaN)]));
      const scores = yield* Effect.fromResult(linesOf<Partial<Score>>(
        text,
        (line, i) =>
          line === notFinite
            ? Result.succeed(nothing)
            : decodeRecord(Records.Scored, fields, line, { source, line: i + 1 }),
      ));
      const expected = sequences.slice(starts[at], starts[at] + block).length;
      if (scores.length === expected) {
        return scores.map((record) => Object.fromEntries(fields.map((field) => [field, record[field]])));
      }
      return yield* fail(`Cannot read block ${at + 1} of the scores: expected ${expected}, found ${scores.length}`);
    }),
  };
};

/** Sequences with the temperature of their logits, and how many are a job. */
export interface RecordScoring {
  readonly sequences: ReadonlyArray<Sequence>;
  readonly temperature: number;
  readonly block: number;
}

/** The numbers of all models for each sequence, computed in this process or in the cluster. */
export const scoresOf = Effect.fn("Stage.scoresOf")(function* (
  scorers: ReadonlyArray<Scorer>,
  request: RecordScoring,
): Effect.fn.Return<ReadonlyArray<Partial<Score>>, Failure, Policy> {
  const jobs = yield* Jobs;
  // One device does one work at a time.
  const all = yield* Effect.forEach(scorers, (scorer) => Stream.runCollect(jobs.run(scoreWork(scorer, request))), {
    concurrency: jobs.atOnce ?? 1,
  });
  return request.sequences.map((_, i) => Object.assign({}, ...all.map((scores) => scores[i])));
});

/** The most models that a worker keeps: policy, reference and critic. */
const most = 3;

const decodeCount = Schema.decodeUnknownEffect(Schema.Int);

/** The runner of blocks of scores, under weights of a training or under the models of directories. */
export const makeScorerRunner: MakeRunner = Effect.gen(function* () {
  const policy = yield* Policy;
  const underWeights = yield* makeScoreRunner;
  const held = new Map<string, Model>();
  const modelOf = Effect.fnUntraced(function* (dir: string, role: Role, options: LoadOptions) {
    const key = JSON.stringify([dir, role, options]);
    const known = held.get(key);
    held.delete(key);
    for (const [oldest, model] of held) {
      if (held.size < most) break;
      releaseModel(model);
      held.delete(oldest);
    }
    const model = known ?? (yield* policy.load(dir, role, options)).model;
    held.set(key, model);
    return model;
  });
  return Effect.fnUntraced(function* (input) {
    if (input.weights !== undefined) return yield* underWeights(input);
    const { settings: { role, temperature, knownTokens, ...rest }, text, model: dir } = input;
    if (dir === undefined || !isRole(role) || typeof temperature !== "number") {
      return yield* fail("Cannot score: the job names no model, no role or no temperature");
    }
    const stored = yield* Effect.mapError(Effect.fromResult(groupValues(passes, rest)), fail);
    const known = knownTokens === undefined ? undefined : yield* Effect.mapError(
      decodeCount(knownTokens),
      () => fail("Cannot score: the job's count of known tokens is wrong"),
    );
    const model = yield* modelOf(dir, role, { ...stored, ...known !== undefined && { knownTokens: known } });
    const needs = ["promptTokens", "responseTokens"] as const;
    const sequences = yield* Effect.fromResult(
      linesOf(
        text,
        (line, i) => decodeRecord(Records.Rollout, needs, line, { source: "the job's block", line: i + 1 }),
      ),
    );
    const scores = yield* scoresUnder(role, model, sequences, temperature);
    return scores.map((score) => `${lineOf(fieldsOf[role], score)}\n`).join("");
  });
});
