/**
 * What a run directory says of where training stopped: checkpoints, which are written whole or not at all, and the gradients that the last
 * steps recorded.
 */
import { Effect } from "effect";
import { join } from "node:path";
import {
  formatJson,
  readCheckpointText,
  stateFolder,
  verifyManifest,
  writeText,
} from "../files/checkpoint_directory.ts";
import { type Model, releaseModel } from "../models/model.ts";
import * as Optimizer from "../learning/optimizer.ts";
import { releaseOptimizer } from "../learning/optimizer.ts";
import type { TrainedModel, TrainingState } from "../learning/optimizer_step.ts";
import { Policy } from "../models/policy.ts";
import type * as Command from "../settings/command.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { exists, type FileError, namesIn } from "../files/text_file.ts";
import { parseObject } from "../files/json.ts";
import { openOptimizer, writeCheckpoint } from "../stages/update.ts";
import type { SamplerState } from "../rollouts/rollout_source.ts";
import { runRefusal, type TrainConfig } from "./run_config.ts";

/** The gradients that the last `keep` steps up to `last` recorded, a list a step. */
export const recordedArtifacts = (run: RunDirectory.RunDirectory, last: number, keep: number) =>
  Effect.forEach(
    Array.from({ length: Math.min(keep, last) }, (_, i) => last - Math.min(keep, last) + 1 + i),
    Effect.fnUntraced(function* (step) {
      const texts = yield* Effect.forEach(["gradient", "critic"], (name) =>
        run.readText(join(RunDirectory.stepFolder(step), `${name}.ndjson`)));
      return [...texts.join("").matchAll(/"(?:artifact|criticArtifact)":"(\w+)"/g)].map(([, id]) =>
        id
      );
    }),
  );

/** Removes what killed writers left beside records and checkpoints. */
export const sweepRecords = Effect.fnUntraced(function* (run: RunDirectory.RunDirectory) {
  const steps = yield* namesIn(run.pathOf("steps"));
  yield* Effect.forEach(
    ["checkpoints", ...steps.map((step) => join("steps", step))],
    (name) => RunDirectory.sweep(run.pathOf(name)),
  );
});

/** Writes the checkpoint of a step and removes those that are spent. */
export const save = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  sourceDir: string,
  { policy, critic }: TrainingState,
  step: number,
  keeping: Keeping,
) {
  yield* writeCheckpoint(
    run.pathOf(RunDirectory.checkpointFolder(step)),
    sourceDir,
    policy,
    critic,
    besideState(keeping, positionFile, step),
  );
  yield* removeSpent(run, keeping, step);
});

const [positionFile, finishedFile] = ["position.json", "finished.json"];

/** Writes the final model of `steps` steps, in place of the one that a shorter run left, and removes the checkpoints that are spent. */
export const finish = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  sourceDir: string,
  { policy, critic }: TrainingState,
  steps: number,
  keeping: Keeping,
) {
  yield* writeCheckpoint(
    run.pathOf("model"),
    sourceDir,
    policy,
    critic,
    besideState(keeping, finishedFile, steps),
  );
  // A checkpoint of the last step would say that training goes on.
  const names = yield* checkpoints(run.path);
  yield* Effect.forEach(
    names.filter((name) => Number(name) >= steps),
    (name) => run.remove(join("checkpoints", name)),
  );
  yield* removeSpent(run, keeping);
});

/** How often a checkpoint is written, how many stay, and what a sampler adds to each. */
type Keeping = Pick<TrainConfig, "saveEvery" | "keep"> & { readonly sampler?: SamplerState | undefined };

/** Writes the step, and what the sampler knows, beside the state of the optimizer. */
const besideState = ({ sampler }: Keeping, name: string, step: number) => (partial: string) =>
  Effect.gen(function* () {
    const folder = join(partial, stateFolder);
    yield* writeText(join(folder, name), formatJson({ step }));
    if (sampler !== undefined) yield* sampler.write(folder);
  });

/** Removes the checkpoints that a run of these settings would not have, except that of `step`. */
const removeSpent = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  { saveEvery, keep }: Keeping,
  step?: number,
) {
  const names = yield* checkpoints(run.path);
  const kept = names.filter((name) => Number(name) % saveEvery === 0).slice(-keep);
  const spent = names.filter((name) => !kept.includes(name) && Number(name) !== step);
  yield* Effect.forEach(spent, (name) => run.remove(join("checkpoints", name)));
});

/** Names of the checkpoints of the run in a folder, oldest first. */
const checkpoints = (run: string): Effect.Effect<ReadonlyArray<string>, FileError> =>
  Effect.map(namesIn(join(run, "checkpoints")), (names) => names.filter((name) => /^\d+$/.test(name)));

