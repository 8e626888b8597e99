/** Loads what a training needs: models, tokenizer, prompts, tests, and the digests of all that it reads. */
import { Effect } from "effect";
import { join } from "node:path";
import { tasks } from "../../data/mod.ts";
import { training } from "../../data/paper/hyperparameters.ts";
import { algorithms, needsReference } from "../algorithms/mod.ts";
import { SourceError } from "../files/source.ts";
import { exists, isFolder } from "../files/text_file.ts";
import { makeOptimizer } from "../learning/optimizer.ts";
import type { TrainingState } from "../learning/optimizer_step.ts";
import { Policy } from "../models/policy.ts";
import * as Safetensors from "../files/safetensors.ts";
import * as Model from "../models/model.ts";
import { runRefusal, type Sources, type TrainConfig } from "./run_config.ts";
import type * as Command from "../settings/command.ts";
import { merge } from "../settings/resolve.ts";
import { weightsDigest } from "../files/weights_digest.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { cannotDraw, maxPromptTokens, problemsDigest, promptsOf, trainable } from "../stages/prompt.ts";
import { fault } from "../stages/sample_rollouts.ts";
import { tokenLimit } from "../stages/token_limit.ts";
import { openOptimizer, optimizerFile } from "../stages/update.ts";
import { startOf } from "./beginning.ts";
import { apart, sharedProblems } from "./splits.ts";
import type { TrainingContext } from "./step.ts";

/** All that training needs, loaded; `steps` is how many there are. */
export interface Prepared {
  readonly world: Omit<TrainingContext, "sink">;
  readonly tests: TrainingContext["prompts"];
  /** Whether it tests before the first step. */
  readonly testsFirst: boolean;
  readonly initial: TrainingState;
  readonly sourceDir: string;
  readonly steps: number;
  /** Digests of all that the run reads. */
  readonly sources: Sources;
}

