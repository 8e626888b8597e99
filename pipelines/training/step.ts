/**
 * One step of training, stage by stage, on models that stay on the device: prompt, sample, verify, reward, dynamics, split, score, advantage,
 * then gradient and update for each mini-batch. It calls the very functions that the filters call, so a pipe typed by hand gives the same
 * bytes. Where records and gradients go is the `StepWriter`'s business: a run writes them, a replay compares them.
 */
import { Clock, Effect, Fiber, Stream } from "effect";
import { tasks } from "../../data/mod.ts";
import type { Weights } from "../cluster/jobs.ts";
import * as Model from "../models/model.ts";
import * as Optimizer from "../learning/optimizer.ts";
import {
  optimizerStep,
  stepBatches,
  type StepGradients,
  type Stepped,
  type TrainedModel,
  trainedWeights,
  type TrainingState,
} from "../learning/optimizer_step.ts";
import { scoresBy } from "../learning/score_work.ts";
import * as Safetensors from "../files/safetensors.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { Failure } from "../settings/command.ts";
import { type MetricsRow, verdictCounts } from "../files/metrics.ts";
import type { ListTexts } from "../records/record.ts";
import { toText } from "../records/text.ts";
import type * as RecordTypes from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { advantage } from "../stages/advantage.ts";
import { dynamics, factsOf } from "../stages/dynamics.ts";
import { type CriticGradient, criticRecord, gradientRecord } from "../stages/gradient.ts";
import { countVerdicts, diagnose, type Diagnosis } from "./diagnostics.ts";
import { draw } from "../stages/prompt.ts";
import { reward } from "../stages/reward.ts";
import { split } from "../stages/split.ts";
import { verify } from "../stages/verify.ts";
import { ownSampler, type RolloutSource } from "../rollouts/rollout_source.ts";
import type { ArtifactStore } from "../files/artifact_store.ts";
import { stepFolder } from "../files/run_directory.ts";

/** Where a step's records and gradients go. */
export interface StepWriter {
  readonly records: (name: string, text: string) => Effect.Effect<void, Failure>;
  readonly store: Pick<ArtifactStore, "put">;
}

/** What training reads and leaves alone. */
export interface TrainingContext {
  readonly config: Settings & { readonly prompts: number };
  readonly prompts: ReadonlyArray<RecordTypes.Prompt>;
  readonly tokenizer: Tokenizer;
  readonly reference: Weights | undefined;
  readonly sink: StepWriter;
  /** Where rollouts come from; by default the policy draws them. */
  readonly rollouts?: RolloutSource | undefined;
  /** Hears what a step is at, in a few words. */
  readonly watch?: (what: string) => Effect.Effect<void>;
}

/** What a step gives: the state behind it, the row of its metrics, the artifacts that it recorded, what there is to say of it. */
export interface StepDone {
  readonly state: TrainingState;
  readonly row: MetricsRow;
  readonly artifacts: ReadonlyArray<string>;
  readonly diagnoses: ReadonlyArray<Diagnosis>;
}

