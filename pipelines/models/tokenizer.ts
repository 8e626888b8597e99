/**
 * Text to tokens and back by the model's `tokenizer.json`; a prompt without tokens is an error. Nothing is added: a special token is
 * encoded only if its text occurs, because prompt templates write special tokens out. Decoding keeps special tokens by default and never
 * changes spaces: a response is graded as sampled. Differences between the library and the native one are patched or refused
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

/** A tokenizer's file is missing or malformed, or lacks a required token. */
export class TokenizerError extends Schema.TaggedError<TokenizerError>()("TokenizerError", {
  file: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    return `Cannot use tokenizer "${this.file}": expected ${oneLine(this.expected)}, found ${oneLine(this.found)}`;
  }
}

/** A tokenizer; token ids are below `size`, `file` is its source. */
export interface Tokenizer {
  readonly file: string;
  readonly size: number;
  /** The tokens of a text; a character outside the vocabulary has none. */
  readonly encode: (text: string) => Int32Array<ArrayBuffer>;
  /** The text of tokens, "" for none; an unknown id has no text. */
  readonly decode: (tokens: Iterable<number>, options?: { readonly skipSpecial?: boolean }) => string;
  /** The id of a token by its content, including special tokens. */
  readonly tokenId: (content: string) => number | undefined;
  /** The first word of a text that would become the unknown token, or that a word vocabulary lacks. */
  readonly missingWord: (text: string) => string | undefined;
}

/** Whether one of a tokenizer's files exists. */
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

// Optional parts of the file.
const defaults: Json = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

const make = (file: string, json: Json, config: Json): Tokenizer => {
  const { unk_token: unknown, type } = isObject(json.model) ? json.model : {};
  // The rest of `tokenizer_config.json` is for other tokenizer types, and the native library reads none of it.
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
  // Only these tokenizers can lack words; all others spell out unknown text.
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

/** The tokens of a text; fails on a word without a token. `whose` names the text in the error. */
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

/** Reads a JSON file of a tokenizer. */
export const readJson = Effect.fnUntraced(function* (path: string): Effect.fn.Return<Json, TokenizerError> {
  const text = yield* readCheckpointText(path).pipe(
    Effect.mapError(({ expected, found }) => new TokenizerError({ file: path, expected, found })),
  );
  const parsed = parseObject(path, text);
  if (parsed.ok) return parsed.object;
  return yield* new TokenizerError({ file: path, expected: "a JSON object", found: parsed.fault.value });
});
