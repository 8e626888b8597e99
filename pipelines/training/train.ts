/**
 * `deno task train`: a run directory with every record, metrics, checkpoints and the final weights. The same command on a run that was
 * killed goes on from its newest checkpoint and ends with the same bytes; on a finished one it does nothing. What a run holds:
 *   config.json               what its result depends on (`run_config.ts`)
 *   steps/000001/*.ndjson     every record of every stage
 *   metrics.ndjson            one row a step, once more as TensorBoard events
 *   tests.ndjson              greedy tests of step 0 and of the last step, where no row of metrics has them (`end_tests.ts`)
 *   artifacts/ checkpoints/   the last `--keep` gradients and checkpoints
 *   model/                    the final weights, a Hugging Face directory
 * The same command with more `--steps` or `--epochs` extends a run to the bytes that one longer run would have.
 */
import { Effect, Layer, type Scope, Stream } from "effect";
import { cannotContinue } from "../../kernels/gpu/chosen_kernels.ts";
import { training } from "../../data/paper/hyperparameters.ts";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import type { MemorySettings } from "../planning/memory_choice.ts";
import { releaseOptimizer } from "../learning/optimizer.ts";
import { type TrainedModel, trainedWeights } from "../learning/optimizer_step.ts";
import { recordedAs } from "../settings/padded_vocabulary.ts";
import { Policy } from "../models/policy.ts";
import { releaseModel } from "../models/model.ts";
import { recipes } from "../recipes/mod.ts";
import {
  changedSetting,
  changedSource,
  changedVocabulary,
  configText,
  runRefusal,
  type StoredConfig,
  storedConfig,
  type TrainConfig,
  trainSettings,
  truncatedSampling,
} from "./run_config.ts";
import { runPlan } from "../planning/run_plan.ts";
import { openArtifactStore } from "../files/artifact_store.ts";
import type * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { gradingLine } from "../settings/grading.ts";
import { blocks, cluster, gradientJobs, planning, sharing } from "../settings/groups.ts";
import { merge } from "../settings/resolve.ts";
import { withDefault } from "../settings/setting.ts";
import { resolveModel } from "../files/hub.ts";
import { openMetrics } from "../files/metrics.ts";
import { makeProgress } from "../files/progress.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { greedySampling } from "../stages/sample_rollouts.ts";
import { drawRolloutsWith } from "../stages/sample_work.ts";
import { adviceFor, beginFrom } from "./beginning.ts";
import { linesOf, type SaidAt } from "./diagnostics.ts";
import { testedOf, testFirst, testLast, testLine } from "./end_tests.ts";
import { finish, finishedStep, recordedArtifacts, resumeOrExtend, save, sweepRecords } from "./resume.ts";
import { fillsSteps, templated } from "./splits.ts";
import { sayStopped } from "./stopped.ts";
import { checkRollouts, openRollouts } from "../rollouts/open_rollouts.ts";
import { withRolloutDefaults } from "../rollouts/rollout_settings.ts";
import { type TrainingContext, trainingStep } from "./step.ts";
import { prepare, type Prepared } from "./prepare.ts";

/** Greedy accuracy on the test split, and the mean entropy of those responses at temperature 1 (Fig. 4a, b). */
export const test = Effect.fn("Train.test")(function* ({ world, tests }: Prepared, trained: TrainedModel) {
  const greedy = { ...world.config, ...greedySampling, step: 0 };
  const drawer = { weights: trainedWeights(trained), tokenizer: world.tokenizer };
  const responses = yield* Stream.runCollect(drawRolloutsWith(drawer, { prompts: tests, settings: greedy }));
  return testedOf(responses, world.config.extract);
});

/** The steps of a run that was begun with these settings, over as many problems as there are now. */
const stepsOf = ({ steps, epochs }: StoredConfig["settings"], { world }: Prepared): number =>
  steps ?? Number(epochs) * Math.floor(world.prompts.length / world.config.prompts);

/**
 * Trains in a run directory until the last step; `announce` says first what the run needs, and gives what the device's memory decides. With
 * `ownTests` a new run tests before its first step, unless `--no-test-first` says otherwise, where files hold problems for it.
 */
