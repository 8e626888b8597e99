/**
 * Rollouts that a server draws. The missing responses alone decide which of them are in one request, and the request's seed. A record
 * always has `responseText` and `finish`. It has `finishReason` if the server ended the response for another reason (`content_filter`,
 * `repetition`, null), `promptTokens` if a tokenizer is available, and `responseTokens` if the server lists them, else `responseLength` if
 * it counts them. A server's log-probs do not meet the contract of `logProbs` (of the softmax at the sampling temperature, equal to the
 * trainer's bit for bit), so they are `serverLogProbs`; `score` computes `logProbs` and `entropy`.
 */
import { Effect, Exit, Semaphore } from "effect";
import type { Failure } from "../settings/command.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Settings } from "../settings/settings.ts";
import type { Wanted } from "../stages/sample_rollouts.ts";
import type { Client } from "./client.ts";
import type { CompletionChoice, Job, Question } from "./completion.ts";

/** A response from a server. */
export type RemoteRollout = Question & {
  readonly sampleIndex: number;
  readonly seed: number;
  readonly temperature: number;
  readonly responseText: string;
  readonly responseTokens?: Int32Array;
  readonly finish: "stop" | "length";
  readonly finishReason?: string | null;
  readonly responseLength?: number;
  readonly serverLogProbs?: Float32Array;
};

/** The prompts and the number of responses that each needs; `maxTokens` is the longest response to a prompt. */
export interface Plan {
  readonly prompts: ReadonlyArray<Question>;
  readonly maxTokens: (prompt: Question) => number;
  readonly wanted: Wanted;
}

type RemoteSettings = Pick<Settings, "responses" | "requestResponses" | "concurrency" | "seed" | "temperature">;

const jobsOf = ({ prompts, maxTokens, wanted }: Plan, settings: RemoteSettings): Job[] =>
  prompts.flatMap((prompt) => {
    const missing = Array.from({ length: settings.responses }, (_, i) => i).filter((i) => wanted(prompt.problemId, i));
    return cut(missing, settings.requestResponses).map((indices) => ({
      prompt,
      indices,
      maxTokens: maxTokens(prompt),
    }));
  });

const cut = (list: ReadonlyArray<number>, size: number): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

const rolloutOf = (
  { text, finish, finishReason, tokens, logProbs, length }: CompletionChoice,
  { prompt, indices }: Job,
  at: number,
  { seed, temperature }: RemoteSettings,
): RemoteRollout => ({
  ...prompt,
  sampleIndex: indices[at],
  seed,
  temperature,
  responseText: text,
  ...(tokens !== undefined && { responseTokens: tokens }),
  finish,
  ...(finishReason !== undefined && { finishReason }),
  ...(length !== undefined && { responseLength: length }),
  ...(logProbs !== undefined && { serverLogProbs: logProbs }),
});

/** Whether a server seems to have drawn a single response for a whole request, which would make every Pass@k wrong. */
const alike = (choices: ReadonlyArray<CompletionChoice>, { temperature }: RemoteSettings): boolean =>
  temperature > 0 && choices.length > 1 && choices[0].text.length > 200 &&
  choices.every(({ text }) => text === choices[0].text);

/**
 * Requests everything that is missing. `keep` gets the responses of each reply as they come, one reply at a time, and is never interrupted.
 * After a final failure no new request starts; those in flight are still kept, and then the failure is returned.
 */
export const draw = Effect.fn("Remote.draw")(function* (
  client: Client,
  plan: Plan,
  settings: RemoteSettings,
  keep: (rollouts: ReadonlyArray<RemoteRollout>) => Effect.Effect<void, Failure>,
): Effect.fn.Return<void, Failure> {
  const { report } = yield* StandardStreams;
  const one = yield* Semaphore.make(1);
  let failed = false;
  let warned = false;
  const work = (job: Job): Effect.Effect<void, Failure> =>
    Effect.gen(function* () {
      const choices = yield* client.ask(job);
      if (!warned && alike(choices, settings)) {
        warned = true;
        yield* report(
          `all ${choices.length} responses to "${job.prompt.problemId}" are alike: if the server draws them from one seed, ` +
            "ask with --request-responses 1",
        );
      }
      const rollouts = choices.map((choice, at) => rolloutOf(choice, job, at, settings));
      yield* one.withPermit(Effect.uninterruptible(keep(rollouts)));
      // Some servers return one response whatever number is requested.
      const rest = job.indices.slice(choices.length);
      if (rest.length > 0 && !failed) yield* work({ ...job, indices: rest });
    });
  const exits = yield* Effect.forEach(
    jobsOf(plan, settings),
    (job) =>
      failed ? Effect.succeed(Exit.void) : Effect.tap(Effect.exit(work(job)), (exit) =>
        Effect.sync(() => {
          failed ||= Exit.isFailure(exit);
        })),
    { concurrency: settings.concurrency },
  );
  const failure = exits.find(Exit.isFailure);
  if (failure !== undefined) return yield* failure;
});
