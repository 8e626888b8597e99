/**
 * The two sources of an evaluation's responses: this project's engine with a model on this machine, and a server with the OpenAI
 * completions API. Both draw exactly the responses asked for and pass on each one as soon as it is there.
 */
import { Effect, Layer, Result, Stream } from "effect";
import { join } from "node:path";
import { tasks } from "../../data/mod.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { openCheckpoint } from "../models/checkpoint.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { keysIn } from "../models/model_config.ts";
import { parseObject } from "../files/json.ts";
import { readText } from "../files/text_file.ts";
import { weightsDigest } from "../files/weights_digest.ts";
import { Policy } from "../models/policy.ts";
import { withKnownTokens } from "../models/known_tokens.ts";
import { recordedAs } from "../settings/padded_vocabulary.ts";
import { openTokenizer } from "../models/tokenizer.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { fromEnvironment, resolveModel } from "../files/hub.ts";
import { cluster, device, passes } from "../settings/groups.ts";
import { flagOf, keysOf, type Settings } from "../settings/settings.ts";
import { askedOf, type PromptSettings, promptsOf, tokenized, withTemplate } from "../stages/prompt.ts";
import { fault, type SampleSettings, type Wanted } from "../stages/sample_rollouts.ts";
import { tokenLimit } from "../stages/token_limit.ts";
import { verify } from "../stages/verify.ts";
import type * as Client from "./client.ts";
import { makeClient } from "./client.ts";
import { completionsUrl, type Question } from "./completion.ts";
import { drawGraded, type Graded, gradedOf } from "./graded.ts";
import * as Remote from "./remote.ts";

/** Responses to draw: how they are sampled, which of them are missing, and what keeps them. */
export interface Asked {
  readonly sampling: Pick<SampleSettings, "responses" | "temperature" | "topP" | "topK">;
  readonly wanted: Wanted;
  readonly keep: (graded: ReadonlyArray<Graded>) => Effect.Effect<void, Failure>;
}

/** A source of responses. */
export interface Engine {
  /** The model's name in tables. */
  readonly label: string;
  readonly prompts: ReadonlyArray<Question>;
  /** The SHA-256 of the weights, if they are on this machine. */
  readonly weights: Effect.Effect<string | undefined, Failure>;
  /** Settings that the responses depend on and the engine decides. */
  readonly recorded?: Partial<Pick<Settings, "paddedVocabulary" | "template">>;
  /** The tokens that end a response, if the model is on this machine. */
  readonly stopTokens?: ReadonlyArray<number>;
  /** Draws what is asked for, one after the other, and passes it to its `keep`. `finished` gets the number of newly drawn ones, possibly before they can be kept. */
  readonly draw: (
    asked: ReadonlyArray<Asked>,
    finished: (count: number) => Effect.Effect<void>,
    /** Called when the device is open, before anything is drawn. */
    opened: (info: DeviceInfo) => Effect.Effect<void, Failure>,
  ) => Effect.Effect<void, Failure>;
}

/** The settings of both sources. */
export type EngineSettings =
  & PromptSettings
  & Omit<SampleSettings, "step">
  & Omit<Client.ServerSettings, "servedModel">
  & Pick<
    Settings,
    | "model"
    | "endpoint"
    | "servedModel"
    | "concurrency"
    | "requestResponses"
    | "ahead"
    | "cluster"
    | "store"
    | "storePort"
    | "block"
    | "extract"
    | keyof typeof passes
    | keyof typeof device
  >;

const refuse = (message: string) => new UsageError({ message: `Cannot run "evaluate": ${message}` });

/** The engine that the settings name, with the prompts in its form. */
export const openEngine = Effect.fn("Engine.open")(function* (
  settings: EngineSettings,
): Effect.fn.Return<Engine, Failure> {
  const { model, endpoint, servedModel } = settings;
  if (endpoint === undefined) {
    if (servedModel !== undefined) return yield* refuse("--served-model is a server's, and --endpoint is missing");
    if (model === undefined) {
      return yield* refuse("--model DIR is missing, or --endpoint URL with --served-model NAME for a server");
    }
    return yield* local({ ...settings, model });
  }
  if (servedModel === undefined) return yield* refuse("--served-model is missing: the model's name on the server");
  const own = keysOf({ ...passes, ...device, ...cluster }).find((key) => settings[key] !== undefined);
  if (own !== undefined) return yield* refuse(`--${flagOf(own)} is this engine's, and a server (--endpoint) answers`);
  const url = completionsUrl(endpoint);
  if (Result.isFailure(url)) return yield* refuse(url.failure);
  return yield* server({ ...settings, servedModel }, url.success);
});