export const train = Effect.fn("Train.run")(function* (
  asked: TrainConfig,
  announce: Effect.Effect<MemorySettings, Command.Failure, Policy> = Effect.succeed({}),
  { ownTests = false }: { readonly ownTests?: boolean } = {},
): Effect.fn.Return<void, Command.Failure, Policy | Scope.Scope> {
  const { report } = yield* StandardStreams;
  const lies = truncatedSampling(asked);
  if (lies !== undefined) return yield* lies;
  yield* checkRollouts(asked);
  const run = yield* RunDirectory.acquire(asked.out);
  const stored = yield* storedConfig(asked.out);
  const begun = yield* beginFrom(run, asked, stored);
  const config = yield* templated({ ...begun, testFirst: begun.testFirst ?? stored?.settings.testFirst }, stored);
  const changed = stored === undefined ? undefined : changedSetting(stored.settings, config);
  if (changed !== undefined) {
    const advice = yield* adviceFor(config);
    return yield* runRefusal(`Cannot continue "${config.out}": it was begun with ${changed}${advice}`);
  }
  const finished = yield* finishedStep(config.out);
  const hasLength = stored?.settings.steps === config.steps && stored?.settings.epochs === config.epochs;
  if (finished !== undefined && hasLength) return yield* report(`"${config.out}" is finished`);
  const { info } = yield* Policy;
  const other = stored === undefined ? undefined : cannotContinue(stored.fields, info);
  if (other !== undefined) return yield* runRefusal(`Cannot continue "${config.out}": it was ${other}`);
  const prepared = yield* prepare({ ...config, ...yield* announce }, { ownTests: ownTests && stored === undefined });
  const source = stored === undefined ? undefined : changedSource(stored.fields, prepared.sources);
  if (source !== undefined) return yield* runRefusal(`Cannot continue "${config.out}": it was begun with ${source}`);
  const paddedVocabulary = recordedAs(prepared.initial.policy.model.config.knownTokens, config.paddedVocabulary);
  const vocabulary = stored === undefined ? undefined : changedVocabulary(stored.settings, paddedVocabulary);
  if (vocabulary !== undefined) {
    return yield* runRefusal(`Cannot continue "${config.out}": it was begun with ${vocabulary}`);
  }
  const before = stored === undefined ? 0 : stepsOf(stored.settings, prepared);
  if (prepared.steps < before) {
    return yield* runRefusal(
      `Cannot continue "${config.out}": it was begun with steps ${before}, now it is ${prepared.steps}; more steps extend a run, fewer do not`,
    );
  }
  if (finished === prepared.steps) return yield* report(`"${config.out}" is finished`);
  yield* sweepRecords(run);
  const testsAtFirst = prepared.testsFirst || config.testFirst;
  const text = configText({ ...config, testFirst: testsAtFirst, paddedVocabulary }, prepared.sources, info);
  if (stored === undefined) yield* run.writeText("config.json", text);
  const problems = prepared.tests.length;
  if (prepared.testsFirst) yield* testFirst(run, problems, test(prepared, prepared.initial.policy));
  const { world: { tokenizer }, sourceDir } = prepared;
  const rollouts = yield* openRollouts({ config, tokenizer, sourceDir });
  const keeping = { ...config, sampler: rollouts?.state };
  const resumed = yield* resumeOrExtend(run, prepared, finished, keeping);
  if (stored !== undefined) yield* run.writeText("config.json", text);
  const store = yield* openArtifactStore(run.pathOf("artifacts"));
  const kept: Array<ReadonlyArray<string>> = yield* recordedArtifacts(run, resumed.step, config.keep);
  yield* store.retain(kept.flat());
  const metrics = yield* openMetrics(run, resumed.step);
  const begin = { done: resumed.step, firstIsSlow: true };
  const progress = yield* makeProgress(`train ${config.algorithm}`, prepared.steps, begin);
  const sink = { store, records: run.writeText };
  const world: TrainingContext = { ...prepared.world, sink, rollouts, watch: progress.note };
  let { state } = resumed;
  let said: SaidAt | undefined;
  for (let step = resumed.step + 1; step <= prepared.steps; step++) {
    const done = yield* Effect.mapError(
      trainingStep(world, state, step),
      (failure) => runRefusal(`Training stopped in step ${step}: ${failure.message}`),
    );
    state = done.state;
    const tested = problems > 0 && step % config.testEvery === 0 ? yield* test(prepared, state.policy) : undefined;
    yield* metrics.write({ ...done.row, ...tested });
    // A gradient that an older step shares with a newer one stays.
    kept.push(done.artifacts);
    const spent = kept.length > config.keep ? kept.shift() ?? [] : [];
    yield* Effect.forEach(spent.filter((id) => !kept.flat().includes(id)), store.remove);
    if (step % config.saveEvery === 0 && step < prepared.steps) {
      yield* save(run, sourceDir, state, step, keeping);
    }
    const { correctRatio, meanEntropy } = done.row;
    const spoken = linesOf(done.diagnoses, step, said);
    said = spoken.said;
    const measured = tested === undefined ? [] : [testLine({ step, ...tested }, problems)];
    yield* Effect.forEach([...spoken.lines, ...measured], progress.say);
    yield* progress.advance(
      1,
      `correct ${(100 * Number(correctRatio)).toFixed(1)} %, entropy ${Number(meanEntropy).toFixed(3)}`,
    );
  }
  const last = { problems, step: prepared.steps, isTested: prepared.steps % config.testEvery === 0 };
  yield* testLast(run, last, test(prepared, state.policy));
  yield* finish(run, sourceDir, state, prepared.steps, keeping);
  // A study trains hundreds of models in one process, and equal work meets equal buffers only where all are given back.
  for (const { model, optimizer } of [state.policy, ...state.critic === undefined ? [] : [state.critic]]) {
    releaseOptimizer(model.encoder, optimizer);
    releaseModel(model);
  }
  if (prepared.world.reference !== undefined) releaseModel(prepared.world.reference.model);
  yield* report(`wrote "${run.pathOf("model")}" after ${prepared.steps} step${prepared.steps === 1 ? "" : "s"}`);
});

