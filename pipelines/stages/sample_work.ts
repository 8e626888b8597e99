/**
 * Sampling as work that can be done elsewhere: a block of prompts, the settings that its responses depend on, and the hash of the model. A rollout
 * depends on its names alone, so a block needs nothing of the others but how many responses earlier prompts of the same problem have.
 */
import { Effect, Result, Stream, Struct } from "effect";
import type { Json } from "@effect/schema";
import * as Schema from "@effect/schema";
import { type InputBlock, Jobs, type MakeRunner, type StageWork, type Weights } from "../cluster/jobs.ts";
import { type Model, releaseModel } from "../models/model.ts";
import { Policy } from "../models/policy.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import { decodeRecord, encode, type SourcePlace } from "../records/record.ts";
import * as Records from "../records/schema.ts";
import { toText } from "../records/text.ts";
import type { Failure } from "../settings/command.ts";
import { passes, sampling, schedule } from "../settings/groups.ts";
import { type Group, groupValues, type SettingValues } from "../settings/setting.ts";
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

/** A record by its names. */
type Named = Pick<Records.Rollout, "problemId" | "sampleIndex">;

/** How the prompts and the responses of a stage that draws travel between the command and its workers. */
export interface Form<A, B> {
  readonly stage: string;
  /** What a result depends on besides the settings of sampling. */
  readonly settings: Readonly<Record<string, Json>>;
  /** What a worker needs of a prompt. */
  readonly sent: (prompt: A) => object;
  /** A response from a line of a result. */
  readonly received: (line: string, place: SourcePlace, prompt: A) => Result.Result<B, Failure>;
}

/** A block and its prompts. */
interface Cut<A> extends InputBlock {
  readonly prompts: ReadonlyArray<A>;
}

/** The blocks of `size` prompts with a wanted response. */
const cut = <A extends Sampled>(
  prompts: ReadonlyArray<A>,
  { block: size = 16, responses }: RequestSettings,
  wanted: Wanted,
  sent: (prompt: A) => object,
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
    const text = toText(some.map(sent));
    if (isWanted) blocks.push({ prompts: some, text, ...Object.keys(before).length > 0 && { settings: { before } } });
  }
  return blocks;
};

/** What a stage reads from each line of a text. */
const linesOf = <A>(
  text: string,
  source: string,
  read: (line: string, place: SourcePlace, index: number) => Result.Result<A, Failure>,
): Result.Result<ReadonlyArray<A>, Failure> =>
  Result.all(text.split("\n").slice(0, -1).map((line, i) => read(line, { source, line: i + 1 }, i)));

/** The request as work, done `here` in this process. */
export const drawingWork = <A extends Sampled, B extends Named, R>(
  { prompts, settings, finished = () => Effect.void, wanted = () => true }: Drawing<A>,
  form: Form<A, B>,
  source: Pick<StageWork<never, never, never>, "model" | "weights">,
  here: Stream.Stream<B, Failure, R>,
): StageWork<B, Failure, R> => {
  const given = Object.entries(Struct.pick(settings, Struct.keys(decisive))).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const]
  );
  let made: ReadonlyArray<Cut<A>> | undefined;
  const cuts = () => made ??= cut(prompts, settings, wanted, form.sent);
  return {
    stage: form.stage,
    settings: { ...Object.fromEntries(given), ...form.settings },
    ...source,
    get blocks() {
      return cuts();
    },
    here,
    decode: Effect.fnUntraced(function* (text, block) {
      const { prompts } = cuts()[block];
      const drawn = yield* Effect.fromResult(
        linesOf(
          text,
          `${form.stage}, block ${block + 1}`,
          (line, place, i) => form.received(line, place, prompts[Math.floor(i / settings.responses)]),
        ),
      );
      const expected = prompts.length * settings.responses;
      if (drawn.length !== expected) {
        return yield* fail(
          `Cannot read block ${block + 1} of the responses: expected ${expected}, found ${drawn.length}`,
        );
      }
      const asked = drawn.filter(({ problemId, sampleIndex }) => wanted(problemId, sampleIndex));
      yield* finished(asked.length);
      return asked;
    }),
  };
};

/** A worker draws from the tokens alone and gives what a response adds. */
const sampleForm = <A extends Sampled>(): Form<A, A & Response> => ({
  stage: "sample",
  settings: {},
  sent: ({ problemId, task, promptTokens }) => ({ problemId, task, promptTokens }),
  received: (line, place, prompt) =>
    Result.map(decodeRecord(Records.Rollout, responseFields, line, place), (record) => ({
      ...prompt,
      ...Struct.pick(record, responseFields),
    })),
});

