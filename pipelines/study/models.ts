/** The measurements of one model in a study: correct responses of every test problem under an evaluation, and its greedy responses. */
import * as Schema from "@effect/schema";
import { Effect, Option, Stream } from "effect";
import { join } from "node:path";
import { deviceFields, deviceName } from "../../kernels/gpu/chosen_kernels.ts";
import { measureSamples } from "../evaluation/evaluate.ts";
import { fileTensors, releaseModel } from "../models/model.ts";
import { Policy } from "../models/policy.ts";
import * as Safetensors from "../files/safetensors.ts";
import { runPlan } from "../planning/run_plan.ts";
import { makeProgress } from "../files/progress.ts";
import { defaultBatch } from "../sampling/pool_shape.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { readRunText } from "../files/run_directory.ts";
import { sha256 } from "../records/text.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Settings } from "../settings/settings.ts";
import { promptsOf } from "../stages/prompt.ts";
import { greedySampling, rollouts } from "../stages/sample_rollouts.ts";
import { testedOf } from "../training/end_tests.ts";

/** A model to evaluate: its directory, its label, the evaluation and its settings, and the file of its counts. */
export interface Evaluated {
  readonly dir: string;
  readonly label: string;
  readonly evaluation: string;
  readonly settings: Settings;
  /** The inputs of the counts besides weights, seed and device. */
  readonly identity: unknown;
  readonly file: string;
}

/** Counts of responses, as files keep them. */
export const Tallies = Schema.Array(Schema.Struct({ problemId: Schema.String, n: Schema.Number, c: Schema.Number }));

const storedCounts = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ key: Schema.String, tallies: Tallies })),
);

/** Counts of one model under one evaluation, from the cache if the same weights were measured under the same settings. */
export const talliesOf = Effect.fnUntraced(
  function* ({ dir, label, evaluation, settings, identity, file }: Evaluated) {
    const policy = yield* Policy;
    const { report } = yield* StandardStreams;
    const { storage, activations, deviceMemory } = settings;
    const { model } = yield* policy.load(dir, "policy", { storage, activations });
    const weights = yield* Safetensors.digest(fileTensors(model.encoder, model.parameters));
    const key = sha256(
      JSON.stringify([
        weights,
        identity,
        settings.seed,
        deviceName(policy.info),
        ...storage ? [storage] : [],
        ...activations ? [{ activations }] : [],
      ]),
    );
    const stored = Option.filter(storedCounts((yield* readRunText(file)) ?? ""), (counts) => counts.key === key);
    if (Option.isSome(stored)) {
      releaseModel(model);
      return stored.value.tallies;
    }
    const prompts = yield* promptsOf(settings, dir);
    const { chosen } = deviceMemory === undefined
      ? { chosen: {} }
      : yield* runPlan({ ...settings, model: dir }, { trains: false, info: policy.info });
    yield* report(`evaluate ${label}, ${evaluation}`);
    const tallies = yield* Effect.scoped(Effect.gen(function* () {
      const total = prompts.length * settings.responses;
      const progress = yield* makeProgress(`evaluate ${label}`, total, { together: settings.batch ?? defaultBatch });
      return yield* measureSamples(
        model,
        yield* policy.tokenizer(dir),
        prompts,
        { ...settings, ...chosen },
        (verdicts) => progress.advance(verdicts.length),
      );
    }));
    releaseModel(model);
    yield* RunDirectory.writeText(file, `${JSON.stringify({ key, ...deviceFields(policy.info), tallies })}\n`);
    return tallies;
  },
);

/** Greedy accuracy and entropy of a base: the points at step 0 of Fig. 4a and b. */
export const beginning = Effect.fnUntraced(function* (settings: Settings, dir: string) {
  const policy = yield* Policy;
  const greedy = { ...settings, ...greedySampling, split: "test" as const, limit: undefined, step: 0 };
  const { storage, activations } = settings;
  const { model } = yield* policy.load(dir, "policy", { storage, activations });
  const prompts = yield* promptsOf(greedy, dir);
  const drawn = yield* Stream.runCollect(rollouts(model, yield* policy.tokenizer(dir), prompts, greedy));
  releaseModel(model);
  return testedOf(drawn, greedy.extract);
});

/** The file of a cell's counts of its `index`th evaluation (from 0), after `step` if that is not the last. */
export const countsFile = (folder: string, cell: string, index: number, step?: number): string =>
  join(folder, "evaluations", `${cell}_${index + 1}${step === undefined ? "" : `_${step}`}.json`);
