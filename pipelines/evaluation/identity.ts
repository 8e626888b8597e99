/**
 * The identity of an evaluation, in the `config.json` of its folder: everything that its responses depend on. It has the settings that
 * shape a response or its grade, the SHA-256 of the weights and of the prompts, the tokens that end a response, the kind of the adapter,
 * and the kernels if they are not the plain ones. How responses are fetched (the server's address, the concurrency) and printed (k, the
 * format) may change between runs. So may whether greedy responses are drawn besides: they have a file of their own, and follow from the same
 * identity.
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

/** The settings that change responses or their grades, in the order of the identity. */
export const shaping = {
  ...Struct.pick(Groups.models, ["model"]),
  ...Struct.pick(Groups.server, ["servedModel"]),
  ...Groups.problems,
  ...Groups.sampling,
  ...Groups.grading,
  ...Struct.pick(Groups.server, ["logprobs"]),
  ...Groups.passes,
};

/** The values of the settings that change responses and grades. */
export type ShapingSettings = SettingValues<typeof shaping>;

const shapingKeys = keysOf(shaping);

/** The identity of an evaluation; `weights` and `stopTokens` are absent if the model is on a server. */
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

/** The first difference between a folder's identity and the current one as a sentence; undefined if there is none. */
export const differenceOf = (
  begun: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string | undefined => {
  const show = (value: unknown) => value === undefined ? "not given" : JSON.stringify(value);
  // An identity without a value for the padded vocabulary sampled from every row.
  const valueOf = (from: Readonly<Record<string, unknown>>, key: string) =>
    key === "paddedVocabulary" ? from[key] ?? "keep" : from[key];
  const differ = (key: string) => JSON.stringify(valueOf(begun, key)) !== JSON.stringify(valueOf(now, key));
  if (differ("command")) return "it holds something else than an evaluation";
  const key = shapingKeys.find(differ);
  if (key !== undefined) return `--${flagOf(key)} was ${show(begun[key])} there and is ${show(now[key])} now`;
  if (differ("weights")) return "it was begun with other weights than the model has now";
  // Older folders do not record the stop tokens.
  if (begun.stopTokens !== undefined && differ("stopTokens")) {
    return `responses ended at the tokens ${show(begun.stopTokens)} there and end at ${show(now.stopTokens)} now`;
  }
  return differ("problems") ? "it was begun with other problems than the task has now" : undefined;
};

const configFile = "config.json";

/** Writes the identity into a new folder. Fails if the folder already has a different one. */
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

/** Writes the record of the device beside the identity. Fails if existing responses (`there`) were drawn on a different one. */
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
