/**
 * `deno task serve`: a model behind the OpenAI API. It listens on this machine alone unless another address and a key are given. SIGTERM ends it after
 * the answers that have begun.
 */
import { Clock, Effect, Fiber, type Scope, Struct } from "effect";
import { hasChatTemplate, openChatTemplate } from "../models/chat_template.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { Policy } from "../models/policy.ts";
import { weightsDigest } from "../files/weights_digest.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { readText } from "../files/text_file.ts";
import { type ConfigOf, type Failure, makeCommand, UsageError } from "../settings/command.ts";
import { device, memory, models, passes, problems, sampling, server, serving } from "../settings/groups.ts";
import { openEngine } from "./engine.ts";
import { isLoopback } from "../files/request_guard.ts";
import { listen } from "./http_server.ts";
import { makeMetrics } from "./metrics.ts";
import { type Access, handle } from "./routes.ts";
import type { Served } from "./served.ts";

const settings = {
  ...Struct.pick(models, ["model"]),
  ...serving,
  ...Struct.pick(server, ["servedModel", "timeout"]),
  ...Struct.pick(problems, ["date"]),
  ...Struct.pick(sampling, ["seed"]),
  ...Struct.pick(memory, ["batch", "cache"]),
  ...passes,
  ...device,
};

/** The settings of a server. */
export type ServeSettings = ConfigOf<typeof settings, "model">;

/** The largest body, in bytes. */
const bodyBytes = 16 << 20;

/** The most seconds that the end waits for answers. */
const longestGrace = 60;

const refuse = (message: string) => new UsageError({ message: `Cannot run "serve": ${message}` });

/** Whether a header can have a key: others could never be given. */
const isKey = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

const expectedKey = "expected one key on one line, of visible ASCII characters";

/** The key of a variable or of a file; undefined if neither is given. */
const keyOf = Effect.fnUntraced(function* (
  variable: string,
  flag: string,
  file: string | undefined,
): Effect.fn.Return<string | undefined, Failure> {
  const inEnvironment = Deno.env.get(variable);
  if (file === undefined) {
    if (inEnvironment === "") return yield* refuse(`${variable} is empty`);
    if (inEnvironment !== undefined && !isKey(inEnvironment)) return yield* refuse(`${variable}: ${expectedKey}`);
    return inEnvironment;
  }
  if (inEnvironment !== undefined) return yield* refuse(`both ${variable} and --${flag} are given`);
  const text = (yield* readText(file))?.trim();
  if (text === undefined) return yield* refuse(`--${flag} "${file}": there is no such file`);
  return isKey(text) ? text : yield* refuse(`--${flag} "${file}": ${expectedKey}`);
});

/** Who may ask; a server that others can reach needs a key. */
export const accessOf = Effect.fnUntraced(function* (
  { host, apiKeyFile, updateFolder, updateKeyFile }: ServeSettings,
): Effect.fn.Return<Access, Failure> {
  const apiKey = yield* keyOf("SIGNUM_API_KEY", "api-key-file", apiKeyFile);
  const updateKey = yield* keyOf("SIGNUM_UPDATE_KEY", "update-key-file", updateKeyFile);
  if (!isLoopback(host) && apiKey === undefined) {
    return yield* refuse(
      `--host "${host}" is not this machine's alone: give a key by SIGNUM_API_KEY or --api-key-file`,
    );
  }
  if (updateFolder === undefined) {
    if (updateKeyFile !== undefined) return yield* refuse("--update-key-file is given, and --update-folder is missing");
    return { host, apiKey, updates: undefined };
  }
  if (updateKey === undefined) {
    return yield* refuse("--update-folder needs a key of its own: SIGNUM_UPDATE_KEY or --update-key-file");
  }
  if (updateKey === apiKey) return yield* refuse("the key of updates must not be the key of requests");
  return { host, apiKey, updates: { folder: updateFolder, key: updateKey } };
});

/** Loads the model and opens its engine. */
const openServed = Effect.fnUntraced(function* (config: ServeSettings) {
  const policy = yield* Policy;
  const { storage, activations, paddedVocabulary, context, queue, timeout, batch, cache } = config;
  const { dir, model } = yield* policy.load(config.model, "policy", { storage, activations, paddedVocabulary });
  const longest = model.config.context;
  if (context !== undefined && context > longest) {
    return yield* refuse(`--context ${context}: the model's context is ${longest}`);
  }
  const limits = { context: context ?? longest, queue, timeout, batch, cache };
  const served: Served = {
    name: config.servedModel ?? config.model,
    model,
    tokenizer: yield* policy.tokenizer(config.model),
    template: (yield* hasChatTemplate(dir)) ? yield* openChatTemplate(dir) : undefined,
    date: config.date,
    engine: yield* openEngine(model, limits),
    limits,
    metrics: makeMetrics(),
    created: Math.floor((yield* Clock.currentTimeMillis) / 1000),
    seed: config.seed,
    unseeded: 0,
    answers: 0,
    weights: yield* weightsDigest(dir),
    broken: undefined,
  };
  return served;
});

/** A server that listens: its port, and an effect that ends only if the device fails. */
export interface Serving {
  readonly served: Served;
  readonly port: number;
  readonly failure: Effect.Effect<never, Failure>;
}

/** Starts a server; when the scope ends it takes no new request and waits for the answers that have begun. */
export const startServing = Effect.fnUntraced(function* (
  config: ServeSettings,
): Effect.fn.Return<Serving, Failure, Policy | Scope.Scope> {
  const access = yield* accessOf(config);
  const served = yield* openServed(config);
  // The scope closes in reverse order: the listener, after its last answer, then this loop.
  const loop = yield* Effect.forkScoped(served.engine.run);
  const { host, port = 8000 } = config;
  const grace = Math.min(longestGrace, config.timeout);
  const bound = yield* listen({ host, port, bodyBytes, grace }, handle(served, access));
  return { served, port: bound, failure: Fiber.join(loop) };
});

/** `deno task serve`. */
export const serveCommand = makeCommand({
  name: "serve",
  summary: "Serves a model by the OpenAI API: completions, chat, log-probs, streams, metrics",
  settings,
  required: ["model"],
  run: (config) =>
    Effect.scoped(Effect.gen(function* () {
      const { report } = yield* StandardStreams;
      const { served, port, failure } = yield* startServing(config);
      const host = config.host.includes(":") ? `[${config.host}]` : config.host;
      yield* report(`serving "${served.name}" at http://${host}:${port}/v1`);
      return yield* failure;
    })).pipe(Effect.provide(layerPolicy(config))),
});