/** Runs step `step` (from 1). */
export const trainingStep = Effect.fn("Train.step")(function* (
  world: TrainingContext,
  state: TrainingState,
  step: number,
): Effect.fn.Return<StepDone, Failure> {
  const { config, sink, reference, watch = () => Effect.void, rollouts = ownSampler(world.tokenizer) } = world;
  const clock = yield* stopwatch;
  // Records are written while the device is at work on what follows; the step is over when all of them are.
  const texts: ListTexts = new WeakMap();
  const writing: Fiber.Fiber<void, Failure>[] = [];
  const keep = Effect.fnUntraced(function* <A extends object>(stage: string, records: ReadonlyArray<A>) {
    const name = `${stepFolder(step)}/${stage}.ndjson`;
    writing.push(yield* Effect.forkChild(Effect.suspend(() => sink.records(name, toText(records, texts)))));
    return records;
  });
  const prompts = yield* keep("prompt", draw(world.prompts, config.prompts, step, config.seed));
  const settings = { ...config, step };
  const sampled = yield* keep(
    "sample",
    yield* Stream.runCollect(
      watched(world, step, (finished) => rollouts.draw(trainedWeights(state.policy), prompts, settings, finished)),
    ),
  );
  const tokens = tokensOf(sampled);
  yield* clock.lap("sample");
  const verdicts = yield* keep(
    "verify",
    sampled.map((rollout) => verify(rollout, tasks[rollout.task], config.extract)),
  );
  const rewarded = yield* keep("reward", verdicts.map((verdict) => reward(verdict, settings)));
  const [batch] = yield* keep("dynamics", [dynamics(rewarded.map(factsOf))]);
  const signed = yield* keep("split", split(rewarded, settings));
  yield* clock.lap("verify");
  // The rollouts' own log-probs are those of the policy, bit for bit, so only a reference and a critic have anything to compute.
  yield* watch(`step ${step}: score, ${tokens} tokens`);
  const critic = state.critic && trainedWeights(state.critic);
  const { temperature, block, responses } = config;
  const request = { sequences: signed, temperature, block: block * responses };
  const scores = yield* scoresBy({ reference, critic }, request);
  const scored = yield* keep(
    "score",
    signed.map((record, i) => ({ ...record, oldLogProbs: rollouts.oldLogProbs(record), ...scores[i] })),
  );
  const credited = yield* keep("advantage", advantage(scored, { ...config, importanceCap: rollouts.importanceCap }));
  yield* clock.lap("score");
  const learnt = yield* learn({ ...world, config: settings }, state, credited);
  yield* keep("gradient", learnt.gradients);
  yield* keep("update", learnt.states);
  if (learnt.criticSteps.length > 0) yield* keep("critic", learnt.criticSteps);
  yield* Fiber.joinAll(writing);
  yield* clock.lap("train");
  const trained = tokensOf(credited);
  const { seconds } = clock;
  const row: MetricsRow = {
    step,
    ...batch,
    [verdictCounts]: countVerdicts(rewarded),
    updates: learnt.states.length,
    ...(learnt.states.length === 0 ? { skipped: true } : {}),
    optimizerSteps: learnt.state.policy.optimizer.step,
    ...meanOf(learnt.gradients),
    ...rollouts.metrics(sampled),
    timing: {
      ...Object.fromEntries(Object.entries(seconds).map(([name, value]) => [`${name}Seconds`, value])),
      sampleTokensPerSecond: tokens / seconds.sample,
      scoreTokensPerSecond: trained / seconds.score,
      trainTokensPerSecond: trained / seconds.train,
    },
  };
  const artifacts = [...learnt.gradients, ...learnt.criticSteps].flatMap((record) => [
    ..."artifact" in record ? [record.artifact] : [],
    ...record.criticArtifact === undefined ? [] : [record.criticArtifact],
  ]);
  return { state: learnt.state, row, artifacts, diagnoses: diagnose(rewarded, row, config, scored) };
});

const tokensOf = (records: ReadonlyArray<Pick<RecordTypes.Rollout, "responseTokens">>): number =>
  records.reduce((sum, { responseTokens }) => sum + responseTokens.length, 0);

/** Rollouts as they are drawn, while the step's watcher hears how many have ended and how many tokens are in those that were handed on. */
const watched = <A extends Pick<RecordTypes.Rollout, "responseTokens">>(
  { config, watch = () => Effect.void }: TrainingContext,
  step: number,
  draw: (finished: (count: number) => Effect.Effect<void>) => Stream.Stream<A, Failure>,
): Stream.Stream<A, Failure> => {
  let [ended, tokens] = [0, 0];
  const say = Effect.suspend(() =>
    watch(
      `step ${step}: sample ${ended}/${config.prompts * config.responses}${tokens === 0 ? "" : `, ${tokens} tokens`}`,
    )
  );
  const drawn = draw((count) => {
    ended += count;
    return say;
  });
  return Stream.mapArrayEffect(drawn, (some) => {
    tokens += tokensOf(some);
    return Effect.as(say, some);
  });
};

/** Seconds since the last lap, by name. */
const stopwatch = Effect.gen(function* () {
  let last = yield* Clock.currentTimeMillis;
  const seconds: Record<string, number> = {};
  const lap = (name: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      seconds[name] = Math.max(1e-3, (now - last) / 1000);
      last = now;
    });
  return { lap, seconds };
});

