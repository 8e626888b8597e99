/**
 * What a run directory says of where training stopped: checkpoints, which are written whole or not at all, and the gradients that the last
 * steps recorded.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { formatJson, readCheckpointText, verifyManifest, writeText } from "../files/checkpoint_directory.ts";
import { releaseModel } from "../models/model.ts";
import * as Optimizer from "../learning/optimizer.ts";
import { releaseOptimizer } from "../learning/optimizer.ts";
import type { TrainedModel, TrainingState } from "../learning/optimizer_step.ts";
import { Policy } from "../models/policy.ts";
import type * as Command from "../settings/command.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { type FileError, namesIn } from "../files/text_file.ts";
import { openOptimizer, writeCheckpoint } from "../stages/update.ts";

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

/** Writes the checkpoint of a step and removes those beyond `keep`. */
export const save = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  sourceDir: string,
  { policy, critic }: TrainingState,
  step: number,
  keep: number,
) {
  yield* writeCheckpoint(
    run.pathOf(RunDirectory.checkpointFolder(step)),
    sourceDir,
    policy,
    critic,
    (partial) => writeText(join(partial, "trainer_state", "position.json"), formatJson({ step })),
  );
  const older = (yield* checkpoints(run)).slice(0, -keep);
  yield* Effect.forEach(older, (name) => run.remove(join("checkpoints", name)));
});

/** Names of the checkpoints that are there, oldest first. */
const checkpoints = (run: RunDirectory.RunDirectory): Effect.Effect<ReadonlyArray<string>, FileError> =>
  Effect.map(namesIn(run.pathOf("checkpoints")), (names) => names.filter((name) => /^\d+$/.test(name)));

/** Where a run goes on: the step that was done last, and the state behind it. */
export interface Resumed {
  readonly step: number;
  readonly state: TrainingState;
}

/** The newest checkpoint whose files are what its manifest says, else the beginning; what lies behind it is removed. */
export const resume = Effect.fnUntraced(function* (
  run: RunDirectory.RunDirectory,
  initial: TrainingState,
): Effect.fn.Return<Resumed, Command.Failure, Policy> {
  const policy = yield* Policy;
  const { report } = yield* StandardStreams;
  for (const name of (yield* checkpoints(run)).toReversed()) {
    const dir = run.pathOf("checkpoints", name);
    const sound = yield* Effect.isSuccess(verifyManifest(dir));
    if (!sound) {
      yield* report(`left out the damaged checkpoint "${dir}"`);
      continue;
    }
    const { step } = JSON.parse(yield* readCheckpointText(join(dir, "trainer_state", "position.json")));
    const trainee = Effect.fnUntraced(function* (from: string, role: "policy" | "critic", old: TrainedModel) {
      releaseOptimizer(old.model.encoder, old.optimizer);
      releaseModel(old.model);
      const { storage, activations, config } = old.model;
      const paddedVocabulary = config.knownTokens === undefined ? "keep" : "mask";
      const { model } = yield* policy.load(from, role, { storage, activations, paddedVocabulary, trained: true });
      return { model, optimizer: yield* openOptimizer(model, from, Optimizer.momentsOf(old.optimizer)) };
    });
    yield* report(`goes on after step ${step}, from "${dir}"`);
    return {
      step,
      state: {
        policy: yield* trainee(dir, "policy", initial.policy),
        critic: initial.critic && (yield* trainee(join(dir, "critic"), "critic", initial.critic)),
      },
    };
  }
  return { step: 0, state: initial };
});
