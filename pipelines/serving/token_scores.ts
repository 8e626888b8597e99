/** Tokens with their texts, log-probs and alternatives, in the forms of the two APIs. */
import { Effect } from "effect";
import type { TokenLogProb } from "../learning/top_log_probs.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { ApiError } from "./api_error.ts";
import type { Engine } from "./engine.ts";

/** A token, its log-prob (null for the first of a prompt, which nothing predicts), and the most probable tokens at its position. */
export interface ScoredToken {
  readonly token: number;
  readonly logProb: number | null;
  readonly top: ReadonlyArray<TokenLogProb> | null;
}

/** Every token of a prompt with its log-prob and `top` alternatives. */
export const promptScores = Effect.fnUntraced(function* (
  engine: Engine,
  tokens: Int32Array,
  temperature: number,
  top: number,
): Effect.fn.Return<ReadonlyArray<ScoredToken>, ApiError> {
  const first: ScoredToken = { token: tokens[0], logProb: null, top: null };
  if (tokens.length === 1) return [first];
  const sequence = { promptTokens: tokens.subarray(0, 1), responseTokens: tokens.subarray(1) };
  const scores = yield* engine.score({ sequence, temperature, top });
  const rest = Array.from(sequence.responseTokens, (token, i): ScoredToken => ({
    token,
    logProb: scores.logProbs[i],
    top: scores.top[i],
  }));
  return [first, ...rest];
});

/** The tokens of a piece of a response, which follow `before`; alternatives cost another pass over all of it. */
export const responseScores = Effect.fnUntraced(function* (
  engine: Engine,
  before: ReadonlyArray<number>,
  { tokens, logProbs }: { readonly tokens: ReadonlyArray<number>; readonly logProbs: ReadonlyArray<number> },
  { temperature, top }: { readonly temperature: number; readonly top: number },
): Effect.fn.Return<ReadonlyArray<ScoredToken>, ApiError> {
  if (top === 0 || tokens.length === 0) {
    return tokens.map((token, i) => ({ token, logProb: logProbs[i], top: [] }));
  }
  const sequence = { promptTokens: Int32Array.from(before), responseTokens: Int32Array.from(tokens) };
  const scores = yield* engine.score({ sequence, temperature, top });
  return tokens.map((token, i) => ({ token, logProb: logProbs[i], top: scores.top[i] }));
});

const textOf = (tokenizer: Tokenizer, token: number): string => tokenizer.decode([token]);

/** The length of a text in characters, as Python counts them. */
export const lengthOf = (text: string): number => Array.from(text).length;

/** `logprobs` of a completion. The token itself is always among its alternatives. */
export const completionLogprobs = (tokenizer: Tokenizer, scored: ReadonlyArray<ScoredToken>, from = 0) => {
  const tokens = scored.map(({ token }) => textOf(tokenizer, token));
  let offset = from;
  const offsets = tokens.map((text) => {
    const at = offset;
    offset += lengthOf(text);
    return at;
  });
  return {
    tokens,
    token_logprobs: scored.map(({ logProb }) => logProb),
    top_logprobs: scored.map(({ token, logProb, top }) =>
      logProb === null || top === null ? null : Object.fromEntries([
        // Of two tokens with one text the more probable counts.
        ...top.toReversed().map((one) => [textOf(tokenizer, one.token), one.logProb] as const),
        ...(top.some((one) => textOf(tokenizer, one.token) === textOf(tokenizer, token))
          ? []
          : [[textOf(tokenizer, token), logProb] as const]),
      ])
    ),
    text_offset: offsets,
  };
};

/** The bytes of a token's text; null for a part of a character, whose text is not its bytes. */
const bytesOf = (text: string): ReadonlyArray<number> | null =>
  text.includes("\ufffd") ? null : Array.from(new TextEncoder().encode(text));

const chatToken = (tokenizer: Tokenizer, token: number, logProb: number | null) => {
  const text = textOf(tokenizer, token);
  return { token: text, logprob: logProb, bytes: bytesOf(text) };
};

/** `logprobs` of a chat message. */
export const chatLogprobs = (tokenizer: Tokenizer, scored: ReadonlyArray<ScoredToken>) => ({
  content: scored.map(({ token, logProb, top }) => ({
    ...chatToken(tokenizer, token, logProb),
    top_logprobs: (top ?? []).map((one) => chatToken(tokenizer, one.token, one.logProb)),
  })),
});

/** `prompt_logprobs`, as vLLM: for each token of the prompt the alternatives and the token itself, by id; null for the first. */
export const promptLogprobs = (tokenizer: Tokenizer, scored: ReadonlyArray<ScoredToken>) =>
  scored.map(({ token, logProb, top }) => {
    if (logProb === null || top === null) return null;
    const entry = (id: number, logprob: number, rank?: number) =>
      [id, { logprob, ...(rank !== undefined && { rank }), decoded_token: textOf(tokenizer, id) }] as const;
    return Object.fromEntries([entry(token, logProb), ...top.map((one, i) => entry(one.token, one.logProb, i + 1))]);
  });