/** One step of the critic alone, where its mini-batches are not the policy's. */
interface CriticStep extends CriticGradient {
  readonly critic: string;
}

type GradientRecord = Effect.Success<ReturnType<typeof gradientRecord>>;

interface Learnt {
  readonly state: TrainingState;
  readonly gradients: ReadonlyArray<GradientRecord>;
  readonly states: ReadonlyArray<RecordTypes.PolicyState>;
  readonly criticSteps: ReadonlyArray<CriticStep>;
}

/** The optimizer steps of a batch, with their records. A batch that the algorithm dropped whole makes no step. */
const learn = Effect.fnUntraced(function* (
  { config, sink: { store }, watch = () => Effect.void }: TrainingContext,
  initial: TrainingState,
  batch: ReadonlyArray<RecordTypes.Credited>,
): Effect.fn.Return<Learnt, Failure> {
  const { encoder } = initial.policy.model;
  const gradients: GradientRecord[] = [];
  const states: RecordTypes.PolicyState[] = [];
  const criticSteps: CriticStep[] = [];
  let state = initial;
  let critic: string | undefined;
  const record = Effect.fnUntraced(function* ({ policy, critic }: StepGradients) {
    if (policy !== undefined) gradients.push(yield* gradientRecord(encoder, policy, critic, store));
    return policy === undefined && critic !== undefined ? yield* criticRecord(encoder, critic, store) : undefined;
  });
  const parts = stepBatches(batch, config, state.critic !== undefined);
  for (const [at, part] of parts.entries()) {
    yield* watch(`step ${config.step}: train ${at + 1}/${parts.length}, ${tokensOf(batch)} tokens`);
    const step: Stepped<CriticGradient | undefined> = yield* optimizerStep(state, part, config, record);
    state = step.state;
    // A part without a critic's step leaves its weights as they were.
    if (state.critic !== undefined && (part.critic !== undefined || critic === undefined)) {
      critic = yield* weightsOf(state.critic);
    }
    if (part.policy !== undefined) states.push(yield* stateOf(state.policy, critic));
    else if (step.observed !== undefined && critic !== undefined) criticSteps.push({ ...step.observed, critic });
  }
  return { state, gradients, states, criticSteps };
});

/** SHA-256 of a model's file. */
const weightsOf = ({ model }: TrainedModel) => Safetensors.digest(Model.fileTensors(model.encoder, model.parameters));

/** The hashes that a checkpoint of these weights would have. */
const stateOf = Effect.fnUntraced(function* (
  policy: TrainedModel,
  critic: string | undefined,
): Effect.fn.Return<RecordTypes.PolicyState, Failure> {
  const { model, optimizer } = policy;
  return {
    model: yield* weightsOf(policy),
    optimizer: yield* Safetensors.digest(Optimizer.optimizerTensors(model, optimizer)),
    step: optimizer.step,
    ...(critic === undefined ? {} : { critic }),
  };
});

/** The means over a step's mini-batches of what its Gradient records say. */
const meanOf = (gradients: ReadonlyArray<GradientRecord>): Omit<MetricsRow, "step"> => {
  if (gradients.length === 0) return {};
  const mean = (value: (record: GradientRecord) => number | undefined) => {
    const found = gradients.flatMap((record) => value(record) ?? []);
    return found.length === 0 ? undefined : found.reduce((sum, x) => sum + x, 0) / found.length;
  };
  const sign = (name: "positive" | "negative") => ({
    loss: mean((record) => record[name].loss),
    gradNorm: mean((record) => record[name].gradNorm),
    clipFraction: mean((record) => record[name].clipFraction),
    approxKl: mean((record) => record[name].approxKl),
  });
  return {
    loss: mean(({ loss }) => loss),
    gradNorm: mean(({ gradNorm }) => gradNorm),
    clipFraction: mean(({ clipFraction }) => clipFraction),
    approxKl: mean(({ approxKl }) => approxKl),
    positive: sign("positive"),
    negative: sign("negative"),
    cosine: mean(({ cosine }) => cosine),
    criticLoss: mean(({ criticLoss }) => criticLoss),
    criticGradNorm: mean(({ criticGradNorm }) => criticGradNorm),
  };
};
