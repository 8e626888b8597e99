/**
 * Sampling as work that can be done elsewhere: a block of prompts, the settings that its responses depend on, and the hash of the model. A rollout
 * depends on its names alone, so a block needs nothing of the others but how many responses earlier prompts of the same problem have.
 */
import { Effect, Result, Stream, Struct } from "effect";
import * as Schema from "@effect/schema";
import { type InputBlock, Jobs, type MakeRunner, type StageWork, type Weights } from "../cluster/jobs.ts";
import { type Model, releaseModel } from "../models/model.ts";
import { Policy } from "../models/policy.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import { decodeRecord, encode } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import type { Failure } from "../settings/command.ts";
import { passes, sampling, schedule } from "../settings/groups.ts";
import { groupValues } from "../settings/setting.ts";
import type { Settings } from "../settings/settings.ts";
import { rollouts, type Sampled, type SampleSettings, type Wanted } from "./sample_rollouts.ts";
import * as Stage from "./stage.ts";

/** What the responses of a block depend on. */
const decisive = { ...sampling, ...Struct.pick(schedule, ["step"]), ...passes };

/** The settings of a request. */
export type RequestSettings = SampleSettings & Pick<Settings, keyof typeof passes> & Partial<Pick<Settings, "block">>;

/** Responses to draw. */
export interface Drawing<A extends Sampled> {
  readonly prompts: ReadonlyArray<A>;
  readonly settings: RequestSettings;
  readonly finished?: (count: number) => Effect.Effect<void>;
  readonly wanted?: Wanted;
}

/** Responses to draw with the model of a directory. */
export interface SampleRequest<A extends Sampled> extends Drawing<A> {
  readonly model: string;
}

/** What a response adds to its prompt. */
type Response = Omit<Records.Rollout, keyof Records.Prompt>;

const responseFields = [
  "sampleIndex",
  "seed",
  "temperature",
  "responseText",
  "responseTokens",
  "logProbs",
  "entropy",
  "finish",
] as const satisfies ReadonlyArray<keyof Response>;

const fail = (message: string) => new Stage.StageError({ stage: "sample", message });

/** A block and its prompts. */
interface Cut<A> extends InputBlock {
  readonly prompts: ReadonlyArray<A>;
}

/** The blocks of `size` prompts with a wanted response. */
const cut = <A extends Sampled>(
  prompts: ReadonlyArray<A>,
  { block: size = 16, responses }: RequestSettings,
  wanted: Wanted,
): ReadonlyArray<Cut<A>> => {
  const drawn = new Map<string, number>();
  const blocks: Cut<A>[] = [];
  for (let at = 0; at < prompts.length; at += size) {
    const some = prompts.slice(at, at + size);
    const before = Object.fromEntries(
      some.flatMap(({ problemId }) => drawn.has(problemId) ? [[problemId, drawn.get(problemId) ?? 0]] : []),
    );
    let isWanted = false;
    for (const { problemId } of some) {
      const first = drawn.get(problemId) ?? 0;
      drawn.set(problemId, first + responses);
      for (let i = 0; i < responses && !isWanted; i++) isWanted = wanted(problemId, first + i);
    }
    const text = some.map(({ problemId, task, promptTokens }) => `${encode({ problemId, task, promptTokens })}\n`).join(
      "",
    );
    if (isWanted) blocks.push({ prompts: some, text, ...Object.keys(before).length > 0 && { settings: { before } } });
  }
  return blocks;
};

const linesOf = <A>(
  noun: Records.RecordSchema<A>,
  needs: ReadonlyArray<keyof A & string>,
  text: string,
  source: string,
): Result.Result<ReadonlyArray<A>, Failure> =>
  Result.all(text.split("\n").slice(0, -1).map((line, i) => decodeRecord(noun, needs, line, { source, line: i + 1 })));

