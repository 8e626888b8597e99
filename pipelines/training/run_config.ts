/**
 * What a run's result depends on, as it stands in the run's `config.json`: the settings as resolved, the SHA-256 of the weights that it began
 * with and of all else that it reads (problems, test problems, reference, critic), the tokens that end a response, the kind of the adapter, and
 * the kernels where they are not the plain ones. A run goes on, and is replayed, under the same ones alone.
 */
import { Effect, Result } from "effect";
import { join } from "node:path";
import { deviceFields } from "../../kernels/gpu/chosen_kernels.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { formatJson } from "../files/checkpoint_directory.ts";
import { isObject, parseObject } from "../files/json.ts";
import type { PaddedVocabulary } from "../settings/padded_vocabulary.ts";
import * as Command from "../settings/command.ts";
import { check, select } from "../settings/resolve.ts";
import * as RunDirectory from "../files/run_directory.ts";
import type { SettingKey, Settings } from "../settings/settings.ts";

/** The settings that a run's result depends on, and those that only say where and how. */
export const trainSettings = [
  "model",
  "task",
  "split",
  "data",
  "limit",
  "template",
  "date",
  "responses",
  "temperature",
  "topP",
  "topK",
  "maxTokens",
  "seed",
  "batch",
  "cache",
  "deviceMemory",
  "storage",
  "activations",
  "paddedVocabulary",
  "moments",
  "algorithm",
  "lambda",
  "aggregation",
  "extract",
  "clipRatio",
  "entropyCoef",
  "klCoef",
  "klInLoss",
  "normalizeAdvantage",
  "asPublished",
  "learningRate",
  "criticLearningRate",
  "weightDecay",
  "maxGradNorm",
  "steps",
  "epochs",
  "prompts",
  "miniBatch",
  "criticMiniBatch",
  "gradientChunk",
  "recompute",
  "offload",
  "testEvery",
  "saveEvery",
  "keep",
  "reference",
  "critic",
  "recipe",
  "out",
] as const satisfies ReadonlyArray<SettingKey>;

/** Settings that say how memory is used and change no byte of a result. */
export const memoryKnobs = ["batch", "cache", "deviceMemory", "recompute", "offload"] as const satisfies ReadonlyArray<
  SettingKey
>;

/** Settings that may change between a run and its continuation. */
const free: ReadonlyArray<string> = [
  ...memoryKnobs,
  "recipe",
  "out",
  "keep",
  "saveEvery",
  "model",
  "reference",
  "critic",
  "data",
  // Compared with what the run recorded once the model is known to have such a vocabulary.
  "paddedVocabulary",
];

/** A run's settings: everything that `train` reads, with what it cannot do without. */
export type TrainConfig = Command.ConfigOf<typeof trainSettings[number], "model" | "out">;

/** A run that cannot be begun or continued. */
export const refuse = (message: string): Command.UsageError => new Command.UsageError({ message });

// `step` is set by the training loop; the rest of Settings is not read while training.
/** All settings of a run, those that training does not read left out. */
export const complete = (config: TrainConfig): Settings => config as unknown as Settings;

/** The change of a run's padded vocabulary, in words: one that recorded nothing computed with every row. */
export const changedVocabulary = (
  stored: Readonly<Record<string, unknown>>,
  used: PaddedVocabulary | undefined,
): string | undefined => {
  const [before, now] = [stored.paddedVocabulary ?? "keep", used ?? "keep"];
  return before === now ? undefined : `--padded-vocabulary ${before}, now it is ${now}`;
};

/** What a run reads beside its settings, as digests: SHA-256 of the weights that it begins with, of its problems and of other models. */
export interface Sources {
  readonly base: string;
  readonly problems: string;
  readonly tests?: string;
  readonly reference?: string;
  readonly critic?: string;
  readonly stopTokens: ReadonlyArray<number>;
}

/** How messages call what a run reads, and the flag that names it. */
const sourceNames: Readonly<Record<keyof Sources, string>> = {
  base: "weights (--model)",
  problems: "problems (--data)",
  tests: "test problems (--data)",
  reference: "weights of the reference (--reference)",
  critic: "weights of the critic (--critic)",
  stopTokens: "tokens that end a response (generation_config.json of --model)",
};

const shown = (source: unknown): string => source === undefined ? "not there" : JSON.stringify(source);

/** Where a run's sources stand in its `config.json`; `base` alone is as old as runs. */
const storedSources = (stored: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
  base: stored.base,
  ...(isObject(stored.sources) ? stored.sources : {}),
});

/** The first thing that a run reads and that is not what it was, in words; what an older run did not write down is not compared, but `base` always is. */
export const changedSource = (stored: Readonly<Record<string, unknown>>, now: Sources): string | undefined => {
  const before = storedSources(stored);
  const after = new Map<string, unknown>(Object.entries(now));
  for (const [key, name] of Object.entries(sourceNames)) {
    const [was, is] = [before[key], after.get(key)];
    if ((was === undefined && key !== "base") || JSON.stringify(was) === JSON.stringify(is)) continue;
    return `${name} ${shown(was)}, now they are ${shown(is)}`;
  }
  return undefined;
};

/** The text of a run's `config.json`. */
export const configText = (config: TrainConfig, { base, ...sources }: Sources, info: DeviceInfo): string =>
  formatJson({ ...select(complete(config), trainSettings), base, ...deviceFields(info), sources });

/**
 * What is wrong with the settings that a run's `config.json` holds, which anybody may have written; undefined for nothing. A field that is no
 * setting is none of its business.
 */
export const storedFault = (stored: Readonly<Record<string, unknown>>): string | undefined => {
  for (const key of trainSettings) {
    if (!Object.hasOwn(stored, key)) continue;
    const checked = check(key, stored[key]);
    if (Result.isFailure(checked)) return `field "${key}": ${checked.failure}`;
  }
  return undefined;
};

/** The settings that the run in a folder was begun with, or undefined for one that has not begun. */
export const storedSettings = Effect.fnUntraced(function* (run: string) {
  const path = join(run, "config.json");
  const text = yield* RunDirectory.readText(path);
  if (text === undefined) return undefined;
  const stored = parseObject(path, text);
  if (!stored.ok) return yield* refuse(`Cannot read "${path}": expected a JSON object`);
  const fault = storedFault(stored.object);
  return fault === undefined ? stored.object : yield* refuse(`Cannot read "${path}": ${fault}`);
});

/** The first setting that differs from the one that a run was begun with, in words. */
export const changedSetting = (stored: Readonly<Record<string, unknown>>, config: TrainConfig): string | undefined => {
  for (const key of trainSettings) {
    if (free.includes(key)) continue;
    const [before, now] = [JSON.stringify(stored[key]), JSON.stringify(config[key])];
    if (before !== now) return `${key} ${before ?? "not set"}, now it is ${now ?? "not set"}`;
  }
  return undefined;
};
