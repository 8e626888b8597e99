/**
 * The gradient of one mini-batch: the whole input. What is written are the tensors before clipping, under the checkpoint's parameter names, by
 * content; what is emitted is the aggregate that names them. With `--critic` the critic's gradient of the same sequences comes with it.
 * `--mini-batch P --responses G` name the nominal size where the input is a short last one, whose loss is scaled by its share.
 */
import { Effect, Result, Stream, Struct } from "effect";
import { algorithms } from "../algorithms/mod.ts";
import { shareOf } from "../algorithms/mini_batches.ts";
import { metricsOf } from "../algorithms/objective.ts";
import { VALUE_CLIP } from "../algorithms/value_loss.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import {
  criticGradient,
  type GradientError,
  type LossGradient,
  type PolicyGradient,
  policyGradient,
  type SignPart,
} from "../learning/gradient.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { fileTensors, type Model } from "../models/model.ts";
import { release } from "../models/parameters.ts";
import { Policy } from "../models/policy.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import * as ArtifactStore from "../files/artifact_store.ts";
import { placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";
import * as Noun from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { commonTemperature, effective } from "./record_temperature.ts";
import { fault } from "./score.ts";
import { device, files, loss, memory, models, passes, published, sampling, schedule } from "../settings/groups.ts";
import { fromRecords, withDefault } from "../settings/setting.ts";

/** The settings that the loss depends on. */
export type LossSettings =
  & Pick<
    Settings,
    "algorithm" | "temperature" | "clipRatio" | "entropyCoef" | "klCoef" | "aggregation" | "gradientChunk"
  >
  & Partial<Pick<Settings, "klInLoss" | "recompute" | "offload">>;

/** Whether the loss has the KL term: as `--kl-in-loss` says, else as the algorithm does. */
const hasKl = ({ algorithm, klInLoss }: Pick<LossSettings, "algorithm" | "klInLoss">): boolean =>
  klInLoss ?? algorithms[algorithm].klInLoss;

/** What a gradient reads of a record; a record without `sign` has that of its reward. */
export type Trained =
  & Pick<Noun.Credited, "problemId" | "promptTokens" | "responseTokens" | "oldLogProbs" | "advantages">
  & Partial<Pick<Noun.Credited, "sampleIndex" | "sign" | "reward" | "referenceLogProbs" | "values" | "returns">>;

/** The first reason why a record cannot be differentiated, if any. */
export const trainingFault = (
  record: Trained,
  model: Model,
  settings: Pick<LossSettings, "algorithm" | "klInLoss">,
  critic?: Model,
): string | undefined => {
  const about = `Cannot differentiate the response to problem "${record.problemId}"${placeOf(record)}`;
  const missing = (field: string) => `${about}: field "${field}" is missing`;
  if (record.sign === undefined && record.reward === undefined) return missing("sign");
  if (record.sign !== undefined && !signs.includes(record.sign)) {
    return `${about}: field "sign" must be "positive" or "negative", found ${JSON.stringify(record.sign)}`;
  }
  if (record.sign === undefined && !Number.isFinite(record.reward)) {
    return `${about}: field "reward" must be a finite number, found ${JSON.stringify(record.reward)}`;
  }
  if (hasKl(settings) && record.referenceLogProbs === undefined) return missing("referenceLogProbs");
  if (critic && record.values === undefined) return missing("values");
  if (critic && record.returns === undefined) return missing("returns");
  return fault("differentiate", record, model.config) ??
    (critic && fault("differentiate", record, critic.config, "--critic"));
};

const signs: ReadonlyArray<string> = ["positive", "negative"];

/** The policy's gradient over one mini-batch. */
export const gradient = (
  model: Model,
  batch: ReadonlyArray<Trained>,
  settings: LossSettings,
  share: number,
): Effect.Effect<PolicyGradient, DeviceError | GradientError> =>
  policyGradient(
    model,
    batch.map((record) => ({
      ...record,
      sampleIndex: record.sampleIndex ?? 0,
      sign: record.sign ?? (Number(record.reward) > 0 ? "positive" : "negative"),
      // Only GRPO has the KL term in its loss unless it is asked for; PPO's is inside the reward.
      ...(hasKl(settings) ? {} : { referenceLogProbs: undefined }),
    })),
    { ...settings, temperature: effective(settings.temperature), share },
  );

/** The critic's gradient over one mini-batch of its own. */
export const valueGradient = (
  critic: Model,
  batch: ReadonlyArray<Trained>,
  settings: LossSettings,
  share: number,
): Effect.Effect<LossGradient, DeviceError | GradientError> =>
  criticGradient(
    critic,
    batch.map((record) => ({
      ...record,
      sampleIndex: record.sampleIndex ?? 0,
      values: record.values ?? new Float32Array(0),
      returns: record.returns ?? new Float32Array(0),
    })),
    { ...settings, share, valueClip: VALUE_CLIP },
  );

const part = ({ sums, gradNorm }: SignPart): Noun.SignGradient => {
  const { loss, ...means } = metricsOf(sums);
  return { loss, gradNorm, ...means };
};

/** Puts a gradient into the store and gives its record; `cosine` of the two signs' gradients where both are there. */
export const gradientRecord = Effect.fnUntraced(function* (
  model: Model,
  result: PolicyGradient,
  store: Pick<ArtifactStore.ArtifactStore, "put">,
  valued?: { readonly critic: Model; readonly result: LossGradient },
): Effect.fn.Return<
  Noun.Gradient & { readonly cosine?: number; readonly criticLoss?: number; readonly criticGradNorm?: number },
  DeviceError | CheckpointError
> {
  const artifact = yield* store.put(fileTensors(model.encoder, result.gradient));
  const whole = part(result);
  const record = {
    artifact,
    ...whole,
    positive: part(result.positive),
    negative: part(result.negative),
    ...(result.cosine === undefined ? {} : { cosine: result.cosine }),
  };
  if (valued === undefined) return record;
  return {
    ...record,
    criticArtifact: yield* store.put(fileTensors(valued.critic.encoder, valued.result.gradient)),
    criticLoss: valued.result.loss,
    criticGradNorm: valued.result.gradNorm,
  };
});

/** Credited, all of them, to one Gradient. */
export const gradientStage = Stage.make({
  name: "gradient",
  summary: "The gradient of one mini-batch, before clipping",
  settings: {
    ...Struct.pick(models, ["model"]),
    ...Struct.pick(files, ["critic"]),
    ...Struct.pick(loss, ["algorithm"]),
    temperature: fromRecords(sampling.temperature),
    ...Struct.pick(files, ["artifacts"]),
    // Whatever comes in is a whole mini-batch unless its nominal size is named.
    miniBatch: withDefault(schedule.miniBatch, 0),
    ...Struct.pick(sampling, ["responses"]),
    ...Struct.pick(loss, ["clipRatio", "entropyCoef", "klCoef", "klInLoss"]),
    ...published,
    ...Struct.pick(loss, ["aggregation"]),
    ...Struct.pick(schedule, ["gradientChunk"]),
    ...Struct.pick(memory, ["recompute", "offload"]),
    ...passes,
    ...device,
  },
  required: ["model"],
  input: Noun.Credited,
  needs: ["problemId", "promptTokens", "responseTokens", "oldLogProbs", "advantages"],
  needsUnder: ({ algorithm, klInLoss, critic }) => [
    ...(hasKl({ algorithm, klInLoss }) ? ["referenceLogProbs"] as const : []),
    ...(critic === undefined ? [] : ["values", "returns"] as const),
  ],
  output: Noun.Gradient,
  buffered: true,
  layer: layerPolicy,
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
      const { model } = yield* policy.load(config.model, "policy", stored);
      const critic = config.critic === undefined
        ? undefined
        : (yield* policy.load(config.critic, "critic", stored)).model;
      for (const record of batch) {
        const message = trainingFault(record, model, config, critic);
        if (message !== undefined) return yield* new Stage.StageError({ stage: "gradient", message });
      }
      const temperature = yield* Effect.fromResult(Result.mapError(
        commonTemperature(batch, config.temperature),
        (problem) => new Stage.StageError({ stage: "gradient", message: `Cannot differentiate ${problem}` }),
      ));
      const settings = { ...config, temperature };
      const store = yield* ArtifactStore.open(config.artifacts);
      const share = shareOf(batch.length, config.miniBatch === 0 ? undefined : config.miniBatch * config.responses);
      const result = yield* gradient(model, batch, settings, share);
      const valued = critic && { critic, result: yield* valueGradient(critic, batch, settings, share) };
      const record = yield* gradientRecord(model, result, store, valued);
      release(model.encoder, result.gradient);
      return record;
    })),
});
