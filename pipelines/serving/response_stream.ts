/** A response as pieces of text with their tokens, until a stop token, a stop string or the last token that it may have. */
import { Effect, Stream } from "effect";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { Advance } from "../sampling/open_pool.ts";
import type { ApiError } from "./api_error.ts";
import type { Drawing } from "./engine.ts";
import { responseText, type TextOptions } from "./response_text.ts";

/** How a response ended; `stopReason` is the stop string, or the stop token's id (as in vLLM). */
export interface Ending {
  readonly finish: "stop" | "length";
  readonly stopReason: string | number | null;
}

/** A piece of a response; the last one has an ending. The text of a token may come in a later piece. */
export interface Piece {
  readonly text: string;
  readonly tokens: ReadonlyArray<number>;
  readonly logProbs: ReadonlyArray<number>;
  readonly entropy: ReadonlyArray<number>;
  readonly ending: Ending | undefined;
}

/** Tokens beyond the one that completed a stop string are not of the response. */
const firstOf = ({ responseTokens, logProbs, entropy }: Advance, count: number) => ({
  tokens: Array.from(responseTokens.subarray(0, count)),
  logProbs: Array.from(logProbs.subarray(0, count)),
  entropy: Array.from(entropy.subarray(0, count)),
});

/** The pieces of a response. When the stream ends, or is left, the slot is free. */
export const responsePieces = (
  { advances, leave }: Drawing,
  tokenizer: Tokenizer,
  options: TextOptions,
): Stream.Stream<Piece, ApiError> =>
  Stream.suspend(() => {
    const text = responseText(tokenizer, options);
    const pieceOf = (advance: Advance): Piece => {
      const { responseTokens, finish } = advance;
      const length = finish === "stop" ? responseTokens.length - 1 : responseTokens.length;
      let written = "";
      for (let i = 0; i < length; i++) {
        const { text: more, stopped } = text.take(responseTokens[i]);
        written += more;
        if (stopped === undefined) continue;
        return { text: written, ...firstOf(advance, i + 1), ending: { finish: "stop", stopReason: stopped } };
      }
      const whole = firstOf(advance, responseTokens.length);
      if (finish === undefined) return { text: written, ...whole, ending: undefined };
      const { text: rest, stopped } = text.end();
      const ending: Ending = stopped !== undefined
        ? { finish: "stop", stopReason: stopped }
        : { finish, stopReason: finish === "stop" ? responseTokens[length] : null };
      return { text: written + rest, ...whole, ending };
    };
    return Stream.fromQueue(advances).pipe(
      Stream.map(pieceOf),
      Stream.takeUntil(({ ending }) => ending !== undefined),
      Stream.ensuring(Effect.sync(leave)),
    );
  });

/** All pieces as one. */
export const joined = (pieces: Iterable<Piece>): Piece => {
  const all = Array.from(pieces);
  return {
    text: all.map(({ text }) => text).join(""),
    tokens: all.flatMap(({ tokens }) => tokens),
    logProbs: all.flatMap(({ logProbs }) => logProbs),
    entropy: all.flatMap(({ entropy }) => entropy),
    ending: all.at(-1)?.ending,
  };
};
