/**
 * Scoring records under the models of directories as work that can be done elsewhere: a block is some responses, its result a line of
 * numbers for each. Policy, reference and critic are works of their own, so a worker loads one model for a job. Rows of a pass are independent,
 * so blocks change no bit.
 */
import { Effect, Stream } from "effect";
import * as Schema from "@effect/schema";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { resolveModel } from "../files/hub.ts";
import type { MakeRunner, StageWork } from "../cluster/jobs.ts";
import { companionScores } from "../learning/optimizer_step.ts";
import type { Sequence } from "../learning/packed_rows.ts";
import { score as scoreSequences } from "../learning/score.ts";
import {
  makeScoreRunner,
  type ScoreRequest,
  type Scores,
  scoresOfWorks,
  scoresText,
  scoringWork,
  sequencesFrom,
} from "../learning/score_work.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { withKnownTokens } from "../models/known_tokens.ts";
import { type LoadOptions, type Model, releaseModel, type Role } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { type Loaded, Policy } from "../models/policy.ts";
import type * as Records from "../records/schema.ts";
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

const scoreWork = (
  { role, name, options, loaded }: Scorer,
  request: ScoreRequest,
): StageWork<Scores, Failure, Policy> => {
  const { sequences, temperature } = request;
  const given = Object.entries({ role, temperature, ...options }).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const]
  );
  return scoringWork(fieldsOf[role], request, {
    settings: Object.fromEntries(given),
    model: name,
    here: Stream.fromArrayEffect(
      Effect.flatMap(loaded, ({ model }) => scoresUnder(role, model, sequences, temperature)),
    ),
  });
};

/** The numbers of all models for each sequence, computed in this process or in the cluster. */
export const scoresOf = (scorers: ReadonlyArray<Scorer>, request: ScoreRequest) =>
  scoresOfWorks(scorers.map((scorer) => scoreWork(scorer, request)), request.sequences);

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
    const sequences = yield* Effect.fromResult(sequencesFrom(text));
    const scores = yield* scoresUnder(role, model, sequences, temperature);
    return scoresText(fieldsOf[role], scores);
  });
});
