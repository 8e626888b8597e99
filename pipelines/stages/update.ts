/**
 * One optimizer step: clips the gradient by its global norm and applies AdamW (decay 0.01, constant rate). Writes a Hugging Face directory,
 * with the optimizer's moments in `trainer_state/`, and a critic with its own in `critic/`. `--optimizer` takes an earlier `--out`. The
 * authors' code warms up the rate over zero steps, so all optimizer steps of training step 1 have the rate 0: `--as-published --step 1`.
 */
import { Effect, Stream, Struct } from "effect";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { MomentType } from "../../kernels/gpu/half_precision.ts";
import { stateFolder } from "../files/checkpoint_directory.ts";
import { writeModelDirectory } from "../models/checkpoint.ts";
import { exists } from "../files/text_file.ts";
import { finite } from "../models/finite_tensor.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { fileTensors, type Model } from "../models/model.ts";
import { normOf, zeroGradient } from "../learning/gradient_passes.ts";
import * as Optimizer from "../learning/optimizer.ts";
import { makeOptimizer } from "../learning/optimizer.ts";
import { applyGradient, rateAt, type TrainedModel } from "../learning/optimizer_step.ts";
import { Policy } from "../models/policy.ts";
import * as Safetensors from "../files/safetensors.ts";
import { openSafetensors, writeSafetensors } from "../files/safetensors.ts";
import type * as ArtifactStore from "../files/artifact_store.ts";
import { openArtifactStore } from "../files/artifact_store.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import * as Records from "../records/schema.ts";
import { device, files, loss, models, optimizing, published, schedule } from "../settings/groups.ts";
import { optional } from "../settings/setting.ts";

/** The optimizer's file in a checkpoint. */
export const optimizerFile = join(stateFolder, "optimizer.safetensors");

/** The optimizer saved with a checkpoint, with moments of this type. */
export const openOptimizer = (
  model: Model,
  dir: string,
  moments?: MomentType,
): Effect.Effect<Optimizer.Optimizer, Safetensors.CheckpointError> =>
  Effect.flatMap(openSafetensors(join(dir, optimizerFile)), (file) => Optimizer.restore(model, file, moments));

/** Writes a model with its optimizer and returns their hashes. */
const writeTrained = Effect.fnUntraced(function* <E>(
  dir: string,
  sourceDir: string,
  { model, optimizer }: TrainedModel,
  also: (partial: string) => Effect.Effect<void, E>,
) {
  let state = "";
  const { sha256 } = yield* writeModelDirectory(dir, {
    config: model.config,
    sourceDir,
    tensors: fileTensors(model.encoder, model.parameters),
    manifest: true,
    also: (partial) =>
      Effect.gen(function* () {
        const folder = join(partial, stateFolder);
        yield* Safetensors.attempt("write", folder, () => mkdir(folder));
        const name = "optimizer.safetensors";
        const tensors = Optimizer.optimizerTensors(model, optimizer);
        const checked = tensors.map((tensor) => finite(tensor, join(folder, name), "float32"));
        state = (yield* writeSafetensors(folder, () => name, checked)).sha256;
        yield* also(partial);
      }),
  });
  return { model: sha256, optimizer: state };
});

/** Writes the policy and an optional critic, each with its optimizer; `also` adds files before the directory is renamed. */
export const writeCheckpoint = Effect.fn("Update.write")(function* <E = never>(
  dir: string,
  sourceDir: string,
  policy: TrainedModel,
  critic?: TrainedModel,
  also: (partial: string) => Effect.Effect<void, E> = () => Effect.void,
): Effect.fn.Return<Records.PolicyState, Safetensors.CheckpointError | DeviceError | E> {
  let hash: string | undefined;
  const written = yield* writeTrained(dir, sourceDir, policy, (partial) =>
    Effect.gen(function* () {
      if (critic !== undefined) {
        hash = (yield* writeTrained(join(partial, "critic"), sourceDir, critic, () => Effect.void)).model;
      }
      yield* also(partial);
    }));
  return { ...written, step: policy.optimizer.step, ...(hash === undefined ? {} : { critic: hash }) };
});

