/**
 * Log-probs and entropies of responses under the policy about to be trained (`oldLogProbs`), and optionally log-probs under a reference and
 * the values of a critic. The record's temperature (`record_temperature.ts`) divides the logits of policy and reference.
 */
import { Effect, Layer, Result, Stream, Struct } from "effect";
import { Jobs } from "../cluster/jobs.ts";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import type { Model } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import { companionScores } from "../learning/optimizer_step.ts";
import { score as scoreSequences } from "../learning/score.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { placeOf } from "../records/record.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import * as RecordTypes from "../records/schema.ts";
import { temperatureOf } from "./record_temperature.ts";
import { type Score, type Scorer, scorerOf, scoresOf } from "./score_work.ts";
import { blocks, cluster, device, files, models, passes, sampling } from "../settings/groups.ts";
import { fromRecords } from "../settings/setting.ts";

/** The models that score; only the policy is required. */
export interface Scorers {
  readonly policy: Model;
  readonly reference?: Model | undefined;
  readonly critic?: Model | undefined;
}

/** The fields of a record that scoring reads. */
export type Scorable = Pick<RecordTypes.Rollout, "problemId" | "promptTokens" | "responseTokens">;

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
  return yield* withScores(
    records,
    own.logProbs.map((oldLogProbs, i) => ({ oldLogProbs, entropy: own.entropy[i], ...others[i] })),
  );
});

/** Records with the numbers of all models, which must be finite. */
const withScores = Effect.fnUntraced(function* <A extends Scorable>(
  records: ReadonlyArray<A>,
  scores: ReadonlyArray<Partial<Score>>,
): Effect.fn.Return<ReadonlyArray<A & Score>, Stage.StageError> {
  const scored: Array<A & Score> = [];
  for (const [i, record] of records.entries()) {
    const { oldLogProbs, entropy, ...others } = scores[i];
    const lists: ReadonlyArray<Float32Array | undefined> = [oldLogProbs, entropy, ...Object.values(others)];
    if (oldLogProbs !== undefined && entropy !== undefined && lists.every((list) => list?.every(Number.isFinite))) {
      scored.push({ ...record, entropy, oldLogProbs, ...others });
      continue;
    }
    const message = `Cannot score the response to problem "${record.problemId}"${
      placeOf(record)
    }: a model gives numbers that are not finite`;
    return yield* new Stage.StageError({ stage: "score", message });
  }
  return scored;
});

/** The number of records scored at a time in a stream. */
const window = 256;

/** Records with their scores, in order, each at its own temperature. */
const scoreEach = Effect.fnUntraced(function* <A extends Scorable>(
  scorers: ReadonlyArray<Scorer>,
  drawn: ReadonlyArray<{ readonly record: A; readonly temperature: number }>,
  block: number,
) {
  const scored: Array<A & Score> = [];
  const byTemperature = Map.groupBy(drawn.keys(), (i) => drawn[i].temperature);
  for (const [temperature, places] of byTemperature) {
    const sequences = places.map((i) => drawn[i].record);
    const some = yield* withScores(sequences, yield* scoresOf(scorers, { sequences, temperature, block }));
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
    ...cluster,
    ...blocks,
  },
  required: ["model"],
  input: RecordTypes.Signed,
  needs: ["problemId", "promptTokens", "responseTokens"],
  output: RecordTypes.Scored,
  layer: (config) => Layer.provideMerge(layerJobs(config), layerPolicy(config)),
  run: (input, config) =>
    Stream.unwrap(Effect.gen(function* () {
      const { atOnce } = yield* Jobs;
      const { reference, critic, block } = config;
      const stored = Struct.pick(config, ["storage", "activations", "paddedVocabulary"]);
      const policy = yield* scorerOf("policy", config.model, stored);
      const beside = { ...stored, knownTokens: policy.config.knownTokens };
      const scorers = [
        policy,
        ...reference === undefined ? [] : [yield* scorerOf("reference", reference, beside)],
        ...critic === undefined ? [] : [yield* scorerOf("critic", critic, stored)],
      ];
      // What this process scores, it loads before the first record.
      if (atOnce === undefined) { for (const { loaded } of scorers) yield* loaded; }
      return input.pipe(
        Stream.mapEffect((record) => {
          const message = scorers.map(({ role, config: own }) =>
            fault("score", record, own, role === "policy" ? undefined : `--${role}`)
          ).find((text) => text !== undefined);
          const fail = (problem: string) => new Stage.StageError({ stage: "score", message: problem });
          return message === undefined
            ? Effect.fromResult(Result.mapBoth(temperatureOf(record, config.temperature), {
              onSuccess: (temperature) => ({ record, temperature }),
              onFailure: (problem) => fail(`Cannot score ${problem}`),
            }))
            : Effect.fail(fail(message));
        }),
        Stream.grouped(Math.max(window, (atOnce ?? 0) * block)),
        Stream.mapEffect((records) => scoreEach(scorers, records, block)),
        Stream.flatMap((some) => Stream.fromIterable(some)),
      );
    })),
});
