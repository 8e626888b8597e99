/** An answer in parts, which the two APIs write in their own forms: as one object, or as events. */
import { Effect, Stream } from "effect";
import type { ApiError } from "./api_error.ts";
import type { Planned } from "./planned.ts";
import { joined, type Piece, responsePieces } from "./response_stream.ts";
import type { Served } from "./served.ts";
import { promptScores, responseScores, type ScoredToken } from "./token_scores.ts";

/** A piece of the response with this index, with its scores where they were asked for. */
export interface AnswerPart {
  readonly index: number;
  readonly piece: Piece;
  readonly scored: ReadonlyArray<ScoredToken> | undefined;
}

/** Alternatives at each token of the response and of the prompt; undefined for no log-probs at all. */
export interface Alternatives {
  readonly response: number | undefined;
  readonly prompt: number | undefined;
}

/** A response that is being drawn, and the scores of a piece of it that follows `earlier` tokens of the response. */
interface Responding {
  readonly pieces: Stream.Stream<Piece, ApiError>;
  readonly partOf: (piece: Piece, earlier: ReadonlyArray<number>) => Effect.Effect<AnswerPart, ApiError>;
}

/** The prompts' scores, and all responses in order. `leave` frees the slots of those that have not ended. */
export interface Answering {
  readonly prompts: ReadonlyArray<ReadonlyArray<ScoredToken> | undefined>;
  readonly responses: ReadonlyArray<Responding>;
  readonly leave: Effect.Effect<void>;
}

/** The tokens of an answer. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** The usage of a request whose responses have so many tokens together. */
export const usageOf = ({ prompts }: Planned, completion_tokens: number): Usage => {
  const prompt_tokens = prompts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
};

/** Starts all responses of a request; refused if they do not fit into the queue. */
export const answer = Effect.fnUntraced(function* (
  { engine, tokenizer, metrics }: Served,
  planned: Planned,
  alternatives: Alternatives,
): Effect.fn.Return<Answering, ApiError> {
  const { prompts, draws, temperature, n, text } = planned;
  const top = alternatives.prompt;
  const drawings = yield* engine.draw(draws, top === undefined ? 0 : prompts.length);
  const leave = Effect.sync(() => drawings.forEach(({ leave }) => leave()));
  const scored = yield* Effect.forEach(
    prompts,
    ({ tokens }) => top === undefined ? Effect.succeed(undefined) : promptScores(engine, tokens, temperature, top),
    { concurrency: "unbounded" },
  ).pipe(Effect.onError(() => leave));
  metrics.prompted(prompts.reduce((sum, { tokens }) => sum + tokens.length, 0));
  const responses = drawings.map((drawing, index): Responding => ({
    pieces: responsePieces(drawing, tokenizer, text),
    partOf: (piece, earlier) => {
      const { response } = alternatives;
      if (response === undefined) return Effect.succeed({ index, piece, scored: undefined });
      const before = [...prompts[Math.floor(index / n)].tokens, ...earlier];
      const scores = responseScores(engine, before, piece, { temperature, top: response });
      return Effect.map(scores, (scored): AnswerPart => ({ index, piece, scored }));
    },
  }));
  return { prompts: scored, responses, leave };
});

/** Waits for every response; if one fails, or nobody waits any more, the others are left. */
export const wholeResponses = ({ responses, leave }: Answering): Effect.Effect<ReadonlyArray<AnswerPart>, ApiError> =>
  Effect.forEach(
    responses,
    ({ pieces, partOf }) => Effect.flatMap(Stream.runCollect(pieces), (all) => partOf(joined(all), [])),
    { concurrency: "unbounded" },
  ).pipe(Effect.ensuring(leave));

/** The parts of all responses as they come; when the stream is left, so are they. */
export const mergedResponses = ({ responses, leave }: Answering): Stream.Stream<AnswerPart, ApiError> => {
  const partsOf = ({ pieces, partOf }: Responding) => {
    const earlier: number[] = [];
    return Stream.mapEffect(pieces, (piece) => {
      const part = partOf(piece, [...earlier]);
      earlier.push(...piece.tokens);
      return part;
    });
  };
  return Stream.mergeAll(responses.map(partsOf), { concurrency: "unbounded" }).pipe(Stream.ensuring(leave));
};
