/**
 * Draws a step's rollouts at servers. Before each step every server reads the policy's weights from a directory that is written for it. Prompt i of
 * the step goes to server i modulo the number of servers, all its responses in one request if the server takes so many; with servers of
 * this project that changes no byte, since a response depends on its names alone.
 */
import { Effect, Result, Stream } from "effect";
import { join, resolve } from "node:path";
import { writeModelDirectory } from "../models/checkpoint.ts";
import { fileTensors, type Model } from "../models/model.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type * as Records from "../records/schema.ts";
import { responseLimit } from "../stages/sample_rollouts.ts";
import type { AskedResponses, Asking, Dialect, DrawnResponse, Weights } from "./dialect.ts";
import { askServer, type RolloutServer, unusable } from "./rollout_client.ts";
import type { DrawRollouts, StepSampling } from "./rollout_source.ts";

/** Servers, what they speak, and the folder where the weights for them are left. */
export interface Servers {
  readonly servers: ReadonlyArray<RolloutServer>;
  readonly dialect: Dialect;
  readonly folder: string;
  /** The directory that tokenizer and generation files are copied from. */
  readonly sourceDir: string;
  readonly tokenizer: Tokenizer;
}

/** The most requests to one server at a time. */
const requestsInFlight = 32;

/** The directory in the folder of weights. */
const current = "current";

/** Leaves the policy's weights in the folder, and has every server read them. */
const refit = Effect.fnUntraced(function* ({ servers, dialect, folder, sourceDir }: Servers, policy: Model) {
  const dir = resolve(join(folder, current));
  const tensors = fileTensors(policy.encoder, policy.parameters);
  const { sha256 } = yield* writeModelDirectory(dir, { config: policy.config, sourceDir, tensors });
  const weights: Weights = { dir, name: current, sha256 };
  const reload = Effect.fnUntraced(function* (server: RolloutServer) {
    for (const { request, fault } of dialect.refits(weights)) {
      const problem = fault(yield* askServer(server, request));
      if (problem !== undefined) return yield* unusable(server, request, problem);
    }
  });
  yield* Effect.forEach(servers, reload, { concurrency: "unbounded", discard: true });
  return weights;
});

/** What a server calls its model; fails where its log-probs are not those of the request. */
const introduced = Effect.fnUntraced(function* ({ about }: Dialect, server: RolloutServer, settings: StepSampling) {
  if (about === undefined) return "";
  const { model, fault } = about;
  const name = model.read(yield* askServer(server, model.request));
  if (Result.isFailure(name)) return yield* unusable(server, model.request, name.failure);
  // At temperature 1 there is nothing to ask.
  const problem = settings.temperature === 1
    ? undefined
    : fault.read(yield* askServer(server, fault.request), settings);
  return problem === undefined ? name.success : yield* unusable(server, fault.request, problem);
});

/** A request of a step: what it asks for, of which prompt and which server. */
interface Part extends AskedResponses {
  readonly prompt: Records.Prompt;
  readonly server: number;
}

const partsOf = (
  prompts: ReadonlyArray<Records.Prompt>,
  { responses, maxTokens }: StepSampling,
  { servers, dialect }: Servers,
  policy: Model,
): ReadonlyArray<Part> => {
  const drawn = new Map<string, number>();
  return prompts.flatMap((prompt, i) => {
    // A repeated problem continues the count, as in `sample`.
    const start = drawn.get(prompt.problemId) ?? 0;
    drawn.set(prompt.problemId, start + responses);
    return Array.from({ length: Math.ceil(responses / dialect.most) }, (_, part) => ({
      prompt,
      first: start + part * dialect.most,
      count: Math.min(dialect.most, responses - part * dialect.most),
      maxTokens: responseLimit(prompt, policy.config, maxTokens),
      server: i % servers.length,
    }));
  });
};

/** What is wrong with the responses of a reply. */
const faultOf = (given: ReadonlyArray<DrawnResponse>, { count, maxTokens }: AskedResponses, { stopTokens }: Asking) => {
  if (given.length !== count) return `expected ${count} responses, found ${given.length}`;
  for (const [i, { tokens, finish }] of given.entries()) {
    if (tokens.length > maxTokens) {
      return `response ${i}: expected at most ${maxTokens} tokens, found ${tokens.length}`;
    }
    const last = tokens[tokens.length - 1];
    if (finish === "stop" && !stopTokens.includes(last)) {
      return `response ${i}: it ends with token ${last}, expected one of ${
        stopTokens.join(", ")
      }, as generation_config.json names them`;
    }
  }
  return undefined;
};

/** The records of a reply. */
const recordsOf = (
  given: ReadonlyArray<DrawnResponse>,
  { prompt, first }: Part,
  { seed, temperature }: StepSampling,
  tokenizer: Tokenizer,
): ReadonlyArray<Records.Rollout> =>
  given.map(({ tokens, logProbs, finish }, i) => ({
    ...prompt,
    sampleIndex: first + i,
    seed,
    temperature,
    responseText: tokenizer.decode(finish === "stop" ? tokens.subarray(0, -1) : tokens),
    responseTokens: tokens,
    logProbs,
    // The policy's, which the source of rollouts computes.
    entropy: new Float32Array(tokens.length),
    finish,
  }));

/** Draws at servers. */
export const drawnAt =
  (world: Servers): DrawRollouts => ({ model: policy }, prompts, settings, finished = () => Effect.void) =>
    Stream.unwrap(Effect.gen(function* () {
      const { servers, dialect, tokenizer } = world;
      const weights = yield* refit(world, policy);
      const names = yield* Effect.forEach(servers, (server) => introduced(dialect, server, settings));
      const stopTokens = [...policy.config.stopTokens];
      const drawPart = Effect.fnUntraced(function* (part: Part) {
        const server = servers[part.server];
        const asking = { ...settings, stopTokens, model: names[part.server] };
        const request = dialect.request(part, asking);
        const read = dialect.read(yield* askServer(server, request), weights);
        const fault = Result.isFailure(read) ? read.failure : faultOf(read.success, part, asking);
        if (fault !== undefined) return yield* unusable(server, request, fault);
        yield* finished(part.count);
        return recordsOf(Result.getOrElse(read, () => []), part, settings, tokenizer);
      });
      const concurrency = requestsInFlight * servers.length;
      return Stream.fromIterable(partsOf(prompts, settings, world, policy)).pipe(
        Stream.mapEffect(drawPart, { concurrency }),
        Stream.flatMap((records) => Stream.fromIterable(records)),
      );
    }));