/** The rollouts of a request, drawn with the model of its directory in this process. */
export const rolloutsHere = <A extends Sampled>(
  { model, prompts, settings, finished, wanted }: SampleRequest<A>,
): Stream.Stream<A & Response, Failure, Policy> =>
  Stream.unwrap(Effect.gen(function* () {
    const { storage, activations, paddedVocabulary } = settings;
    const policy = yield* Policy;
    const loaded = yield* policy.load(model, "policy", { storage, activations, paddedVocabulary });
    const tokenizer = yield* policy.tokenizer(model);
    return rollouts(loaded.model, tokenizer, prompts, settings, finished, wanted).pipe(
      Stream.ensuring(Effect.sync(() => releaseModel(loaded.model))),
    );
  }));

/** Draws responses, in this process or in the cluster, in order. */
export const drawRollouts = <A extends Sampled>(
  request: SampleRequest<A>,
): Stream.Stream<A & Response, Failure, Policy> =>
  Stream.unwrap(Effect.map(Jobs, (jobs) => {
    const { model } = request;
    return jobs.run(drawingWork(request, sampleForm<A>(), { model }, rolloutsHere(request)));
  }));

/** Draws responses with weights that are on the device, in this process or in the cluster, in order. */
export const drawRolloutsWith = <A extends Sampled>(
  { weights, tokenizer }: { readonly weights: Weights; readonly tokenizer: Tokenizer },
  request: Drawing<A>,
): Stream.Stream<A & Response, Failure> => {
  const { prompts, settings, finished, wanted } = request;
  const here = rollouts(weights.model, tokenizer, prompts, settings, finished, wanted);
  return Stream.unwrap(Effect.map(Jobs, (jobs) => jobs.run(drawingWork(request, sampleForm<A>(), { weights }, here))));
};

const decodeBefore = Schema.decodeUnknownEffect(Schema.Record(Schema.String, Schema.Int));

/** What a worker's stage reads of a job's prompts, and the line that it gives for a rollout. */
export interface DrawingStage<S extends Group> {
  /** Settings of the job besides those of sampling. */
  readonly settings: S;
  readonly needs: ReadonlyArray<keyof Records.Prompt>;
  readonly line: (rollout: Records.Rollout, settings: SettingValues<S>) => string;
}

/** The runner of blocks in a worker; it keeps the model of its last block, which is most often that of the next one. */
export const makeDrawingRunner = <S extends Group>(
  memory: Pick<Settings, "batch" | "cache">,
  { settings: own, needs, line }: DrawingStage<S>,
): MakeRunner =>
  Effect.gen(function* () {
    const policy = yield* Policy;
    let held: { readonly key: string; readonly loaded: Effect.Success<ReturnType<typeof policy.load>> } | undefined;
    return Effect.fnUntraced(function* ({ settings: given, text, model: dir, weights }) {
      if (dir === undefined) return yield* fail("Cannot sample: the job names no model");
      const { before: counts = {}, ...rest } = given;
      const settings = yield* Effect.mapError(Effect.fromResult(groupValues(decisive, rest)), fail);
      const ownSettings = yield* Effect.mapError(Effect.fromResult(groupValues(own, rest)), fail);
      const before = yield* Effect.mapError(decodeBefore(counts), () => fail("Cannot sample: bad counts of responses"));
      const prompts = yield* Effect.fromResult(
        linesOf(text, "the job's block", (one, place) => decodeRecord(Records.Prompt, needs, one, place)),
      );
      const tokenizer = yield* policy.tokenizer(dir);
      const textWith = Effect.fnUntraced(function* (model: Model) {
        const drawn = rollouts(model, tokenizer, prompts, { ...settings, ...memory, before });
        return (yield* Stream.runCollect(Stream.map(drawn, (one) => `${line(one, ownSettings)}\n`))).join("");
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

/** The runner of blocks of prompts that are sampled. */
export const makeSampleRunner = (memory: Pick<Settings, "batch" | "cache">): MakeRunner =>
  makeDrawingRunner(memory, {
    settings: {},
    needs: ["problemId", "promptTokens"],
    line: (rollout) => encode(Struct.pick(rollout, ["problemId", ...responseFields])),
  });
