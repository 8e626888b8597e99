/**
 * What a run's result depends on, as it stands in the run's `config.json`: the settings as resolved, the SHA-256 of the weights that it began
 * with and of all else that it reads (problems, test problems, reference, critic), the tokens that end a response, the kind of the adapter, and
 * the kernels where somebody chose them. A run goes on, and is replayed, under the same ones alone.
 */
import { Effect, Result, Struct } from "effect";
import { join } from "node:path";
import { deviceFields } from "../../kernels/gpu/chosen_kernels.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { earlierAlgorithmValues, unsetDefaults } from "../algorithms/algorithm_settings.ts";
import { formatJson } from "../files/checkpoint_directory.ts";
import { isObject, parseObject } from "../files/json.ts";
import type { PaddedVocabulary } from "../settings/padded_vocabulary.ts";
import * as Command from "../settings/command.ts";
import * as Groups from "../settings/groups.ts";
import { type Given, layered, select } from "../settings/resolve.ts";
import { earlierValues, recordedValues, type SettingValues } from "../settings/setting.ts";
import { readRunText } from "../files/run_directory.ts";
import { keysOf } from "../settings/settings.ts";

/** The settings that a run's result depends on, and those that only say where and how. */
export const trainSettings = {
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.omit(Groups.problems, ["problemSeed", "alike"]),
  ...Groups.sampling,
  ...Struct.pick(Groups.memory, ["batch", "cache", "deviceMemory"]),
  ...Groups.passes,
  ...Groups.device,
  ...Struct.pick(Groups.optimizing, ["moments"]),
  ...Struct.pick(Groups.loss, ["algorithm", "lambda", "aggregation"]),
  ...Groups.grading,
  ...Groups.loss,
  ...Groups.algorithmSettings,
  ...Groups.published,
  ...Groups.signals,
  ...Groups.permissions,
  ...Groups.optimizing,
  ...Struct.omit(Groups.schedule, ["step"]),
  ...Groups.memory,
  ...Groups.keeping,
  ...Groups.beginning,
  ...Groups.rolloutServers,
  ...Struct.pick(Groups.files, ["reference", "critic", "recipe"]),
  out: Groups.files.out,
};

const trainKeys = keysOf(trainSettings);

/**
 * Settings that may change between a run and its continuation (its length, in steps or epochs, only grows), and those that are compared with
 * what the run recorded of its device, its model and the run that it began from.
 */
const free: ReadonlyArray<string> = keysOf({
  ...Groups.memory,
  ...Struct.pick(Groups.keeping, ["saveEvery", "keep", "testFirst"]),
  ...Struct.pick(Groups.schedule, ["steps", "epochs"]),
  ...Struct.pick(Groups.beginning, ["fromRun"]),
  ...Groups.permissions,
  ...Struct.pick(Groups.rolloutServers, ["rollouts", "rolloutsFolder"]),
  ...Struct.pick(Groups.files, ["reference", "critic", "recipe", "out"]),
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.pick(Groups.problems, ["data"]),
  ...Struct.pick(Groups.passes, ["paddedVocabulary"]),
  ...Groups.device,
});

const required = ["model", "out"] as const;

/** A run's settings: everything that `train` reads, with what it cannot do without. */
export type TrainConfig = Command.ConfigOf<typeof trainSettings, typeof required[number]>;

/** The settings of a run under what is given; fails where that is not enough. */
export const trainConfig = (given: Given): Result.Result<TrainConfig, Command.UsageError> =>
  Result.flatMap(
    Command.resolvedConfig("train", trainSettings, given),
    (config) => Command.completeConfig("train", required, config),
  );

/** The settings of a recorded run: what its version left unset stays so, whatever its algorithm's defaults have become. */
export const recordedConfig = (
  settings: StoredConfig["settings"],
  given: Given,
): Result.Result<TrainConfig, Command.UsageError> =>
  trainConfig(layered<Given>(settings, unsetDefaults(settings), given));

/** Why the log-probs of responses would not be those that training takes them for, if so. Temperature 0 leaves one token. */
export const truncatedSampling = (
  { temperature, topP, topK, allowTruncatedSampling }: Pick<
    TrainConfig,
    "temperature" | "topP" | "topK" | "allowTruncatedSampling"
  >,
): Command.UsageError | undefined => {
  if (allowTruncatedSampling === true || (temperature > 0 && topP === 1 && topK === 0)) return undefined;
  const flag = topP !== 1 ? `--top-p ${topP}` : topK !== 0 ? `--top-k ${topK}` : `--temperature ${temperature}`;
  return runRefusal(
    `Cannot train with ${flag}: log-probs are of the whole distribution, so the probability ratio would be wrong; ` +
      `--allow-truncated-sampling trains all the same`,
  );
};