/** The request as work, done `here` in this process. */
const workOf = <A extends Sampled, R>(
  { prompts, settings, finished = () => Effect.void, wanted = () => true }: Drawing<A>,
  source: Pick<StageWork<never, never, never>, "model" | "weights">,
  here: Stream.Stream<A & Response, Failure, R>,
): StageWork<A & Response, Failure, R> => {
  const given = Object.entries(Struct.pick(settings, Struct.keys(decisive))).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const]
  );
  let made: ReadonlyArray<Cut<A>> | undefined;
  const cuts = () => made ??= cut(prompts, settings, wanted);
  return {
    stage: "sample",
    settings: Object.fromEntries(given),
    ...source,
    get blocks() {
      return cuts();
    },
    here,
    decode: Effect.fnUntraced(function* (text, block) {
      const { prompts } = cuts()[block];
      const records = yield* Effect.fromResult(
        linesOf(Records.Rollout, responseFields, text, `sample, block ${block + 1}`),
      );
      const expected = prompts.length * settings.responses;
      if (records.length !== expected) {
        return yield* fail(
          `Cannot read block ${block + 1} of the responses: expected ${expected}, found ${records.length}`,
        );
      }
      const drawn = records.map((record, i): A & Response => ({
        ...prompts[Math.floor(i / settings.responses)],
        ...Struct.pick(record, responseFields),
      }));
      const asked = drawn.filter(({ problemId, sampleIndex }) => wanted(problemId, sampleIndex));
      yield* finished(asked.length);
      return asked;
    }),
  };
};

/** The request as work. */
export const sampleWork = <A extends Sampled>(request: SampleRequest<A>): StageWork<A & Response, Failure, Policy> => {
  const { model, prompts, settings, finished, wanted } = request;
  const { storage, activations, paddedVocabulary } = settings;
  const here = Effect.gen(function* () {
    const policy = yield* Policy;
    const loaded = yield* policy.load(model, "policy", { storage, activations, paddedVocabulary });
    const tokenizer = yield* policy.tokenizer(model);
    return rollouts(loaded.model, tokenizer, prompts, settings, finished, wanted).pipe(
      Stream.ensuring(Effect.sync(() => releaseModel(loaded.model))),
    );
  });
  return workOf(request, { model }, Stream.unwrap(here));
};

/** Draws responses, in this process or in the cluster, in order. */
export const drawRollouts = <A extends Sampled>(
  request: SampleRequest<A>,
): Stream.Stream<A & Response, Failure, Policy> =>
  Stream.unwrap(Effect.map(Jobs, (jobs) => jobs.run(sampleWork(request))));

/** Draws responses with weights that are on the device, in this process or in the cluster, in order. */
export const drawRolloutsWith = <A extends Sampled>(
  { weights, tokenizer }: { readonly weights: Weights; readonly tokenizer: Tokenizer },
  request: Drawing<A>,
): Stream.Stream<A & Response, Failure> => {
  const { prompts, settings, finished, wanted } = request;
  const here = rollouts(weights.model, tokenizer, prompts, settings, finished, wanted);
  return Stream.unwrap(Effect.map(Jobs, (jobs) => jobs.run(workOf(request, { weights }, here))));
};

const decodeBefore = Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.Int));

/** The runner of blocks in a worker; it keeps the model of its last block, which is most often that of the next one. */
export const makeSampleRunner = (memory: Pick<Settings, "batch" | "cache">): MakeRunner =>
  Effect.gen(function* () {
    const policy = yield* Policy;
    let held: { readonly key: string; readonly loaded: Effect.Success<ReturnType<typeof policy.load>> } | undefined;
    return Effect.fnUntraced(function* ({ settings: given, text, model: dir, weights }) {
      if (dir === undefined) return yield* fail("Cannot sample: the job names no model");
      const { before: counts = {}, ...rest } = given;
      const settings = yield* Effect.mapError(Effect.fromResult(groupValues(decisive, rest)), fail);
      const before = yield* Effect.mapError(decodeBefore(counts), () => fail("Cannot sample: bad counts of responses"));
      const prompts = yield* Effect.fromResult(
        linesOf(Records.Prompt, ["problemId", "promptTokens"], text, "the job's block"),
      );
      const tokenizer = yield* policy.tokenizer(dir);
      const textWith = Effect.fnUntraced(function* (model: Model) {
        const drawn = rollouts(model, tokenizer, prompts, { ...settings, ...memory, before });
        const lines = Stream.map(
          drawn,
          (record) => `${encode(Struct.pick(record, ["problemId", ...responseFields]))}\n`,
        );
        return (yield* Stream.runCollect(lines)).join("");
      });
      if (weights !== undefined) return yield* textWith(weights);
      const { storage, activations, paddedVocabulary } = settings;
      const key = JSON.stringify([dir, storage, activations, paddedVocabulary]);
      if (held !== undefined && held.key !== key) {
        releaseModel(held.loaded.model);
        held = undefined;
      }
      held ??= { key, loaded: yield* policy.load(dir, "policy", { storage, activations, paddedVocabulary }) };
      return yield* textWith(held.loaded.model);
    });
  });