const local = Effect.fnUntraced(function* (settings: EngineSettings & { readonly model: string }) {
  const dir = yield* resolveModel(settings.model);
  const { config } = yield* openCheckpoint(dir);
  const templated = yield* withTemplate(settings, dir);
  const prompts = yield* promptsOf(templated, dir);
  const bad = prompts.map((prompt) => fault(prompt, config)).find((found) => found !== undefined);
  if (bad !== undefined) return yield* new UsageError({ message: bad });
  const drawing: Engine["draw"] = (asked, finished, opened) =>
    Effect.gen(function* () {
      const policy = yield* Policy;
      yield* opened(policy.info);
      for (const { sampling, wanted, keep } of asked) {
        const request = { model: settings.model, prompts, settings: { ...settings, ...sampling, step: 0 } };
        yield* Stream.runForEachArray(drawGraded({ ...request, finished, wanted }, settings), keep);
      }
    }).pipe(Effect.provide(Layer.provideMerge(layerJobs(settings), layerPolicy(settings))));
  const { knownTokens } = yield* withKnownTokens(dir, config, settings.paddedVocabulary);
  const paddedVocabulary = recordedAs(knownTokens, settings.paddedVocabulary);
  const recorded = { ...(paddedVocabulary && { paddedVocabulary }), template: templated.template };
  const engine: Engine = {
    label: settings.model,
    prompts,
    weights: weightsDigest(dir),
    stopTokens: [...config.stopTokens],
    recorded,
    draw: drawing,
  };
  return engine;
});

const server = Effect.fnUntraced(function* (settings: EngineSettings & { readonly servedModel: string }, url: string) {
  const { model, servedModel } = settings;
  const dir = model === undefined ? undefined : yield* resolveModel(model, fromEnvironment(), "tokenizer");
  const tokenizer = dir === undefined ? undefined : yield* openTokenizer(dir);
  const context = dir === undefined ? undefined : yield* contextOf(dir);
  const templated = yield* withTemplate(settings, dir);
  const asked = yield* askedOf(templated, dir);
  const prompts: ReadonlyArray<Question> = tokenizer === undefined
    ? asked
    : yield* Effect.forEach(asked, (prompt) => tokenized(tokenizer, prompt));
  // A server refuses a request if prompt and longest response exceed its context.
  const most = tokenLimit(settings.task, settings.maxTokens);
  const maxTokens = ({ promptTokens }: Question): number =>
    promptTokens === undefined || context === undefined ? most : Math.min(most, context - promptTokens.length);
  const long = prompts.find((prompt) => maxTokens(prompt) < 1);
  if (long !== undefined) {
    const message =
      `Cannot sample for problem "${long.problemId}": its prompt has ${long.promptTokens?.length} tokens, the model's context is ${context}`;
    return yield* new UsageError({ message });
  }
  const apiKey = Deno.env.get("OPENAI_API_KEY") || undefined;
  const graded = (rollout: Remote.RemoteRollout) => gradedOf(verify(rollout, tasks[rollout.task], settings.extract));
  const engine: Engine = {
    label: servedModel,
    prompts,
    weights: Effect.succeed(undefined),
    recorded: { template: templated.template },
    draw: (asked, finished) =>
      Effect.forEach(asked, ({ sampling, wanted, keep }) => {
        const own = { ...settings, ...sampling };
        return Remote.draw(
          makeClient(url, own, apiKey),
          { prompts, maxTokens, wanted },
          own,
          (drawn) => Effect.andThen(keep(drawn.map(graded)), finished(drawn.length)),
        );
      }, { discard: true }),
  };
  return engine;
});

/** The longest sequence that a model's `config.json` allows, if it names one. */
const contextOf = (dir: string) =>
  Effect.map(readText(join(dir, "config.json")), (text) => {
    const parsed = parseObject("config.json", text ?? "{}");
    const most = parsed.ok ? parsed.object[keysIn(parsed.object).context] : undefined;
    return Number.isSafeInteger(most) ? Number(most) : undefined;
  });