/** Loads models and prompts as the settings say; `ownTests` tests before the first step where nobody says whether to, and files hold problems for it. */
export const prepare = Effect.fn("Train.prepare")(function* (
  config: TrainConfig,
  { ownTests = false }: { readonly ownTests?: boolean } = {},
): Effect.fn.Return<Prepared, Command.Failure, Policy> {
  const policy = yield* Policy;
  const { report } = yield* StandardStreams;
  const algorithm = algorithms[config.algorithm];
  const { storage, activations, moments, paddedVocabulary } = config;
  const read = { storage, activations, paddedVocabulary };
  const trained = { ...read, trained: true };
  const start = startOf(config);
  const { dir, model } = yield* policy.load(start, "policy", trained);
  const tokenizer = yield* policy.tokenizer(start);
  const { prompts, tooLong } = trainable(yield* promptsOf(config, dir));
  if (tooLong > 0) yield* report(`left out ${tooLong} prompts of more than ${maxPromptTokens} tokens`);
  const count = config.prompts ?? training.prompts;
  const message = cannotDraw(prompts.length, count) ??
    prompts.map((prompt) => fault(prompt, model.config)).find((found) => found !== undefined);
  if (message !== undefined) return yield* runRefusal(message);
  const steps = config.steps ?? config.epochs * Math.floor(prompts.length / count);
  const { tests, testsFirst } = yield* testsOf(config, steps, ownTests, prompts, dir);
  const shared = sharedProblems(prompts, tests);
  if (shared !== undefined) {
    yield* report(
      shared.isAll && config.holdout === undefined && !(yield* isFolder(config.data ?? ""))
        ? `${shared.count}: ${apart}`
        : shared.count,
    );
  }
  const beside = { ...read, knownTokens: model.config.knownTokens };
  const referred = needsReference(config)
    ? yield* policy.load(config.reference ?? config.model, "reference", beside)
    : undefined;
  const isFrom = config.fromRun !== undefined;
  const criticStart = join(start, "critic");
  const isCriticFrom = isFrom && config.critic === undefined && (yield* exists(join(criticStart, optimizerFile)));
  const valued = algorithm.needsCritic
    ? yield* policy.load(isCriticFrom ? criticStart : config.critic ?? config.model, "critic", trained)
    : undefined;
  const [reference, critic] = [referred?.model, valued?.model];
  for (
    const [flag, name, other] of [["--reference", config.reference, reference], [
      "--critic",
      config.critic,
      critic,
    ]] as const
  ) {
    if (other === undefined || knownOf(other) >= knownOf(model)) continue;
    return yield* runRefusal(
      `Cannot train "${config.model}" with "${name}" (${flag}): it knows ${knownOf(other)} tokens, the model ${
        knownOf(model)
      }`,
    );
  }
  const digests = new Map<string, string>();
  for (const { dir } of [referred, valued].filter((loaded) => loaded !== undefined)) {
    if (!digests.has(dir)) digests.set(dir, yield* weightsDigest(dir));
  }
  const sources: Sources = {
    base: yield* Safetensors.digest(Model.fileTensors(model.encoder, model.parameters)),
    problems: problemsDigest(prompts),
    ...(tests.length > 0 && { tests: problemsDigest(tests) }),
    ...(referred && { reference: digests.get(referred.dir) }),
    ...(valued && { critic: digests.get(valued.dir) }),
    ...(isFrom && { optimizer: yield* Safetensors.sha256File(join(start, optimizerFile)) }),
    ...(valued && isCriticFrom && {
      criticOptimizer: yield* Safetensors.sha256File(join(criticStart, optimizerFile)),
    }),
    stopTokens: [...model.config.stopTokens],
  };
  return {
    world: {
      config: { ...merge(config), prompts: count, maxTokens: tokenLimit(config.task, config.maxTokens) },
      prompts,
      tokenizer,
      reference: referred && { version: referred.model, model: referred.model, dir: referred.dir },
    },
    tests,
    testsFirst,
    initial: {
      policy: { model, dir, optimizer: yield* optimizerOf(model, isFrom ? start : undefined, moments) },
      critic: critic && {
        model: critic,
        dir: valued?.dir,
        optimizer: yield* optimizerOf(critic, isCriticFrom ? criticStart : undefined, moments),
      },
    },
    sourceDir: dir,
    steps,
    sources,
  };
});

/** The test problems of a run, if it tests, and whether it does so before the first step. */
const testsOf = Effect.fnUntraced(function* (
  config: TrainConfig,
  steps: number,
  ownTests: boolean,
  prompts: TrainingContext["prompts"],
  dir: string,
) {
  const { splits, source } = tasks[config.task];
  const { testFirst, testEvery } = config;
  if (!splits.includes("test") || config.split === "test") return { tests: [], testsFirst: false };
  const all = promptsOf({ ...config, split: "test", limit: undefined }, dir);
  const isTested = testFirst === true || (testEvery > 0 && steps >= testEvery);
  if (!ownTests || testFirst !== undefined || testEvery === 0 || source.kind !== "files") {
    return { tests: isTested ? yield* all : [], testsFirst: testFirst === true };
  }
  const isMissing = (failure: Command.Failure) =>
    !isTested && failure instanceof SourceError && failure.reason === "missing";
  const found = yield* Effect.catchIf(all, isMissing, () => Effect.succeed([]));
  const testsFirst = found.length > 0 && sharedProblems(prompts, found)?.isAll !== true;
  return { tests: isTested || testsFirst ? found : [], testsFirst };
});

/** The optimizer that a checkpoint holds, or a new one. */
const optimizerOf = (model: Model.Model, dir: string | undefined, moments: TrainConfig["moments"]) =>
  dir === undefined ? Effect.succeed(makeOptimizer(model, moments)) : openOptimizer(model, dir, moments);

const knownOf = ({ config }: Model.Model): number => config.knownTokens ?? config.vocabSize;
