/**
 * All settings, assembled from the groups. `{}` is the published configuration; recipe, config file and flags override it in this order.
 */
import { Result, Struct } from "effect";
import * as Groups from "./groups.ts";
import { groupValues, type SettingValues } from "./setting.ts";

export { flagOf } from "./setting.ts";

/** Every setting by its key, in the order of a resolved config. */
export const settings = {
  ...Groups.models,
  ...Groups.problems,
  ...Groups.sampling,
  ...Struct.pick(Groups.schedule, ["step"]),
  ...Struct.pick(Groups.memory, ["batch", "cache", "deviceMemory"]),
  ...Groups.passes,
  ...Groups.device,
  ...Struct.pick(Groups.loss, ["algorithm", "lambda", "aggregation"]),
  ...Groups.grading,
  ...Groups.loss,
  ...Groups.algorithmSettings,
  ...Struct.pick(Groups.optimizing, ["learningRate", "criticLearningRate"]),
  ...Groups.published,
  ...Groups.signals,
  ...Groups.permissions,
  ...Groups.optimizing,
  ...Groups.schedule,
  ...Groups.memory,
  ...Groups.keeping,
  ...Groups.beginning,
  ...Groups.files,
  ...Groups.reporting,
  ...Groups.archive,
  ...Struct.omit(Groups.studies, ["check"]),
  ...Groups.base,
  ...Groups.server,
  ...Groups.serving,
  ...Groups.reading,
  ...Groups.imports,
  ...Groups.duplicates,
  ...Groups.planning,
  ...Groups.gradientJobs,
  ...Groups.studies,
  ...Groups.cluster,
  ...Groups.blocks,
  ...Groups.workers,
  ...Groups.rolloutServers,
  ...Groups.sharing,
};

/** A key of the settings. */
export type SettingKey = keyof typeof settings;

/** Every setting with its value. */
export type Settings = SettingValues<typeof settings>;

/** The keys of a group, in order. */
export const keysOf = <S extends object>(group: S): ReadonlyArray<keyof S & string> => Struct.keys(group);

/** The keys in the order of the table. */
export const settingKeys: ReadonlyArray<SettingKey> = keysOf(settings);

/** The defaults of the authors' code that `asPublished` selects, if they differ from the paper's text. */
export const codeDefaults: Partial<Settings> = { entropyCoef: 1e-3 };

/** The published configuration: every default. */
export const defaults: Settings = Result.getOrThrow(groupValues(settings));