/** Loads a gradient from the store to the device and computes its global norm. */
const fetchGradient = Effect.fnUntraced(function* (model: Model, store: ArtifactStore.ArtifactStore, id: string) {
  const gradient = zeroGradient(model);
  yield* Optimizer.fill(model.encoder, gradient, yield* store.get(id));
  const gradNorm = yield* normOf(model.encoder, gradient);
  if (Number.isFinite(gradNorm)) return { gradient, gradNorm };
  const message = `Cannot update: the gradient "${id}" is not finite (its norm is ${gradNorm})`;
  return yield* new Stage.StageError({ stage: "update", message });
});

/** Exactly one Gradient to PolicyState. */
export const updateStage = makeStage({
  name: "update",
  summary: "Takes one optimizer step and writes the model in Hugging Face format",
  settings: {
    ...Struct.pick(models, ["model"]),
    optimizer: files.optimizer,
    ...Struct.pick(files, ["critic", "artifacts", "out"]),
    algorithm: optional(
      loss.algorithm,
      "algorithm whose defaults hold here too, its learning rate say (default: none)",
    ),
    ...Struct.omit(optimizing, ["moments"]),
    ...optimizing,
    ...published,
    ...Struct.pick(schedule, ["step"]),
    ...device,
  },
  required: ["model", "out"],
  input: Records.Gradient,
  needs: ["artifact"],
  output: Records.PolicyState,
  buffered: true,
  layer: layerPolicy,
  run: (input, config) =>
    Stream.fromEffect(Effect.gen(function* () {
      const records = yield* Stream.runCollect(input);
      if (records.length !== 1) {
        const message = `Cannot update: expected exactly one Gradient, found ${records.length}`;
        return yield* new Stage.StageError({ stage: "update", message });
      }
      const [{ artifact, criticArtifact }] = records;
      if ((criticArtifact === undefined) !== (config.critic === undefined)) {
        const message = criticArtifact === undefined
          ? `Cannot update the critic "${config.critic}" (--critic): field "criticArtifact" is missing`
          : 'Cannot update the critic: the Gradient has a "criticArtifact", but --critic is missing';
        return yield* new Stage.StageError({ stage: "update", message });
      }
      const policy = yield* Policy;
      const store = yield* openArtifactStore(config.artifacts);
      const trainee = Effect.fnUntraced(function* (name: string, role: "policy" | "critic", state: string | undefined) {
        // A step reads no logits, so the known ids do not matter.
        const { model, dir } = yield* policy.load(name, role, { paddedVocabulary: "keep" });
        const optimizer = state === undefined
          ? makeOptimizer(model, config.moments)
          : yield* openOptimizer(model, state, config.moments);
        return { model, optimizer, dir };
      });
      const { weightDecay, maxGradNorm } = config;
      const stepped = Effect.fnUntraced(function* (one: TrainedModel, id: string, rate: number) {
        const gradient = yield* fetchGradient(one.model, store, id);
        return applyGradient(one, gradient, { learningRate: rateAt(rate, config), weightDecay, maxGradNorm });
      });
      let critic: TrainedModel | undefined;
      if (config.critic !== undefined && criticArtifact !== undefined) {
        const state = config.optimizer === undefined ? undefined : join(config.optimizer, "critic");
        const kept = state !== undefined && (yield* exists(join(state, optimizerFile))) ? state : undefined;
        critic = yield* stepped(
          yield* trainee(config.critic, "critic", kept),
          criticArtifact,
          config.criticLearningRate,
        );
      }
      const actor = yield* trainee(config.model, "policy", config.optimizer);
      return yield* writeCheckpoint(
        config.out,
        actor.dir,
        yield* stepped(actor, artifact, config.learningRate),
        critic,
      );
    })),
});
