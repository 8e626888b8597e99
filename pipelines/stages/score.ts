/**
 * Log-probs and entropies of responses under the policy about to be trained (`oldLogProbs`), and optionally log-probs under a reference and
 * the values of a critic. The record's temperature (`record_temperature.ts`) divides the logits of policy and reference.
 */
import { Effect, Result, Stream, Struct } from "effect";
import { layerPolicy } from "../models/layer_policy.ts";
import type { Model } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { Policy } from "../models/policy.ts";
import { companionScores } from "../learning/optimizer_step.ts";
import { score as scoreSequences } from "../learning/score.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import * as RecordTypes from "../records/schema.ts";
import { temperatureOf } from "./record_temperature.ts";
import { device, files, models, passes, sampling } from "../settings/groups.ts";
import { fromRecords } from "../settings/setting.ts";

/** The models that score; only the policy is required. */
export interface Scorers {
  readonly policy: Model;
  readonly reference?: Model | undefined;
  readonly critic?: Model | undefined;
}

/** The fields of a record that scoring reads. */
export type Scorable = Pick<RecordTypes.Rollout, "problemId" | "promptTokens" | "responseTokens">;

/** The fields that scoring adds to a record. */
export type Score = Pick<RecordTypes.Scored, "oldLogProbs" | "entropy" | "referenceLogProbs" | "values">;

/** Why a response cannot be scored, if so; `flag` tells which model if there are several. */
export const fault = (stage: string, record: Scorable, config: ModelConfig, flag?: string): string | undefined => {
  const { problemId, promptTokens, responseTokens } = record;
  const by = flag === undefined ? "" : ` by ${flag}`;
  const about = `Cannot ${stage} the response to problem "${problemId}"${placeOf(record)}${by}`;
  for (const field of ["promptTokens", "responseTokens"] as const) {
    if (record[field].length === 0) return `${about}: field "${field}" is empty`;
    const bad = record[field].find((token) => token >= config.vocabSize);
    if (bad !== undefined) return `${about}: field "${field}" has token ${bad}, expected 0 to ${config.vocabSize - 1}`;
  }
  const known = config.knownTokens ?? config.vocabSize;
  const unknown = responseTokens.find((token) => token >= known);
  if (unknown !== undefined) {
    return `${about}: field "responseTokens" has token ${unknown}, which the tokenizer (${known} tokens) does not know; --padded-vocabulary keep takes it`;
  }
  const length = promptTokens.length + responseTokens.length;
  return length <= config.context + 1
    ? undefined
    : `${about}: prompt and response have ${length} tokens (field "responseTokens"), the model's context is ${config.context}`;
};

/** Records with their scores, in order. */
export const score = Effect.fn("Stage.score")(function* <A extends Scorable>(
  scorers: Scorers,
  records: ReadonlyArray<A>,
  temperature: number,
): Effect.fn.Return<ReadonlyArray<A & Score>, DeviceError | Stage.StageError> {
  const own = yield* scoreSequences(scorers.policy, records, temperature);
  const others = yield* companionScores(scorers, records, temperature);
  for (const [i, record] of records.entries()) {
    const lists: ReadonlyArray<Float32Array> = [own.logProbs[i], own.entropy[i], ...Object.values(others[i])];
    if (lists.every((list) => list.every(Number.isFinite))) continue;
    const message = `Cannot score the response to problem "${record.problemId}"${
      placeOf(record)
    }: a model gives numbers that are not finite`;
    return yield* new Stage.StageError({ stage: "score", message });
  }
  return records.map((record, i) => ({
    ...record,
    entropy: own.entropy[i],
    oldLogProbs: own.logProbs[i],
    ...others[i],
  }));
});

/** The number of records scored at a time in a stream. */
const window = 256;

/** Records with their scores, in order, each at its own temperature. */
const scoreEach = Effect.fnUntraced(function* <A extends Scorable>(
  scorers: Scorers,
  drawn: ReadonlyArray<{ readonly record: A; readonly temperature: number }>,
) {
  const scored: Array<A & Score> = [];
  const byTemperature = Map.groupBy(drawn.keys(), (i) => drawn[i].temperature);
  for (const [temperature, places] of byTemperature) {
    const some = yield* score(scorers, places.map((i) => drawn[i].record), temperature);
    some.forEach((one, j) => scored[places[j]] = one);
  }
  return scored;
});

/** Signed to Scored. */
export const scoreStage = makeStage({
  name: "score",
  summary: "Computes log-probs under policy and reference, and the critic's values",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...Struct.pick(files, ["reference", "critic"]),
    temperature: fromRecords(sampling.temperature),
    ...passes,
    ...device,
  },
  required: ["model"],
  input: RecordTypes.Signed,
  needs: ["problemId", "promptTokens", "responseTokens"],
  output: RecordTypes.Scored,
  layer: layerPolicy,
  run: (input, config) =>
    Stream.unwrap(Effect.gen(function* () {
      const policy = yield* Policy;
      const { reference, critic } = config;
      const { storage, activations, paddedVocabulary } = config;
      const stored = { storage, activations, paddedVocabulary };
      const { model } = yield* policy.load(config.model, "policy", stored);
      const beside = { ...stored, knownTokens: model.config.knownTokens };
      const scorers = {
        policy: model,
        reference: reference === undefined ? undefined : (yield* policy.load(reference, "reference", beside)).model,
        critic: critic === undefined ? undefined : (yield* policy.load(critic, "critic", stored)).model,
      };
      return input.pipe(
        Stream.mapEffect((record) => {
          const { policy: own, reference, critic } = scorers;
          const message = fault("score", record, own.config) ??
            (reference && fault("score", record, reference.config, "--reference")) ??
            (critic && fault("score", record, critic.config, "--critic"));
          const fail = (problem: string) => new Stage.StageError({ stage: "score", message: problem });
          return message === undefined
            ? Effect.fromResult(Result.mapBoth(temperatureOf(record, config.temperature), {
              onSuccess: (temperature) => ({ record, temperature }),
              onFailure: (problem) => fail(`Cannot score ${problem}`),
            }))
            : Effect.fail(fail(message));
        }),
        Stream.grouped(window),
        Stream.mapEffect((records) => scoreEach(scorers, records)),
        Stream.flatMap((some) => Stream.fromIterable(some)),
      );
    })),
});
