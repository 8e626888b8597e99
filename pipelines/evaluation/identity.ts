/**
 * What an evaluation's responses depend on, as it stands in the `config.json` of its folder: the settings that shape a response or its grade,
 * the SHA-256 of the weights and of the problems as they are asked, the tokens that end a response, the kind of the adapter, the kernels where they are not the plain ones. How responses are fetched (the server's address, how many at once) and
 * what is printed of them (k, the format) may change from one start to the next.
 */
import { Effect, Struct } from "effect";
import { join } from "node:path";
import { cannotContinue, deviceFields } from "../../kernels/gpu/chosen_kernels.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { isObject } from "../files/json.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { encode } from "../records/record.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { readRunText } from "../files/run_directory.ts";
import { sha256, toText } from "../records/text.ts";
import * as Groups from "../settings/groups.ts";
import { flagOf, type SettingValues } from "../settings/setting.ts";
import { keysOf } from "../settings/settings.ts";
import type { UntokenizedPrompt } from "../stages/prompt.ts";

/** The settings that shape the responses and their grades, in the order in which an identity lists them. */
export const shaping = {
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.pick(Groups.server, ["servedModel"]),
  ...Groups.problems,
  ...Groups.sampling,
  ...Groups.grading,
  ...Struct.pick(Groups.server, ["logprobs"]),
  ...Groups.passes,
};

/** The settings that change no byte of the responses: how they are fetched, how memory is used, what is printed and where. */
export const changesNoByte = {
  ...Struct.omit(Groups.server, ["servedModel", "logprobs"]),
  ...Struct.pick(Groups.memory, ["batch", "cache", "deviceMemory"]),
  ...Struct.pick(Groups.reporting, ["k", "bootstrap", "format"]),
  ...Groups.planning,
  ...Struct.pick(Groups.files, ["recipe", "out"]),
};

/** The settings that choose what the device runs: its record says what it runs, beside the kind of its adapter. */
export const choosesDevice = Groups.device;

/** The values of the settings that shape responses and grades. */
export type ShapingSettings = SettingValues<typeof shaping>;

const shapingKeys = keysOf(shaping);

/** The identity of an evaluation; `weights` and `stopTokens` are absent where a server has them. */
export const identityOf = (
  settings: ShapingSettings,
  weights: string | undefined,
  prompts: ReadonlyArray<UntokenizedPrompt>,
  stopTokens?: ReadonlyArray<number>,
): Readonly<Record<string, unknown>> => ({
  command: "evaluate",
  ...Object.fromEntries(shapingKeys.map((key) => [key, settings[key]]).filter(([, value]) => value !== undefined)),
  ...(weights !== undefined && { weights }),
  ...(stopTokens !== undefined && { stopTokens }),
  problems: sha256(toText(prompts.map((prompt) => JSON.parse(encode({ ...prompt, promptTokens: undefined }))))),
});

/** The first difference between what a folder was begun with and what is asked for now, as a sentence; undefined for none. */
export const differenceOf = (
  begun: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string | undefined => {
  const show = (value: unknown) => value === undefined ? "not given" : JSON.stringify(value);
  // One that recorded nothing of its vocabulary drew from every row of it.
  const valueOf = (from: Readonly<Record<string, unknown>>, key: string) =>
    key === "paddedVocabulary" ? from[key] ?? "keep" : from[key];
  const differ = (key: string) => JSON.stringify(valueOf(begun, key)) !== JSON.stringify(valueOf(now, key));
  if (differ("command")) return "it holds something else than an evaluation";
  const key = shapingKeys.find(differ);
  if (key !== undefined) return `--${flagOf(key)} was ${show(begun[key])} there and is ${show(now[key])} now`;
  if (differ("weights")) return "it was begun with other weights than the model has now";
  // Folders of before do not say which tokens end a response.
  if (begun.stopTokens !== undefined && differ("stopTokens")) {
    return `responses ended at the tokens ${show(begun.stopTokens)} there and end at ${show(now.stopTokens)} now`;
  }
  return differ("problems") ? "it was begun with other problems than the task has now" : undefined;
};

const configFile = "config.json";

/** Writes the identity into a new folder; in one that has begun it must be the same. */
export const claim = Effect.fnUntraced(function* (
  out: string,
  identity: Readonly<Record<string, unknown>>,
): Effect.fn.Return<void, Failure> {
  const path = join(out, configFile);
  const text = yield* readRunText(path);
  if (text === undefined) {
    return yield* RunDirectory.writeText(path, `${JSON.stringify(identity, null, 2)}\n`);
  }
  const begun: unknown = yield* Effect.try({
    try: () => JSON.parse(text),
    catch: () => new UsageError({ message: `Cannot evaluate into "${out}" (--out): its "${configFile}" is not JSON` }),
  });
  const difference = differenceOf(isObject(begun) ? begun : {}, identity);
  if (difference !== undefined) {
    return yield* new UsageError({ message: `Cannot evaluate into "${out}" (--out): ${difference}` });
  }
});

/** Writes the device that responses are drawn on beside the identity; those that are `there` were drawn on the same. */
export const claimDevice = Effect.fnUntraced(function* (
  out: string,
  info: DeviceInfo,
  there: boolean,
): Effect.fn.Return<void, Failure> {
  const path = join(out, configFile);
  const begun: unknown = JSON.parse((yield* readRunText(path)) ?? "{}");
  const { adapter, kernels, ...identity } = isObject(begun) ? begun : {};
  if (!there) {
    return yield* RunDirectory.writeText(path, `${JSON.stringify({ ...identity, ...deviceFields(info) }, null, 2)}\n`);
  }
  const other = cannotContinue({ adapter, kernels }, info);
  if (other === undefined) return;
  return yield* new UsageError({ message: `Cannot evaluate into "${out}" (--out): it was ${other}` });
});