/** `deno task train`. */
export const trainCommand = makeCommand({
  name: "train",
  summary: "Trains a model and keeps every record; repeat the command to resume",
  settings: {
    ...trainSettings,
    prompts: withDefault(trainSettings.prompts, training.prompts),
    ...planning,
    ...cluster,
    ...blocks,
    ...gradientJobs,
    ...sharing,
  },
  required: ["model", "out"],
  aliases: { from: "fromRun", step: "fromStep" },
  // A batch smaller than the published mini-batch is one whole mini-batch, not a short one, unless --mini-batch says otherwise.
  resolve: (config, given) =>
    withRolloutDefaults(
      given.miniBatch === undefined
        ? { ...config, miniBatch: Math.min(config.miniBatch, config.prompts ?? training.prompts) }
        : config,
    ),
  plan: Effect.fnUntraced(function* (config) {
    const lies = truncatedSampling(config);
    if (lies !== undefined) return yield* lies;
    const notes = yield* fillsSteps(config);
    yield* checkRollouts(config);
    const { lines } = yield* runPlan(merge(config), { trains: true, recipe: recipes[config.recipe ?? ""] });
    return [...notes, ...lines];
  }),
  run: (config) =>
    Effect.scoped(train(
      config,
      Effect.gen(function* () {
        const { info } = yield* Policy;
        // The plan needs the model's shape, the run all of it.
        yield* resolveModel(config.model);
        const { report } = yield* StandardStreams;
        const times = config.tflops !== undefined;
        const { brief, chosen } = yield* runPlan(merge(config), { trains: true, info, times });
        for (const line of [...brief, gradingLine("train", config) ?? []].flat()) yield* report(line);
        return chosen;
      }),
      { ownTests: true },
    )).pipe(
      Effect.provide(Layer.provideMerge(layerJobs(config), layerPolicy(config))),
      Effect.onInterrupt(() => sayStopped(config.out)),
    ),
});
