/**
 * The gradient of one mini-batch, the whole input. Writes the tensors before clipping, content-addressed, under the checkpoint's parameter
 * names; emits the aggregate that refers to them. `--critic` adds the critic's gradient of the same sequences. `--mini-batch P --responses
 * G` give the nominal size of a short last mini-batch, whose loss is scaled by its share.
 */
import { Effect, Layer, Result, Stream, Struct } from "effect";
import { isKlInLoss, type KlSettings } from "../algorithms/mod.ts";
import { shareOf } from "../algorithms/mini_batches.ts";
import { metricsOf } from "../algorithms/objective.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { LossGradient, PolicyGradient, SignPart, TrainedSequence } from "../learning/gradient.ts";
import { gradient, handedWith, valueGradient } from "../learning/optimizer_step.ts";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { fileTensors, type Model } from "../models/model.ts";
import { releaseParameters } from "../models/parameters.ts";
import { Policy } from "../models/policy.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import type * as ArtifactStore from "../files/artifact_store.ts";
import { openArtifactStore } from "../files/artifact_store.ts";
import { placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import * as Records from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { commonTemperature } from "./record_temperature.ts";
import { fault } from "./score.ts";
import { batchLimit, overLimit } from "./token_limit.ts";
import {
  algorithmSettings,
  cluster,
  device,
  files,
  gradientJobs,
  loss,
  memory,
  models,
  passes,
  published,
  sampling,
  schedule,
} from "../settings/groups.ts";
import { fromRecords, withDefault } from "../settings/setting.ts";

/** The stage that checks records, its action in words, and its models. */
export interface Training {
  readonly stage: string;
  readonly verb: "differentiate" | "explain";
  readonly model: Model;
  readonly critic?: Model | undefined;
}

/** Why a record cannot be trained on, if so. */
const trainingFault = (
  record: TrainedSequence,
  settings: KlSettings,
  { verb, model, critic }: Training,
): string | undefined => {
  const about = `Cannot ${verb} the response to problem "${record.problemId}"${placeOf(record)}`;
  const missing = (field: string) => `${about}: field "${field}" is missing`;
  if (record.sign === undefined && record.reward === undefined) return missing("sign");
  if (record.sign !== undefined && !signs.includes(record.sign)) {
    return `${about}: field "sign" must be "positive" or "negative", found ${JSON.stringify(record.sign)}`;
  }
  if (record.sign === undefined && !Number.isFinite(record.reward)) {
    return `${about}: field "reward" must be a finite number, found ${JSON.stringify(record.reward)}`;
  }
  if (isKlInLoss(settings) && record.referenceLogProbs === undefined) return missing("referenceLogProbs");
  if (critic && record.values === undefined) return missing("values");
  if (critic && record.returns === undefined) return missing("returns");
  return fault(verb, record, model.config) ?? (critic && fault(verb, record, critic.config, "--critic"));
};

const signs: ReadonlyArray<string> = ["positive", "negative"];

/** The whole input as one mini-batch with one temperature, or the first error. */
export const checkedBatch = Effect.fnUntraced(function* <
  A extends TrainedSequence & Partial<Pick<Records.Credited, "task">>,
  C extends
    & KlSettings
    & Pick<Settings, "miniBatch" | "responses">
    & Partial<Pick<Settings, "temperature" | "maxTokens" | "aggregation">>,
>(
  batch: ReadonlyArray<A>,
  config: C,
  training: Training,
) {
  const { stage, verb } = training;
  for (const record of batch) {
    const message = trainingFault(record, config, training);
    if (message !== undefined) return yield* new Stage.StageError({ stage, message });
  }
  const long = config.aggregation === "constant-length" ? overLimit(batch, config.maxTokens) : undefined;
  if (long !== undefined) return yield* new Stage.StageError({ stage, message: `Cannot ${verb}: ${long}` });
  const temperature = yield* Effect.fromResult(Result.mapError(
    commonTemperature(batch, config.temperature),
    (problem) => new Stage.StageError({ stage, message: `Cannot ${verb} ${problem}` }),
  ));
  const share = shareOf(batch.length, config.miniBatch === 0 ? undefined : config.miniBatch * config.responses);
  return {
    cut: { sequences: batch, share },
    settings: { ...config, temperature, maxTokens: batchLimit(batch, config.maxTokens) },
  };
});

const part = ({ sums, gradNorm }: SignPart): Records.SignGradient => {
  const { loss, ...means } = metricsOf(sums);
  return { loss, gradNorm, ...means };
};

/** A critic's gradient in the store, as in records. */
export interface CriticGradient {
  readonly criticArtifact: string;
  readonly criticLoss: number;
  readonly criticGradNorm: number;
}

/** Stores a critic's gradient and returns its record fields. */
export const criticRecord = Effect.fnUntraced(function* (
  encoder: Encoder,
  { gradient, loss, gradNorm }: LossGradient,
  store: Pick<ArtifactStore.ArtifactStore, "put">,
): Effect.fn.Return<CriticGradient, DeviceError | CheckpointError> {
  const criticArtifact = yield* store.put(fileTensors(encoder, gradient));
  return { criticArtifact, criticLoss: loss, criticGradNorm: gradNorm };
});

/** Stores the gradients of a mini-batch and returns their record, with the `cosine` of the two signs' gradients if both exist. */
export const gradientRecord = Effect.fnUntraced(function* (
  encoder: Encoder,
  policy: PolicyGradient,
  critic: LossGradient | undefined,
  store: Pick<ArtifactStore.ArtifactStore, "put">,
): Effect.fn.Return<
  Records.Gradient & { readonly cosine?: number } & Partial<CriticGradient>,
  DeviceError | CheckpointError
> {
  return {
    artifact: yield* store.put(fileTensors(encoder, policy.gradient)),
    ...part(policy),
    positive: part(policy.positive),
    negative: part(policy.negative),
    ...(policy.cosine === undefined ? {} : { cosine: policy.cosine }),
    ...(critic && (yield* criticRecord(encoder, critic, store))),
  };
});

/** All Credited to one Gradient. */
export const gradientStage = makeStage({
  name: "gradient",
  summary: "Computes the gradient of one mini-batch, before clipping",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...Struct.pick(files, ["critic"]),
    ...Struct.pick(loss, ["algorithm"]),
    temperature: fromRecords(sampling.temperature),
    ...Struct.pick(files, ["artifacts"]),
    // The whole input is one full mini-batch unless its nominal size is given.
    miniBatch: withDefault(schedule.miniBatch, 0),
    ...Struct.pick(sampling, ["responses", "maxTokens"]),
    ...Struct.pick(loss, ["clipRatio", "clipRatioHigh", "dualClip", "entropyCoef", "klCoef", "klInLoss"]),
    ...published,
    ...Struct.pick(loss, ["aggregation"]),
    ...algorithmSettings,
    ...Struct.pick(schedule, ["gradientChunk", "gradientLeaves"]),
    ...Struct.pick(memory, ["recompute", "offload"]),
    ...passes,
    ...device,
    ...cluster,
    ...gradientJobs,
  },
  required: ["model"],
  input: Records.Credited,
  needs: ["problemId", "promptTokens", "responseTokens", "oldLogProbs", "advantages"],
  needsUnder: (config) => [
    ...(isKlInLoss(config) ? ["referenceLogProbs"] as const : []),
    ...(config.critic === undefined ? [] : ["values", "returns"] as const),
  ],
  output: Records.Gradient,
  buffered: true,
  layer: (config) => Layer.provideMerge(layerJobs(config), layerPolicy(config)),
  run: (input, config) =>
    Stream.fromEffect(Effect.gen(function* () {
      const batch = yield* Stream.runCollect(input);
      if (batch.length === 0) {
        return yield* new Stage.StageError({
          stage: "gradient",
          message: "Cannot differentiate: the input holds no record",
        });
      }
      const policy = yield* Policy;
      const { storage, activations, paddedVocabulary } = config;
      const stored = { storage, activations, paddedVocabulary };
      const { model, dir } = yield* policy.load(config.model, "policy", stored);
      const loaded = config.critic === undefined ? undefined : yield* policy.load(config.critic, "critic", stored);
      const critic = loaded?.model;
      const checked = { stage: "gradient", verb: "differentiate", model, critic } as const;
      const { cut, settings } = yield* checkedBatch(batch, config, checked);
      const store = yield* openArtifactStore(config.artifacts);
      const handed = (role: "policy" | "critic", model: Model, dir: string) => ({
        ...settings,
        handed: handedWith(role, { version: model, model, dir }, cut.share, settings),
      });
      const found = yield* gradient(model, cut, handed("policy", model, dir));
      const valued = loaded && (yield* valueGradient(loaded.model, cut, handed("critic", loaded.model, loaded.dir)));
      const record = yield* gradientRecord(model.encoder, found, valued, store);
      releaseParameters(model.encoder, found.gradient);
      return record;
    })),
});