/** A run that cannot be begun or continued. */
export const runRefusal = (message: string): Command.UsageError => new Command.UsageError({ message });

/** The change of a run's padded vocabulary, in words: one that recorded nothing computed with every row. */
export const changedVocabulary = (
  { paddedVocabulary }: StoredConfig["settings"],
  used: PaddedVocabulary | undefined,
): string | undefined => {
  const [before, now] = [paddedVocabulary ?? "keep", used ?? "keep"];
  return before === now ? undefined : `--padded-vocabulary ${before}, now it is ${now}`;
};

/** What a run reads beside its settings, as digests: SHA-256 of the weights that it begins with, of its problems and of other models. */
export interface Sources {
  readonly base: string;
  readonly problems: string;
  readonly tests?: string;
  readonly reference?: string;
  readonly critic?: string;
  readonly optimizer?: string;
  readonly criticOptimizer?: string;
  readonly stopTokens: ReadonlyArray<number>;
}

/** How messages call what a run reads, and the flag that names it. */
const sourceNames: Readonly<Record<keyof Sources, string>> = {
  base: "weights (--model)",
  problems: "problems (--data)",
  tests: "test problems (--data)",
  reference: "weights of the reference (--reference)",
  critic: "weights of the critic (--critic)",
  optimizer: "optimizer state (--from)",
  criticOptimizer: "optimizer state of the critic (--from)",
  stopTokens: "tokens that end a response (generation_config.json of --model)",
};

const shown = (source: unknown): string => source === undefined ? "not there" : JSON.stringify(source);

/** Where a run's sources stand in its `config.json`; `base` alone is as old as runs. */
const storedSources = (stored: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  base: stored.base,
  ...(isObject(stored.sources) ? stored.sources : {}),
});

/** The first thing that a run reads and that is not what it was, in words; what an older run did not write down is not compared, but `base` always is. */
export const changedSource = (fields: StoredConfig["fields"], now: Sources): string | undefined => {
  const before = storedSources(fields);
  const after = new Map<string, unknown>(Object.entries(now));
  for (const [key, name] of Object.entries(sourceNames)) {
    const [was, is] = [before[key], after.get(key)];
    // Without tests nothing is read of them.
    const isFree = (was === undefined && key !== "base") || (is === undefined && key === "tests");
    if (isFree || JSON.stringify(was) === JSON.stringify(is)) continue;
    return `${name} ${shown(was)}, now they are ${shown(is)}`;
  }
  return undefined;
};

/** What the device runs is recorded with its adapter. */
const recordedKeys = trainKeys.filter((key) => !(key in Groups.device));

/** The text of a run's `config.json`. */
export const configText = (config: TrainConfig, { base, ...sources }: Sources, info: DeviceInfo): string =>
  formatJson({ ...select(config, recordedKeys), base, ...deviceFields(info), sources });

/** What a run's `config.json` holds, which anybody may have written: settings, and what else the run recorded. */
export interface StoredConfig {
  readonly settings: Partial<SettingValues<typeof trainSettings>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a run recorded, with what its version did where it recorded nothing. */
const earlierSettings = (recorded: StoredConfig["settings"]): StoredConfig["settings"] => ({
  ...earlierValues(trainSettings, recorded),
  ...earlierAlgorithmValues(recorded.algorithm),
  ...recorded,
});

/** The settings that the run in a folder was begun with, by this version or an earlier one; undefined for one that has not begun. */
export const storedConfig = Effect.fnUntraced(function* (
  run: string,
): Effect.fn.Return<StoredConfig | undefined, Command.Failure> {
  const path = join(run, "config.json");
  const text = yield* readRunText(path);
  if (text === undefined) return undefined;
  const stored = parseObject(path, text);
  if (!stored.ok) return yield* runRefusal(`Cannot read "${path}": expected a JSON object`);
  const settings = recordedValues(trainSettings, stored.object);
  return Result.isSuccess(settings)
    ? { settings: earlierSettings(settings.success), fields: stored.object }
    : yield* runRefusal(`Cannot read "${path}": ${settings.failure}`);
});

/** The first setting that differs from the one that a run was begun with, in words. */
export const changedSetting = (settings: StoredConfig["settings"], config: TrainConfig): string | undefined => {
  for (const key of trainKeys) {
    if (free.includes(key)) continue;
    const [before, now] = [JSON.stringify(settings[key]), JSON.stringify(config[key])];
    if (before !== now) return `${key} ${before ?? "not set"}, now it is ${now ?? "not set"}`;
  }
  return undefined;
};
