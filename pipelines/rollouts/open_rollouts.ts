/** The source of rollouts that the settings of a run name: servers to train from, and, to replay, what stands for them. */
import { Effect, type Scope, Stream } from "effect";
import { join } from "node:path";
import { stepFolder } from "../files/run_directory.ts";
import { readText } from "../files/text_file.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import { decodeRecord } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import type { Dialect } from "./dialect.ts";
import type { RolloutServer } from "./rollout_client.ts";
import { injected, noisy } from "./injected_mismatch.ts";
import {
  addressesOf,
  areForeign,
  type Injection,
  injectionOf,
  rolloutFault,
  type RolloutSettings,
  withRolloutDefaults,
} from "./rollout_settings.ts";
import { drawnBy, type DrawRollouts, measuredSampler, type RolloutSource } from "./rollout_source.ts";
import { drawnAt } from "./served_rollouts.ts";
import { sglangDialect } from "./sglang_dialect.ts";
import { signumDialect } from "./signum_dialect.ts";
import { vllmDialect } from "./vllm_dialect.ts";

/** A run, as far as its rollouts need it. */
export interface RolloutRun {
  readonly config: RolloutSettings & { readonly out: string };
  readonly tokenizer: Tokenizer;
  /** The directory of the model that training begins from. */
  readonly sourceDir: string;
}

/** The dialects by name. */
const dialects: Readonly<Record<NonNullable<RolloutSettings["rolloutsDialect"]>, Dialect>> = {
  signum: signumDialect,
  vllm: vllmDialect,
  sglang: sglangDialect,
};

/** Fails where settings of rollouts do not go together. */
export const checkRollouts = (config: RolloutSettings): Effect.Effect<void, UsageError> => {
  const fault = rolloutFault(config);
  return fault === undefined ? Effect.void : Effect.fail(new UsageError({ message: `Cannot train: ${fault}` }));
};

/** A key of the environment. */
const keyIn = (variable: string): string | undefined => Deno.env.get(variable) || undefined;

const serversOf = Effect.fnUntraced(function* (config: RolloutSettings): Effect.fn.Return<
  ReadonlyArray<RolloutServer>,
  Failure
> {
  const usage = (problem: string) => new UsageError({ message: `Cannot train: ${problem}` });
  const urls = yield* Effect.mapError(Effect.fromResult(addressesOf(config)), usage);
  return urls.map((url) => ({ url, apiKey: keyIn("SIGNUM_API_KEY"), updateKey: keyIn("SIGNUM_UPDATE_KEY") }));
});

/** The injected difference of a run. */
const injectionIn = ({ injectMismatch }: RolloutSettings): Injection | undefined =>
  injectMismatch === undefined ? undefined : injectionOf(injectMismatch);

/** The servers of a run. */
const serversDraw = Effect.fnUntraced(function* ({ config, tokenizer, sourceDir }: RolloutRun) {
  const { rolloutsDialect = "signum", rolloutsFolder = join(config.out, "sampler") } = config;
  const servers = yield* serversOf(config);
  return drawnAt({ servers, dialect: dialects[rolloutsDialect], folder: rolloutsFolder, sourceDir, tokenizer });
});

/** The source of a run that trains; undefined where the policy draws its own rollouts. */
export const openRollouts = Effect.fnUntraced(function* (
  run: RolloutRun,
): Effect.fn.Return<RolloutSource | undefined, Failure, Scope.Scope> {
  const config = withRolloutDefaults(run.config);
  const { rollouts, importanceCap = 0 } = config;
  const injection = injectionIn(config);
  if (rollouts === undefined) {
    return injection && measuredSampler(yield* injected(run.tokenizer, injection), importanceCap);
  }
  const draw = yield* serversDraw({ ...run, config });
  const drawn = injection?.kind === "noise" ? noisy(draw, injection.deviation) : draw;
  return measuredSampler({ draw: drawn }, importanceCap);
});

/** The rollouts that a run recorded. */
const recordedIn = (run: string): DrawRollouts => (_, __, { step }) =>
  Stream.fromArrayEffect(Effect.gen(function* () {
    const source = join(run, stepFolder(step), "sample.ndjson");
    const text = yield* readText(source);
    if (text === undefined) return yield* new UsageError({ message: `Replay differs: "${source}" is missing` });
    const lines = text.split("\n").slice(0, -1);
    const needs = ["problemId", "promptTokens", "responseTokens", "logProbs", "temperature"] as const;
    return yield* Effect.forEach(lines, (line, i) =>
      Effect.fromResult(decodeRecord(Records.Rollout, needs, line, { source, line: i + 1 })));
  }));

/**
 * The source of a run that is replayed, without servers: one of this project gives what the policy draws, so that is drawn again; what others
 * drew is read from the run's records.
 */
export const replayedRollouts = Effect.fnUntraced(function* (
  { config: given, tokenizer }: RolloutRun,
): Effect.fn.Return<RolloutSource | undefined, never, Scope.Scope> {
  const config = withRolloutDefaults(given);
  const injection = injectionIn(config);
  const { importanceCap = 0 } = config;
  if (areForeign(config)) return measuredSampler({ draw: recordedIn(given.out) }, importanceCap);
  if (injection !== undefined) return measuredSampler(yield* injected(tokenizer, injection), importanceCap);
  return config.rollouts === undefined ? undefined : measuredSampler({ draw: drawnBy(tokenizer) }, importanceCap);
});
