/**
 * Adds the algorithm's advantage to each response token. The fields needed besides reward and weight depend on `--algorithm` and are
 * checked here. PSR, NSR, W-REINFORCE and REINFORCE process responses one by one; GRPO and PPO need the whole rollout batch (groups,
 * whitening) and read all input first, as `--normalize-advantage` does. `--truncated mask` drops the responses that were
 * cut off, after the advantages: they count in their group and teach nothing. `--importance-cap` weights what is left, token by token, for
 * responses of a sampler that is not the policy (`algorithms/importance.ts`).
 */
import { Effect, Stream, Struct } from "effect";
import { whiten } from "../algorithms/gae.ts";
import { importanceWeighted, type TwoLogProbs } from "../algorithms/importance.ts";
import { type Algorithm, type AlgorithmName, algorithms, type Response } from "../algorithms/mod.ts";
import * as Records from "../records/schema.ts";
import * as Stage from "./stage.ts";
import { makeStage } from "./stage.ts";
import { algorithmSettings, loss, rolloutServers, sampling } from "../settings/groups.ts";
import { batchLimit, overLimit } from "./token_limit.ts";

/** A field that an algorithm needs and a record lacks. */
export interface MissingField {
  readonly index: number;
  readonly field: string;
}

/** The fields that an advantage may depend on, and those that settings ask for. */
type Creditable = Response & {
  readonly task?: string;
  readonly finish?: string;
  readonly logProbs?: Float32Array;
};

type Advantaged = Pick<Records.Credited, "advantages" | "returns">;

/** The settings that affect the advantages of a batch. */
interface AdvantageSettings {
  readonly algorithm: AlgorithmName;
  readonly klCoef: number;
  readonly normalizeAdvantage?: boolean | undefined;
  readonly maxTokens?: number | undefined;
  readonly truncated?: "grade" | "mask" | undefined;
  /** 0 or none: no weights. */
  readonly importanceCap?: number | undefined;
}

/** The lists that an advantage under these settings reads. */
const listsUnder = ({ algorithm, importanceCap = 0 }: Pick<AdvantageSettings, "algorithm" | "importanceCap">) => {
  const { needs } = algorithms[algorithm].advantage;
  return importanceCap > 0 ? [...new Set([...needs, "logProbs", "oldLogProbs"] as const)] : needs;
};

/** The first record of a batch without a field that its advantage needs, if any. */
const missingField = (batch: ReadonlyArray<Creditable>, settings: AdvantageSettings): MissingField | undefined => {
  const { scope } = algorithms[settings.algorithm].advantage;
  const lists = listsUnder(settings);
  for (const [index, response] of batch.entries()) {
    if (scope === "batch" && typeof response.problemId !== "string") return { index, field: "problemId" };
    const field = lists.find((name) => !(response[name] instanceof Float32Array));
    if (field !== undefined) return { index, field };
  }
  return undefined;
};

/** The batch with its advantages, in order, without masked responses; the records must pass `missingField`. */
export const advantage = <A extends Creditable>(
  batch: ReadonlyArray<A>,
  settings: AdvantageSettings,
): ReadonlyArray<A & Advantaged> => {
  const { truncated, importanceCap = 0 } = settings;
  const credited = creditedBatch(batch, settings);
  const kept = truncated === "mask" ? credited.filter(({ finish }) => finish !== "length") : credited;
  return importanceCap > 0
    ? kept.flatMap((one) => hasBoth(one) ? importanceWeighted([one], importanceCap) : one)
    : kept;
};

const hasBoth = <A extends Creditable>(record: A): record is A & TwoLogProbs =>
  record.logProbs !== undefined && record.oldLogProbs !== undefined;

const creditedBatch = <A extends Creditable>(
  batch: ReadonlyArray<A>,
  settings: AdvantageSettings,
): ReadonlyArray<A & Advantaged> => {
  const maxTokens = batchLimit(batch, settings.maxTokens);
  const credits = algorithms[settings.algorithm].advantage.credit(batch, { ...settings, maxTokens });
  if (settings.normalizeAdvantage !== true) return batch.map((response, i) => ({ ...response, ...credits[i] }));
  const normalized = whiten(credits.map(({ advantages }) => Float64Array.from(advantages)));
  return batch.map((response, i) => ({
    ...response,
    ...credits[i],
    advantages: Float32Array.from(normalized[i]),
  }));
};

/** What keeps an algorithm from the advantages of a batch, in words; undefined if nothing does. */
const batchFault = (batch: ReadonlyArray<Creditable>, settings: AdvantageSettings): string | undefined => {
  const { algorithm, maxTokens } = settings;
  const missing = missingField(batch, settings);
  if (missing !== undefined) {
    return `record ${missing.index + 1} (problem "${batch[missing.index].problemId}") has no field "${missing.field}"`;
  }
  const { keepsGroup, advantage: { readsLimit } }: Algorithm = algorithms[algorithm];
  const groups = keepsGroup === undefined ? [] : [...Map.groupBy(batch, ({ problemId }) => problemId)];
  const dropped = groups.find(([, group]) => keepsGroup?.(group) === false);
  if (dropped !== undefined) {
    return `it drops the group of problem "${dropped[0]}", which is here; split by --algorithm ${algorithm}`;
  }
  return readsLimit === true ? overLimit(batch, maxTokens) : undefined;
};

const checked = <A extends Creditable>(
  batch: ReadonlyArray<A>,
  settings: AdvantageSettings,
): Effect.Effect<ReadonlyArray<A & Advantaged>, Stage.StageError> => {
  const fault = batchFault(batch, settings);
  if (fault === undefined) return Effect.sync(() => advantage(batch, settings));
  const message = `Cannot compute the advantages of "${settings.algorithm}": ${fault}`;
  return Effect.fail(new Stage.StageError({ stage: "advantage", message }));
};

/** Scored to Credited. */
export const advantageStage = makeStage({
  name: "advantage",
  summary: "Computes each response token's advantage",
  settings: {
    ...Struct.pick(loss, ["algorithm", "klCoef", "normalizeAdvantage", "truncated"]),
    ...Struct.pick(sampling, ["maxTokens"]),
    ...Struct.pick(rolloutServers, ["importanceCap"]),
    ...algorithmSettings,
  },
  input: Records.Scored,
  needs: ["reward", "weight", "responseTokens"],
  needsUnder: ({ algorithm, truncated, importanceCap }) => {
    const { scope } = algorithms[algorithm].advantage;
    return [
      ...scope === "batch" ? ["problemId"] as const : [],
      ...listsUnder({ algorithm, importanceCap }),
      ...truncated === "mask" ? ["finish"] as const : [],
    ];
  },
  output: Records.Credited,
  run: (input, config) =>
    algorithms[config.algorithm].advantage.scope === "response" && config.normalizeAdvantage !== true
      ? Stream.flatMap(input, (response) => Stream.fromIterable(advantage([response], config)))
      : Stream.fromArrayEffect(Effect.flatMap(Stream.runCollect(input), (batch) => checked(batch, config))),
});