/** A directory of a run that holds a whole state, and its step. */
export interface KeptState {
  readonly dir: string;
  readonly step: number;
}

const stepIn = Effect.fnUntraced(function* (dir: string, name: string) {
  const path = join(dir, stateFolder, name);
  if (!(yield* exists(path))) return undefined;
  const parsed = parseObject(path, yield* readCheckpointText(path));
  return parsed.ok && Number.isInteger(parsed.object.step) ? Number(parsed.object.step) : undefined;
});

/** The states that the run in a folder keeps, the newest first: checkpoints, and the final model. */
export const keptStates = Effect.fnUntraced(function* (
  run: string,
): Effect.fn.Return<ReadonlyArray<KeptState>, Command.Failure> {
  const model = join(run, "model");
  const last = yield* stepIn(model, finishedFile);
  const states = (yield* checkpoints(run)).map((name) => ({ dir: join(run, "checkpoints", name), step: Number(name) }));
  const all = last === undefined ? states : [...states, { dir: model, step: last }];
  return all.toSorted((one, other) => other.step - one.step);
});

/**
 * The step that the final model of a run is of; undefined where training is not over. A checkpoint of that step, or a later one, says that the
 * run is being extended.
 */
export const finishedStep = Effect.fnUntraced(function* (
  run: string,
): Effect.fn.Return<number | undefined, Command.Failure> {
  const last = yield* stepIn(join(run, "model"), finishedFile);
  const names = yield* checkpoints(run);
  return last === undefined || names.some((name) => Number(name) >= last) ? undefined : last;
});

/** Where a run goes on: the step that was done last, and the state behind it. */
export interface Resumed {
  readonly step: number;
  readonly state: TrainingState;
}

/** Reads what the sampler knew after a step. */
const readSampler = Effect.fnUntraced(function* (run: string, dir: string, sampler: SamplerState, policy: Model) {
  const unread = ({ message }: { readonly message: string }) =>
    runRefusal(
      `Cannot continue "${run}": its rollouts need the sampler's weights beside the policy's, which earlier versions did not keep (${message}); remove it, or begin anew with another --out`,
    );
  yield* Effect.mapError(sampler.read(join(dir, stateFolder), policy), unread);
});

/** The newest state whose files are what its manifest says, else the beginning; what lies behind it is removed. */
export const resume = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  initial: TrainingState,
  sampler?: SamplerState,
): Effect.fn.Return<Resumed, Command.Failure, Policy> {
  const policy = yield* Policy;
  const { report } = yield* StandardStreams;
  for (const { dir, step } of yield* keptStates(run.path)) {
    const sound = yield* Effect.isSuccess(verifyManifest(dir));
    if (!sound) {
      yield* report(`left out the damaged checkpoint "${dir}"`);
      continue;
    }
    const trainee = Effect.fnUntraced(function* (from: string, role: "policy" | "critic", old: TrainedModel) {
      releaseOptimizer(old.model.encoder, old.optimizer);
      releaseModel(old.model);
      const { storage, activations, config } = old.model;
      const paddedVocabulary = config.knownTokens === undefined ? "keep" : "mask";
      const { model } = yield* policy.load(from, role, { storage, activations, paddedVocabulary, trained: true });
      return { ...old, model, optimizer: yield* openOptimizer(model, from, Optimizer.momentsOf(old.optimizer)) };
    });
    yield* report(`goes on after step ${step}, from "${dir}"`);
    const trained = yield* trainee(dir, "policy", initial.policy);
    if (sampler !== undefined) yield* readSampler(run.path, dir, sampler, trained.model);
    return {
      step,
      state: {
        policy: trained,
        critic: initial.critic && (yield* trainee(join(dir, "critic"), "critic", initial.critic)),
      },
    };
  }
  return { step: 0, state: initial };
});

/**
 * Goes on where a run stopped. Where its final model is of step `finished` and more steps follow, a checkpoint of that step says so, which is
 * also what a longer run would have; a final model that is damaged is removed.
 */
export const resumeOrExtend = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  { initial, sourceDir }: { readonly initial: TrainingState; readonly sourceDir: string },
  finished: number | undefined,
  keeping: Keeping,
): Effect.fn.Return<Resumed, Command.Failure, Policy> {
  const resumed = yield* resume(run, initial, keeping.sampler);
  if (finished === undefined) return resumed;
  if (resumed.step === finished) yield* save(run, sourceDir, resumed.state, finished, keeping);
  else yield* run.remove("model");
  return resumed;
});
