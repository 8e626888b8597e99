/** What the settings of foreign rollouts mean together: their defaults, and what is refused. */
import { Result } from "effect";
import type { Settings } from "../settings/settings.ts";

/** The settings that decide where rollouts come from. */
export type RolloutSettings =
  & Partial<Pick<Settings, "rollouts" | "rolloutsDialect" | "rolloutsFolder" | "importanceCap" | "injectMismatch">>
  & Pick<Settings, "temperature" | "topP" | "topK">
  & Partial<Pick<Settings, "storage">>;

/** The cap of importance weights where the sampler is not the policy; verl's default. */
const defaultCap = 2;

/** Whether rollouts come from another program than this one. */
export const areForeign = ({ rolloutsDialect }: RolloutSettings): boolean =>
  rolloutsDialect !== undefined && rolloutsDialect !== "signum";

/** The settings with the defaults that depend on others; without servers nothing is added. */
export const withRolloutDefaults = <A extends RolloutSettings>(config: A): A => {
  const { rollouts, rolloutsDialect = rollouts === undefined ? undefined : "signum", importanceCap, injectMismatch } =
    config;
  const dialect = { ...config, ...(rolloutsDialect !== undefined && { rolloutsDialect }) };
  const cap = importanceCap ?? (areForeign(dialect) || injectMismatch !== undefined ? defaultCap : undefined);
  return { ...dialect, ...(cap !== undefined && { importanceCap: cap }) };
};

/** A difference that is made between sampler and policy. */
export type Injection = { readonly kind: "noise"; readonly deviation: number } | { readonly kind: "bf16" | "stale" };

/** The difference that a setting names; undefined if it names none. */
export const injectionOf = (text: string): Injection | undefined => {
  if (text === "bf16") return { kind: "bf16" };
  if (text === "stale:1") return { kind: "stale" };
  const [, digits] = text.match(/^noise:(\d+\.?\d*(?:e-?\d+)?)$/) ?? [];
  const deviation = Number(digits);
  return deviation > 0 && Number.isFinite(deviation) ? { kind: "noise", deviation } : undefined;
};

const injectionFault = (text: string, { rollouts, storage = "f32" }: RolloutSettings): string | undefined => {
  const injection = injectionOf(text);
  if (injection === undefined) {
    return `--inject-mismatch ${JSON.stringify(text)}: expected noise:X with X above 0, bf16 or stale:1`;
  }
  if (injection.kind !== "noise" && rollouts !== undefined) {
    return `--inject-mismatch ${text} changes training's own sampler, and with --rollouts servers draw`;
  }
  return injection.kind === "bf16" && storage !== "f32"
    ? `--inject-mismatch bf16: with --storage ${storage} the policy itself reads rounded weights`
    : undefined;
};

/** The address of a server, without a path; `/v1` at its end is left out. */
const addressOf = (given: string): Result.Result<string, string> => {
  const url = URL.parse(given);
  const path = url?.pathname.replace(/\/+$/, "").replace(/\/v1$/, "") ?? "";
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
  if (!isPlain) return Result.fail("--rollouts: expected URLs such as http://127.0.0.1:8000");
  if (url.username !== "" || url.password !== "") {
    return Result.fail("--rollouts: a URL must hold no user and no password; a key comes from SIGNUM_API_KEY");
  }
  return Result.succeed(`${url.origin}${path}`);
};

/** The addresses of the servers. */
export const addressesOf = ({ rollouts = [] }: RolloutSettings): Result.Result<ReadonlyArray<string>, string> =>
  Result.all(rollouts.map(addressOf));

/** Why these settings cannot be used together; undefined if they can. */
export const rolloutFault = (config: RolloutSettings): string | undefined => {
  const { rollouts, rolloutsDialect, rolloutsFolder, importanceCap, injectMismatch, topP, topK, temperature } = config;
  const injected = injectMismatch === undefined ? undefined : injectionFault(injectMismatch, config);
  if (injected !== undefined) return injected;
  if (rollouts === undefined) {
    if (rolloutsDialect !== undefined) return `--rollouts-dialect ${rolloutsDialect} needs --rollouts`;
    if (rolloutsFolder !== undefined) return "--rollouts-folder needs --rollouts";
    if (importanceCap !== undefined && injectMismatch === undefined) {
      return "--importance-cap needs --rollouts or --inject-mismatch: the log-probs of training's own sampler are the policy's";
    }
    return undefined;
  }
  const addresses = addressesOf(config);
  if (Result.isFailure(addresses)) return addresses.failure;
  if (new Set(addresses.success).size < rollouts.length) return "--rollouts names a server twice";
  if (!areForeign(config)) return undefined;
  if (topP !== 1 || topK !== 0) {
    return `--rollouts-dialect ${rolloutsDialect}: with --top-p or --top-k its log-probs are not of the whole softmax`;
  }
  return temperature > 0
    ? undefined
    : `--rollouts-dialect ${rolloutsDialect}: a greedy response has no log-probs to train on`;
};
