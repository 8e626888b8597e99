/**
 * What programs that serve models call the same things: how they are asked for responses to token ids with log-probs, and how they are told to
 * read new weights. A reply that does not hold what was asked for is an error that names the field.
 */
import { Result } from "effect";
import { isObject, type Json, jsonExcerpt } from "../files/json.ts";
import type * as Records from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import type { RolloutRequest } from "./rollout_client.ts";

/** Responses to ask for: `count` to one prompt, from sample index `first` on. */
export interface AskedResponses {
  readonly prompt: Pick<Records.Prompt, "problemId" | "promptTokens">;
  readonly first: number;
  readonly count: number;
  readonly maxTokens: number;
}

/** What every request of a step says. */
export type Asking = Pick<Settings, "temperature" | "topP" | "topK" | "seed" | "step"> & {
  readonly stopTokens: ReadonlyArray<number>;
  /** What the server calls its model. */
  readonly model: string;
};

/** A response of a reply. */
export interface DrawnResponse {
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly finish: "stop" | "length";
}

/** Weights that a server is to read. */
export interface Weights {
  /** The directory by its whole path, and its name in the folder of updates. */
  readonly dir: string;
  readonly name: string;
  /** SHA-256 of the weights. */
  readonly sha256: string;
}

/** A dialect. */
export interface Dialect {
  /** The most responses of a request. */
  readonly most: number;
  readonly request: (wanted: AskedResponses, asking: Asking) => RolloutRequest;
  readonly read: (reply: Json, weights: Weights) => Result.Result<ReadonlyArray<DrawnResponse>, string>;
  /** Requests that replace the weights, in order, each with what is wrong with its answer, if anything. */
  readonly refits: (weights: Weights) => ReadonlyArray<
    { readonly request: RolloutRequest; readonly fault: (reply: Json) => string | undefined }
  >;
  /** What a server says of itself, if it must be asked: the name of its model, and what is wrong with it. */
  readonly about?: {
    readonly model: { readonly request: RolloutRequest; readonly read: (reply: Json) => Result.Result<string, string> };
    readonly fault: {
      readonly request: RolloutRequest;
      readonly read: (reply: Json, asking: Pick<Asking, "temperature">) => string | undefined;
    };
  };
}

/** The fields that vLLM and SGLang call alike and that shape a distribution, each said so that a server's own defaults change nothing. */
export const unshaped = {
  top_p: 1,
  top_k: -1,
  min_p: 0,
  repetition_penalty: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
} as const;

const isId = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0;

const isLogProb = (value: unknown): value is number => typeof value === "number" && Number.isFinite(Math.fround(value));

/** The list of a field, each entry checked. */
const listOf = <A>(value: unknown, is: (one: unknown) => one is A): ReadonlyArray<A> | undefined =>
  Array.isArray(value) && value.every(is) ? value : undefined;

/** A response from its fields; `field` says where they stand. */
export const givenOf = (
  field: string,
  { tokens, logProbs, finish }: { readonly tokens: unknown; readonly logProbs: unknown; readonly finish: unknown },
): Result.Result<DrawnResponse, string> => {
  const ids = listOf(tokens, isId);
  if (ids === undefined || ids.length === 0) {
    return Result.fail(`${field}: expected token ids, found ${jsonExcerpt(tokens)}`);
  }
  const listed = listOf(logProbs, isLogProb);
  if (listed?.length !== ids.length) {
    return Result.fail(`${field}: expected ${ids.length} log-probs, found ${jsonExcerpt(logProbs)}`);
  }
  if (finish !== "stop" && finish !== "length") {
    return Result.fail(`${field}: expected the end "stop" or "length", found ${jsonExcerpt(finish)}`);
  }
  return Result.succeed({ tokens: Int32Array.from(ids), logProbs: Float32Array.from(listed), finish });
};

/** The choices of an OpenAI reply in the order of their index. */
export const choicesOf = (reply: Json): ReadonlyArray<Json> =>
  (listOf(reply.choices, isObject) ?? []).toSorted((one, other) => Number(one.index) - Number(other.index));
