/** The token ids of a model's vocabulary that its tokenizer knows (`padded_vocabulary.ts`). */
import * as Effect from "effect/Effect";
import { join } from "node:path";
import { isObject } from "../files/json.ts";
import type { PaddedVocabulary } from "../settings/padded_vocabulary.ts";
import type { ModelConfig } from "./model_config.ts";
import { hasFile, readJson, TokenizerError } from "./tokenizer.ts";

/**
 * The number of ids that a directory's tokenizer knows, if fewer than the model's `vocabSize`; undefined if it knows all or the directory
 * has no tokenizer. A gap in the ids is an error, since the head can end early but cannot skip rows.
 */
export const knownTokens = Effect.fn("Model.knownTokens")(function* (
  dir: string,
  vocabSize: number,
): Effect.fn.Return<number | undefined, TokenizerError> {
  const file = join(dir, "tokenizer.json");
  if (!(yield* hasFile(file))) return undefined;
  const { model, added_tokens: added } = yield* readJson(file);
  const { vocab: tokens } = isObject(model) ? model : {};
  // A list holds tokens with their scores, in the order of their ids.
  const vocab = Array.isArray(tokens) ? tokens.map((_, id) => id) : isObject(tokens) ? Object.values(tokens) : [];
  const ids = [...vocab, ...(Array.isArray(added) ? added.map((token) => isObject(token) ? token.id : undefined) : [])];
  const known = new Set(
    ids.filter((id) => Number.isInteger(id) && Number(id) >= 0 && Number(id) < vocabSize).map(Number),
  );
  const size = known.values().reduce((most, id) => Math.max(most, id), -1) + 1;
  if (size === 0) return yield* new TokenizerError({ file, expected: "tokens", found: "none" });
  if (known.size < size) {
    const hole = Array.from({ length: size }, (_, id) => id).find((id) => !known.has(id));
    const expected = `a token for every id below ${size} (else --padded-vocabulary keep)`;
    return yield* new TokenizerError({ file, expected, found: `none for ${hole}` });
  }
  return size < vocabSize ? size : undefined;
});

/**
 * A directory's configuration with its number of known ids, if fewer than all. `keep` keeps every row. `most` is the policy's count, an
 * upper bound for its reference.
 */
export const withKnownTokens = Effect.fnUntraced(function* (
  dir: string,
  config: ModelConfig,
  asked: PaddedVocabulary | undefined,
  most: number = config.vocabSize,
): Effect.fn.Return<ModelConfig, TokenizerError> {
  if (asked === "keep") return config;
  const known = Math.min(most, (yield* knownTokens(dir, config.vocabSize)) ?? config.vocabSize);
  return known < config.vocabSize ? { ...config, knownTokens: known } : config;
});
