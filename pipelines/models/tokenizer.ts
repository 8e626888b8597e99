/**
 * Text to tokens and back, as the model's own `tokenizer.json` has it; a prompt that it has no tokens for is an error. Nothing is added: a special token is encoded only
 * where its text stands, because prompt templates write theirs out. Decoding keeps special tokens unless told otherwise,
 * and never tidies spaces: a response is graded as it was sampled. What the library does otherwise than the native one is mended or refused
 * (`tokenizer_features.ts`).
 */
import * as Schema from "@effect/schema";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import * as Effect from "effect/Effect";
import { join } from "node:path";
import { readCheckpointText } from "../files/checkpoint_directory.ts";
import { isObject, type Json, parseObject } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import { attempt } from "../files/safetensors.ts";
import { isThere, reasonOf } from "../files/text_file.ts";
import { mendDecoders } from "./tokenizer_decoders.ts";
import { checkFeatures } from "./tokenizer_features.ts";

/** A tokenizer's file that is missing or malformed, or lacks a token that is needed. */
export class TokenizerError extends Schema.TaggedError<TokenizerError>()("TokenizerError", {
  file: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `Cannot use tokenizer "${this.file}": expected ${oneLine(this.expected)}, found ${oneLine(this.found)}`;
  }
}

/** A tokenizer; token ids are below `size`, `file` is where it was read. */
export interface Tokenizer {
  readonly file: string;
  readonly size: number;
  /** The tokens of a text; a character that the vocabulary cannot write has none. */
  readonly encode: (text: string) => Int32Array<ArrayBuffer>;
  /** The text of tokens, "" for none; an id that is no token's has no text. */
  readonly decode: (tokens: Iterable<number>, options?: { readonly skipSpecial?: boolean }) => string;
  /** The id of one token by its content, special ones included. */
  readonly tokenId: (content: string) => number | undefined;
  /** The first word of a text that only the unknown token could stand for, or that a vocabulary of words lacks. */
  readonly missingWord: (text: string) => string | undefined;
}

/** Whether one of a tokenizer's files is there. */
export const hasFile = (file: string): Effect.Effect<boolean, TokenizerError> =>
  Effect.mapError(
    attempt("read", file, () => isThere(file)),
    ({ expected, found }) => new TokenizerError({ file, expected, found }),
  );

/** Opens the tokenizer of a Hugging Face directory. */
export const openTokenizer = Effect.fn("Tokenizer.open")(
  function* (dir: string): Effect.fn.Return<Tokenizer, TokenizerError> {
    const path = join(dir, "tokenizer.json");
    const configPath = join(dir, "tokenizer_config.json");
    const json = yield* readJson(path);
    const config = (yield* hasFile(configPath)) ? yield* readJson(configPath) : {};
    const features = checkFeatures({ ...defaults, ...json });
    if (!features.ok) {
      const { field, value } = features.fault;
      const found = value.length > 120 ? `${value.slice(0, 117)}...` : value;
      const expected = `"${field}" to be what the library reads as the native one does`;
      return yield* new TokenizerError({ file: path, expected, found });
    }
    const tokenizer = yield* Effect.try({
      try: () => make(path, features.json, config),
      catch: (cause) =>
        new TokenizerError({ file: path, expected: "a tokenizer that can be built", found: reasonOf(cause) }),
    });
    return tokenizer;
  },
);

// The parts that a file may leave out.
const defaults: Json = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

const make = (file: string, json: Json, config: Json): Tokenizer => {
  const { unk_token: unknown, type } = isObject(json.model) ? json.model : {};
  // The rest of `tokenizer_config.json` is for other kinds of tokenizers, and the native library reads none of it.
  const { additional_special_tokens } = config;
  const inner = new HuggingFaceTokenizer(json, { additional_special_tokens, unk_token: unknown });
  mendDecoders(inner, json);
  const vocabulary = inner.get_vocab(true);
  const size = [...vocabulary.values()].reduce((largest, id) => Math.max(largest, id), -1) + 1;
  const encode = (text: string): Int32Array<ArrayBuffer> => {
    if (text === "") return new Int32Array(0);
    const { ids } = inner.encode(text, { add_special_tokens: false });
    return Int32Array.from(ids.filter((id) => typeof id === "number"));
  };
  const unknownId = typeof unknown === "string" ? vocabulary.get(unknown) : undefined;
  const isMissing = (word: string): boolean => {
    const ids = encode(word);
    if (unknownId !== undefined && !word.includes(String(unknown)) && ids.includes(unknownId)) return true;
    return type === "WordLevel" && ids.length === 0;
  };
  // Only these tokenizers have words to miss; all others spell out what they do not know.
  const mayMiss = (text: string) =>
    type === "WordLevel" || (unknownId !== undefined && encode(text).includes(unknownId));
  return {
    file,
    size,
    encode,
    missingWord: (text) =>
      mayMiss(text) ? text.split(/\p{White_Space}+/u).find((word) => word !== "" && isMissing(word)) : undefined,
    decode: (tokens, options) => {
      const known = Array.from(tokens).filter((token) => inner.id_to_token(token) !== undefined);
      if (known.length === 0) return "";
      return inner.decode(known, {
        skip_special_tokens: options?.skipSpecial ?? false,
        clean_up_tokenization_spaces: false,
      });
    },
    tokenId: (content) => vocabulary.get(content),
  };
};

/** The tokens of a text; a word that the tokenizer has no token for is an error that says `whose` it is. */
export const encodeAll = (
  tokenizer: Tokenizer,
  text: string,
  whose: string,
): Effect.Effect<Int32Array<ArrayBuffer>, TokenizerError> => {
  const word = tokenizer.missingWord(text);
  if (word === undefined) return Effect.succeed(tokenizer.encode(text));
  const { file, size } = tokenizer;
  const found = `none in ${size} tokens`;
  return Effect.fail(new TokenizerError({ file, expected: `a token for "${word}" (${whose})`, found }));
};

/** A JSON file of a tokenizer. */
export const readJson = Effect.fnUntraced(function* (path: string): Effect.fn.Return<Json, TokenizerError> {
  const text = yield* readCheckpointText(path).pipe(
    Effect.mapError(({ expected, found }) => new TokenizerError({ file: path, expected, found })),
  );
  const parsed = parseObject(path, text);
  if (parsed.ok) return parsed.object;
  return yield* new TokenizerError({ file: path, expected: "a JSON object", found: parsed.fault.value });
});
